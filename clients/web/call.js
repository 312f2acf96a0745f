/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One call as this device has it. Statuses and reasons are the words of the calling model; what is
 * over stays over. `now` is a monotonic clock in milliseconds.
 */

export const FINISHED_SHOWN_MS = 6000;

export class Call {
        /* From the hub's words (PROTOCOL.md, "Values"). */
        constructor(said, now) {
                this.id = said.session_id;
                this.direction = said.direction;
                this.receiverType = said.receiver_type;
                this.initiator = said.initiator;
                this.status = said.status;
                this.reason = said.reason ?? "";
                this.asked = ""; /* what a person decided here, until the hub has confirmed it */
                this.silent = false; /* rings without sound here */
                this.quiet = false; /* shows, and disturbs nobody */
                this.alertingSaid = false;
                this.sentence = ""; /* in place of what status and reason would say */
                this.members = [];
                this.joinToken = "";
                this.duration = 0;
                this.answeredAt = 0;
                this.finishedAt = 0;
                this.update(said, now);
        }

        static placed(id, receiver, receiverType, callType, user, now) {
                const call = new Call({
                        session_id: id,
                        direction: "outgoing",
                        call_type: callType,
                        receiver_type: receiverType,
                        initiator: user ?? { uid: "" },
                        receiver,
                        status: "initiated",
                }, now);

                call.isConfirmed = false;
                return call;
        }

        /* What may change as long as it lives. */
        update(said, now) {
                this.callType = said.call_type;
                this.receiver = said.receiver;
                this.ringingSince = said.ringing_since ?? this.ringingSince ?? 0;
                this.joinToken = said.join_token ?? this.joinToken;
                this.isConfirmed = true;
                this.ringUntil = said.remaining_ms ? now + said.remaining_ms : 0;
        }

        get isLive() {
                return this.status === "initiated" || this.status === "ongoing";
        }

        get isOngoing() {
                return this.status === "ongoing";
        }

        /* Somebody calls, and nobody has decided yet. */
        get rings() {
                return this.direction === "incoming" && this.status === "initiated" && !this.asked;
        }

        get isGroup() {
                return this.receiverType === "group";
        }

        /* Whom this call is with: a person, or a group. */
        get peer() {
                const isReceiver = this.isGroup || this.direction === "outgoing";

                return isReceiver ? this.receiver : this.initiator;
        }

        get peerName() {
                return this.peer.name || this.peer.uid;
        }

        get callerName() {
                return this.initiator.name || this.initiator.uid;
        }

        /* `hubNow`: the hub's date, in milliseconds. */
        answer(said, now, hubNow) {
                this.update(said, now);
                this.status = "ongoing";
                this.reason = "";
                this.ringUntil = 0;
                this.answeredAt = now - Math.max(0, hubNow - said.answered_at / 1000);
        }

        finish(status, reason, duration, now) {
                this.status = status;
                this.reason = reason ?? "";
                this.duration = duration ?? 0;
                this.finishedAt = now;
        }
}
