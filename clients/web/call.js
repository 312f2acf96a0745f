/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One call as this device sees it. Statuses and reasons are those of the call model; a call that is
 * over stays over. `now` is a monotonic clock in milliseconds.
 */

import { Consent } from "./consent.js";
import { nameOf } from "./words.js";

export const FINISHED_SHOWN_MS = 6000;
/* Exchanges of verification codes in one call, as tringd: daemon/phone/handshake.h. */
export const HANDSHAKES_MAX = 3; /* in a call between two, and with each user of a group */
const HANDSHAKE_USERS_MAX = 32; /* of a group */

export class Call {
        /*
         * `snapshot`: a call as the hub describes it (PROTOCOL.md, "Values"). `consent`: what the
         * person here has agreed to.
         */
        constructor(snapshot, now, consent = new Consent()) {
                this.consent = consent;
                this.id = snapshot.session_id;
                this.direction = snapshot.direction;
                this.receiverType = snapshot.receiver_type;
                this.initiator = snapshot.initiator;
                this.status = snapshot.status;
                this.reason = snapshot.reason ?? "";
                this.decision = ""; /* accept, reject, cancel or end, until the hub confirms */
                this.silent = false; /* rings without sound here */
                this.quiet = false; /* is shown without disturbing anybody */
                this.alertingReported = false;
                this.sentence = ""; /* shown instead of the text for status and reason */
                this.members = [];
                this.handshakes = new Map(); /* how many there were, by uid */
                this.joinToken = "";
                this.duration = 0;
                this.answeredAt = 0;
                this.finishedAt = 0;
                this.update(snapshot, now);
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
                }, now, Consent.given(callType === "video"));

                call.isConfirmed = false;
                return call;
        }

        /* Takes what may change while the call is live. */
        update(snapshot, now) {
                this.callType = snapshot.call_type;
                /* Nobody takes the place of who was called. */
                if (!this.receiver || this.receiver.uid === snapshot.receiver.uid)
                        this.receiver = snapshot.receiver;
                this.ringingSince = snapshot.ringing_since ?? this.ringingSince ?? 0;
                this.joinToken = snapshot.join_token ?? this.joinToken;
                this.isConfirmed = true;
                this.ringUntil = snapshot.remaining_ms ? now + snapshot.remaining_ms : 0;
        }

        /*
         * Counts one more exchange of codes with a participant of that uid, and returns how many
         * there were; above HANDSHAKES_MAX: it may not be. The uid is the hub's word: in a call
         * between two it is the same person, whatever the uid.
         */
        countHandshake(uid) {
                const who = this.isGroup ? uid : "";
                const n = (this.handshakes.get(who) ?? 0) + 1;

                if (n === 1 && this.handshakes.size === HANDSHAKE_USERS_MAX)
                        return HANDSHAKES_MAX + 1;
                this.handshakes.set(who, n);
                return n;
        }

        get isLive() {
                return this.status === "initiated" || this.status === "ongoing";
        }

        get isOngoing() {
                return this.status === "ongoing";
        }

        /* An incoming call that has not been decided here. */
        get rings() {
                return this.direction === "incoming" && this.status === "initiated" &&
                       !this.decision;
        }

        get isGroup() {
                return this.receiverType === "group";
        }

        /* The other party of the call: a user, or a group. */
        get peer() {
                const isReceiver = this.isGroup || this.direction === "outgoing";

                return isReceiver ? this.receiver : this.initiator;
        }

        get peerName() {
                return nameOf(this.peer);
        }

        get callerName() {
                return nameOf(this.initiator);
        }

        /* `hubNow`: the hub's clock, in milliseconds. */
        answer(snapshot, now, hubNow) {
                this.update(snapshot, now);
                this.consent.limit(snapshot.call_type);
                this.status = "ongoing";
                this.reason = "";
                this.ringUntil = 0;
                this.answeredAt = now - Math.max(0, hubNow - snapshot.answered_at / 1000);
        }

        finish(status, reason, duration, now) {
                this.status = status;
                this.reason = reason ?? "";
                this.duration = duration ?? 0;
                this.finishedAt = now;
        }
}
