/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * This device's side of the call model: decisions of people, messages of the hub and time come in;
 * actions come out, in order, through takeActions(). Pure: no DOM, socket or clock. tringd has the
 * same in C (daemon/phone/phone.h).
 *
 *   {type: "request", request}         for the hub; its reply comes in through reply()
 *   {type: "notice", text}             a sentence to show to the person
 *   {type: "rings", call}              a call has begun to ring here
 *   {type: "missed", record}           a call was missed
 *   {type: "media-…", …}               for media.js
 */

import { Call, FINISHED_SHOWN_MS } from "./call.js";
import { Consent, freshConsents } from "./consent.js";
import { History } from "./history.js";
import { Session } from "./session.js";
import { errorSentence } from "./words.js";

const HISTORY_PAGE = 50;
const SESSION_IDS_MAX = 1000; /* of one request */
/* Rule 15: a ring that the hub has lost continues for so long, because the caller asks again. */
const LOST_RING_MS = 10000;
/* The hub's clock decides; a ring ends here only if the hub stays silent. */
const RING_LATE_MS = 2000;

/*
 * Whether the hub's reply to an initiate is about what was asked for. It may be a part in another
 * call (rules 10, 11), but of the same user or group, also if that call is `known` here.
 */
function isAsked(snapshot, { session_id: id, receiver, receiver_type: type }, known) {
        const isOutgoing = snapshot.direction === "outgoing";
        const peer = type === "group" || isOutgoing ? snapshot.receiver : snapshot.initiator;

        if (known && !(known.direction === snapshot.direction && known.receiverType === type &&
                       known.peer.uid === receiver))
                return false;
        return snapshot.receiver_type === type && peer.uid === receiver &&
               (snapshot.session_id !== id || isOutgoing);
}

export class Phone {
        /* `stored`: stored() of this page before it was reloaded. */
        constructor(makeId, stored = null) {
                this.makeId = makeId;
                this.actions = [];
                this.connection = "logged-out";
                this.connectionText = "";
                this.doNotDisturb = false;
                this.#reset();
                this.restored = stored;
        }

