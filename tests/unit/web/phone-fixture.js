/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A phone that is online, its actions, and a hub whose messages the test chooses. */

import assert from "node:assert/strict";

import { Phone } from "../../../clients/web/phone.js";

export const ALICE = { uid: "alice", name: "Alice", device: "page" };
export const BOB = { uid: "bob", name: "Bob", device: "desk" };

/* When the page was loaded. */
export const DATE = 1800000000000;

export class Fixture {
        /*
         * `welcome`: what the hub's first one has beside the usual; null: there is none yet.
         * `stored`: by the page before it was reloaded.
         */
        constructor(welcome = {}, stored = null) {
                let n = 0;

                this.now = 1000;
                this.date = DATE;
                this.phone = new Phone(() => `made-${++n}`, stored);
                this.phone.connectionChanged("online", "");
                if (welcome)
                        this.welcome(welcome);
                this.requests();
        }

        welcome(more = {}) {
                this.phone.welcome({
                        user: ALICE, link: "l", resumed: false, date: 2000000, when_busy: "reject",
                        history_complete: true, ...more,
                }, this.now, this.date);
        }

        event(event, more = {}) {
                this.phone.event({ event, ...more }, this.now);
        }

        /* The actions since the last call, without those for the hub. */
        actions() {
                this.taken = this.phone.takeActions();
                return this.taken.filter(({ type }) => type !== "request");
        }

        requests() {
                this.taken = this.phone.takeActions();
                this.asked = this.taken.filter(({ type }) => type === "request")
                        .map(({ request }) => request);
                return this.asked;
        }

        /* Expects exactly these ops since the last call; returns the requests. */
        expectAsked(...ops) {
                const asked = this.requests();

                assert.deepEqual(asked.map(({ op }) => op), ops);
                return asked;
        }

        get media() {
                return this.taken.filter(({ type }) => type.startsWith("media-"))
                        .map(({ type }) => type.slice("media-".length));
        }

        reply(request, ok) {
                this.phone.reply(request, ok, null, this.now);
        }

        refuse(request, name) {
                this.phone.reply(request, null, { name, message: "no" }, this.now);
        }

        call(id) {
                return this.phone.calls.get(id);
        }

        /* Bob calls, and it rings here. */
        ring(id = "in-1", more = {}) {
                this.event("incoming", snapshot(id, "incoming", more));
                return this.call(id);
        }

        /* A group's call that was answered here and whose media have been joined. */
        talkInGroup() {
                const group = { receiver_type: "group", receiver: { uid: "team" } };
                const call = this.ring("in-1", group);

                this.requests();
                this.phone.accept(call.id, false);
                this.reply(this.expectAsked("accept")[0], ongoing(call.id, "incoming", group));
                this.reply(this.expectAsked("join")[0], { participant: "p-1" });
                this.requests();
                return call;
        }

        /* Somebody joins: returns what media.js is told of them; undefined: nothing. */
        joined(id, more) {
                this.event("joined", { session_id: this.phone.session.call.id,
                                       participant: { id, ...more } });
                return this.actions().find(({ type }) => type === "media-joined")?.participant;
        }

        left(id) {
                this.event("left", { session_id: this.phone.session.call.id, participant: { id } });
                this.actions();
        }

        /* A call to Bob that he has answered and whose media have been joined. */
        talk() {
                const call = this.phone.place(BOB, "user", "audio", this.now);
                const [initiate] = this.expectAsked("initiate");

                this.reply(initiate, snapshot(call.id, "outgoing", { here: true }));
                this.event("accepted", ongoing(call.id, "outgoing"));
                const [join] = this.expectAsked("join");
                this.reply(join, { participant: "p-1", others: [{ id: "p-2", ...BOB }] });
                this.requests();
                return call;
        }
}

/* A call as the hub describes it. */
export function snapshot(id, direction, more = {}) {
        const [initiator, receiver] = direction === "incoming" ? [BOB, ALICE] : [ALICE, BOB];

        return {
                session_id: id, direction, call_type: "audio", receiver_type: "user",
                initiator, receiver, status: "initiated", initiated_at: 1000000,
                remaining_ms: 45000, ...more,
        };
}

export function ongoing(id, direction, more = {}) {
        return snapshot(id, direction, {
                status: "ongoing", remaining_ms: 0, here: true, answered_at: 1500000,
                join_token: "token", ...more,
        });
}