        #reset() {
                this.user = null;
                this.whenBusy = "reject";
                this.whoMayRing = ""; /* as the hub says; "": it does not know that */
                this.groups = [];
                this.blocked = [];
                this.hubAhead = 0; /* hub clock minus ours, in ms */
                this.calls = new Map(); /* by session id, oldest first */
                this.history = new History();
                this.session = new Session(this);
                this.restored = null; /* what was stored before, until the first welcome */
        }

        takeActions() {
                const actions = this.actions;

                this.actions = [];
                return actions;
        }

        act(action) {
                this.actions.push(action);
        }

        ask(op, members) {
                this.act({ type: "request", request: { op, members } });
        }

        notice(text) {
                this.act({ type: "notice", text });
        }

        /* ---- state for the views ---- */

        get live() {
                return [...this.calls.values()].filter((call) => call.isLive);
        }

        get ringing() {
                return this.live.filter((call) => call.rings && !call.quiet);
        }

        /*
         * The call to show large: an ongoing one, else the one being placed, else one that has
         * ended.
         */
        get shown() {
                const newestFirst = [...this.calls.values()].reverse();
                const mine = newestFirst.filter((call) => !call.rings);

                return mine.find((call) => call.isOngoing) ?? mine.find((call) => call.isLive) ??
                       mine.find((call) => !call.quiet) ?? null;
        }

        /*
         * What is to be stored for the page after a reload: consents by session id, and their date.
         * What was stored before stays as old as it is for as long as the hub has not welcomed us.
         */
        stored(date) {
                const consents = this.live.map(({ id, consent }) => [id, consent]);

                return this.restored ?? { date, consents: Object.fromEntries(consents) };
        }

        get isInCall() {
                return this.live.some((call) => call.isOngoing || call.direction === "outgoing");
        }

        /* The tone to play: ring, waiting (a call during another call), ring-back, none. */
        get tone() {
                if (this.ringing.some((call) => !call.silent))
                        return this.isInCall ? "waiting" : "ring";
                const isCalling = this.live.some((call) => call.direction === "outgoing" &&
                                                           call.status === "initiated" &&
                                                           call.ringingSince && !call.decision);
                return isCalling ? "ring-back" : "none";
        }

        /* ---- decisions of people ---- */

        place(receiver, receiverType, callType, now) {
                const call = Call.placed(this.makeId(), receiver, receiverType, callType, this.user,
                                         now);

                this.calls.set(call.id, call);
                this.ask("initiate", {
                        session_id: call.id,
                        receiver: receiver.uid,
                        receiver_type: receiverType,
                        call_type: callType,
                        join: true,
                });
                return call;
        }

        accept(id, withVideo) {
                const call = this.calls.get(id);

                if (!call?.rings)
                        return;
                call.decision = "accept";
                call.consent = Consent.given(call.callType === "video" && withVideo);
                this.ask("accept", {
                        session_id: id,
                        join: true,
                        ...(this.isInCall && { end_others: true }),
                        ...(call.callType === "video" && !withVideo && { as_audio: true }),
                });
        }

        reject(id) {
                const call = this.calls.get(id);

                if (!call?.rings)
                        return;
                call.decision = "reject";
                this.ask("reject", { session_id: id, status: "rejected" });
        }

        silence(id) {
                const call = this.calls.get(id);

                if (call?.rings)
                        call.silent = true;
        }

        /*
         * Cancels a call that was not answered. After hanging up, the person is not heard any more.
         */
        hangUp(id) {
                const call = this.calls.get(id);

                if (!call?.isLive || call.rings || ["end", "cancel"].includes(call.decision))
                        return;
                call.decision = call.isOngoing ? "end" : "cancel";
                call.consent.withdraw();
                if (this.session.isOf(call))
                        this.session.close();
                this.ask(call.decision, { session_id: id });
        }

        dismiss(id) {
                if (this.calls.has(id) && !this.calls.get(id).isLive)
                        this.calls.delete(id);
        }

        /* Joins the media again after they failed or were left. */
        rejoin(id) {
                const call = this.calls.get(id);

                if (!call?.isOngoing || this.session.isOpen)
                        return;
                call.consent.joinAgain();
                this.session.begin(call, "");
        }

        setDoNotDisturb(on) {
                this.doNotDisturb = on;
                if (on)
                        for (const call of this.ringing)
                                call.silent = call.quiet = true;
        }

        setWhenBusy(whenBusy) {
                this.whenBusy = whenBusy;
                this.ask("settings", { when_busy: whenBusy });
        }

        /* It protects, so it holds here once it holds at the hub. */
        setWhoMayRing(who) {
                this.ask("who_may_ring", { who });
        }

        /* Marks what the person has seen here: by id, since the hub may have more by now. */
        markSeen() {
                const ids = this.history.unseen.map((record) => record.session_id);

                this.history.markSeen();
                for (let i = 0; i < ids.length; i += SESSION_IDS_MAX)
                        this.ask("seen", { session_ids: ids.slice(i, i + SESSION_IDS_MAX) });
        }

        moreHistory() {
                if (this.history.cursor)
                        this.ask("history", { limit: HISTORY_PAGE, cursor: this.history.cursor });
        }

        logout() {
                this.session.close();
                this.ask("logout", {});
        }

        /* The person was really alerted: by sound, a visible page, or a notification. */
        alerted(id) {
                const call = this.calls.get(id);

                if (!call?.rings || call.alertingReported)
                        return;
                call.alertingReported = true;
                this.ask("alerting", { session_id: id });
        }

        /* ---- the connection to the hub ---- */

        connectionChanged(connection, text) {
                this.connection = connection;
                this.connectionText = text;
                if (connection === "logged-out" || connection === "refused") {
                        this.session.close();
                        this.#reset();
                }
        }

        /* `date`: by the clock of the day, in milliseconds. */
        welcome(welcome, now, date) {
                const consents = freshConsents(this.restored, date);

                this.restored = null;
                this.user = welcome.user;
                this.whenBusy = welcome.when_busy;
                this.whoMayRing = welcome.who_may_ring ?? "";
                this.groups = welcome.groups ?? [];
                this.blocked = welcome.blocked ?? [];
                /* An older hub has no clock there: its date is one. */
                this.hubAhead = (welcome.clock ?? welcome.date) / 1000 - now;
                if (welcome.resumed)
                        return;
                /* The newest page: the history in a welcome begins with the oldest records. */
                this.ask("history", { limit: HISTORY_PAGE });
                for (const snapshot of welcome.calls ?? [])
                        this.#welcomeCall(snapshot, consents, now);
                for (const call of this.live)
                        if (!welcome.calls?.some(({ session_id: id }) => id === call.id))
                                this.#welcomeWithout(call, now);
        }

        #welcomeCall(snapshot, consents, now) {
                const id = snapshot.session_id;
                const call = this.calls.get(id) ??
                             new Call(snapshot, now, new Consent(consents[id]));

                if (!snapshot.here && snapshot.status === "ongoing") {
                        /* Another device of this user has the call; here it can only have rung. */
                        if (this.calls.has(call.id))
                                this.#finish(call, "cancelled", "answered-elsewhere", 0, now);
                        return;
                }
                this.calls.set(call.id, call);
                call.update(snapshot, now);
                if (snapshot.status !== "ongoing" || !call.isLive)
                        return;
                if (!call.isOngoing || !this.session.isOf(call) || !this.session.isOpen)
                        this.#answered(call, snapshot, now);
                else if (this.session.agrees(snapshot))
                        this.session.reportAgain();
                else
                        this.session.begin(call, snapshot.join_token ?? "");
        }

        /* A call that the hub does not have. */
        #welcomeWithout(call, now) {
                if (call.rings) {
                        call.isConfirmed = false;
                        call.ringUntil = Math.min(call.ringUntil, now + LOST_RING_MS);
                } else if (call.isConfirmed) {
                        this.#finish(call, call.isOngoing ? "ended" : "cancelled",
                                     "connection-lost", 0, now);
                }
        }

        /*
         * Whether a request without a reply should be sent again on a connection that was not
         * resumed.
         */
        isWanted({ op, members }) {
                const call = this.calls.get(members.session_id);

                switch (op) {
                case "history":
                        return Boolean(members.cursor);
                case "signal":
                case "state":
                case "join":
                case "token":
                case "relays":
                        /* The media have been started again, or stopped. */
                        return false;
                case "initiate":
                case "accept":
                case "reject":
                case "delivered":
                case "alerting":
                        return Boolean(call?.isLive);
                default:
                        return true;
                }
        }

        /* ---- replies ---- */

        reply(request, ok, error, now) {
                const { op, members } = request;
                const call = this.calls.get(members.session_id);

                switch (op) {
                case "initiate":
                        this.#replyInitiate(call, members, ok, error, now);
                        break;
                case "accept":
                        this.#replyAccept(call, members, ok, error, now);
                        break;
                case "reject":
                case "cancel":
                case "end":
                        if (error && call)
                                this.#decisionRefused(op, call, error, now);
                        break;
                case "token":
                        this.session.takeToken(call, ok, error);
                        break;
                case "join":
                        this.session.takeJoin(call, ok, error, request, now);
                        break;
                case "relays":
                        this.session.takeRelays(call, ok, now);
                        break;
                case "history":
                        if (ok)
                                this.history.takePage(ok.records, ok.next, !members.cursor);
                        break;
                case "who_may_ring":
                        if (error)
                                this.notice(errorSentence(error));
                        else
                                this.whoMayRing = members.who;
                        break;
                case "settings":
                case "seen":
                        if (error)
                                this.notice(errorSentence(error));
                        break;
                }
        }

        #replyInitiate(call, members, ok, error, now) {
                if (!error && !isAsked(ok, members, this.calls.get(ok.session_id)))
                        error = { name: "NotSupported",
                                  message: "the hub connects this call with somebody else" };
                if (error) {
                        if (!call)
                                return;
                        call.sentence = errorSentence(error, call.peerName);
                        this.#finish(call, "cancelled", "failed", 0, now);
                        return;
                }
                let mine = call;
                if (ok.session_id !== call?.id) {
                        /* Glare, or a group whose call is live: the reply is about another call. */
                        this.calls.delete(call?.id);
                        mine = this.calls.get(ok.session_id);
                        /* A member that left a group's call returns to it as to a new call. */
                        if (!mine?.isLive) {
                                this.calls.delete(ok.session_id);
                                mine = new Call(ok, now);
                        }
                        if (call && !mine.answeredAt)
                                mine.consent = call.consent;
                        this.calls.set(mine.id, mine);
                        mine.decision = call?.decision === "cancel" ? "cancel" : "";
                }
                if (!mine.isLive)
                        return;
                if (ok.status === "ongoing")
                        this.#answered(mine, ok, now);
                else
                        mine.update(ok, now);
        }

        #replyAccept(call, members, ok, error, now) {
                if (error) {
                        if (call?.isLive) {
                                call.decision = "";
                                call.consent = new Consent();
                        }
                        this.notice(errorSentence(error, call?.peerName));
                        return;
                }
                if (call?.isLive)
                        this.#answered(call, ok, now);
                else
                        /* The person hung up meanwhile, so there is nobody to talk. */
                        this.ask("end", { session_id: members.session_id });
        }

        #decisionRefused(op, call, error, now) {
                if (!call.isLive)
                        return;
                if (op === "cancel" && error.name === "CallOngoing") {
                        /* The answer came first (rule 6). */
                        call.decision = "end";
                        this.ask("end", { session_id: call.id });
                } else if (error.name === "NoSuchCall" || error.name === "CallTerminated") {
                        this.#finish(call, call.isOngoing ? "ended" : "cancelled", "", 0, now);
                } else {
                        call.decision = "";
                        this.notice(errorSentence(error, call.peerName));
                }
        }

        /* ---- events ---- */

        event(event, now) {
                switch (event.event) {
                case "incoming":
                        this.#takeIncoming(event, now);
                        break;
                case "ringing":
                        if (this.calls.has(event.session_id))
                                this.calls.get(event.session_id).ringingSince = event.ringing_since;
                        break;
                case "accepted":
                        this.#takeAccepted(event, now);
                        break;
                case "over":
                        this.#takeOver(event, now);
                        break;
                case "members":
                        this.#takeMembers(event);
                        break;
                case "joined":
                case "left":
                case "participant":
                case "signalled":
                        this.session.takeEvent(event);
                        break;
                case "logged":
                        if (this.history.put(event) && event.status === "missed" && !event.seen)
                                this.act({ type: "missed", record: event });
                        break;
                case "forgotten":
                        this.history.forget(event.session_ids, event.until);
                        break;
                case "groups":
                        this.groups = event.groups ?? [];
                        break;
                case "blocked":
                        this.blocked = this.blocked.filter((uid) => uid !== event.uid);
                        if (event.on)
                                this.blocked.push(event.uid);
                        break;
                case "changed":
                        this.whenBusy = event.when_busy ?? this.whenBusy;
                        this.whoMayRing = event.who_may_ring ?? this.whoMayRing;
                        if (event.name && this.user)
                                this.user = { ...this.user, name: event.name };
                        break;
                }
        }

        #takeIncoming(snapshot, now) {
                if (this.history.isAnothers(snapshot))
                        return;
                const known = this.calls.get(snapshot.session_id);
                const isNew = !known?.isLive;
                const call = isNew ? new Call(snapshot, now) : known;

                if (isNew) {
                        /* Move it to the end if it has been here before. */
                        this.calls.delete(call.id);
                        this.calls.set(call.id, call);
                        call.quiet = call.silent = this.doNotDisturb;
                } else {
                        call.update(snapshot, now);
                }
                this.ask("delivered", { session_id: call.id, ...(call.quiet && { quiet: true }) });
                if (isNew && !call.quiet)
                        this.act({ type: "rings", call });
        }

        #takeAccepted(snapshot, now) {
                const call = this.calls.get(snapshot.session_id);

                if (call?.isLive)
                        this.#answered(call, snapshot, now);
        }

        #answered(call, snapshot, now) {
                const hungUp = call.decision === "cancel" || call.decision === "end";

                if (!call.answeredAt)
                        call.answer(snapshot, now, now + this.hubAhead);
                if (!hungUp)
                        call.decision = "";
                if (hungUp)
                        this.ask("end", { session_id: call.id });
                else if (call.consent.join && !(this.session.isOf(call) && this.session.isOpen))
                        this.session.begin(call, snapshot.join_token ?? "");
        }

        #takeOver(event, now) {
                const call = this.calls.get(event.session_id);

                if (call?.isLive)
                        this.#finish(call, event.status, event.reason, event.duration, now);
        }

        #takeMembers({ session_id: id, members }) {
                const call = this.calls.get(id);

                if (!call)
                        return;
                for (const member of members) {
                        const index = call.members.findIndex((one) => one.uid === member.uid);

                        if (index >= 0)
                                call.members[index] = { ...call.members[index], ...member };
                        else
                                call.members.push(member);
                }
        }

        #finish(call, status, reason, duration, now) {
                call.finish(status, reason, duration, now);
                if (this.session.isOf(call))
                        this.session.close();
        }

        /* ---- time ---- */

        /* When tick() must be called at the latest; Infinity: never. */
        get nextDeadline() {
                let next = this.session.relaysDue;

                for (const call of this.calls.values()) {
                        if (call.finishedAt)
                                next = Math.min(next, call.finishedAt + FINISHED_SHOWN_MS);
                        else if (call.ringUntil)
                                next = Math.min(next, call.ringUntil + RING_LATE_MS);
                }
                return next;
        }

        tick(now) {
                if (now >= this.session.relaysDue)
                        this.session.renewRelays();
                for (const call of [...this.calls.values()]) {
                        if (call.finishedAt && now >= call.finishedAt + FINISHED_SHOWN_MS)
                                this.calls.delete(call.id);
                        else if (call.isLive && call.ringUntil &&
                                 now >= call.ringUntil + RING_LATE_MS)
                                this.#ringIsOver(call, now);
                }
        }

        #ringIsOver(call, now) {
                if (call.direction === "outgoing")
                        this.#finish(call, "unanswered", "timeout", 0, now);
                else if (call.isConfirmed)
                        this.#finish(call, "missed", "timeout", 0, now);
                else
                        this.#finish(call, "cancelled", "caller-lost", 0, now);
        }
}
