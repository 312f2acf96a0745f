/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls after the page lost the hub for a while, or was reloaded. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { BOB, DATE, Fixture, ongoing, snapshot } from "./phone-fixture.js";

/* A page in a call that it has placed. */
function inCall() {
        const f = new Fixture();

        f.phone.makeId = () => "out-1";
        f.phone.place(BOB, "user", "audio", f.now);
        f.reply(f.expectAsked("initiate")[0], ongoing("out-1", "outgoing"));
        f.requests();
        return f;
}

test("a page that is reloaded is back in its call, and joins again", () => {
        const stored = JSON.parse(JSON.stringify(inCall().phone.stored(DATE)));
        const f = new Fixture({ calls: [ongoing("out-1", "outgoing")] }, stored);

        assert.deepEqual(f.asked.map(({ op }) => op), ["history", "join"]);
        assert.ok(f.phone.shown.isOngoing);
        /* By the hub's clock the call was answered half a second ago. */
        assert.equal(f.phone.shown.answeredAt, f.now - 500);
});

test("the hub's clock is not the number of its last change", () => {
        const f = new Fixture();
        const call = ongoing("out-1", "outgoing", { participant: "p-1" });

        f.welcome({ date: 2, clock: call.answered_at + 700000, calls: [call] });
        assert.equal(f.phone.shown.answeredAt, f.now - 700);
});

test("a call that is being placed continues to ring after a reload", () => {
        const f = new Fixture();

        f.welcome({ calls: [snapshot("out-1", "outgoing", { here: true, ringing_since: 4 })] });
        assert.equal(f.phone.tone, "ring-back");
});

test("media that match the hub's snapshot continue; others are started again", () => {
        const f = new Fixture();
        const { id } = f.talk();
        const others = [{ id: "p-2", uid: "bob" }];

        f.phone.connectionChanged("offline", "");
        f.welcome({ calls: [ongoing(id, "outgoing", { participant: "p-1", others })] });
        f.expectAsked("history", "state");
        assert.deepEqual(f.media, []);

        f.welcome({ calls: [ongoing(id, "outgoing", { participant: "p-1", others: [] })] });
        f.expectAsked("history", "join");
        assert.deepEqual(f.media, ["start"]);
});

test("nothing is started again on a connection that was resumed", () => {
        const f = new Fixture();
        const call = f.talk();

        f.welcome({ resumed: true });
        f.expectAsked();
        assert.ok(call.isOngoing);
});

test("an ongoing call that the hub does not have is over", () => {
        const f = new Fixture();
        const call = f.talk();

        f.welcome();
        assert.equal(call.status, "ended");
        assert.equal(call.reason, "connection-lost");
});

test("a ring that the hub has lost continues for ten seconds, or longer if it comes again", () => {
        for (const again of [true, false]) {
                const f = new Fixture();
                const call = f.ring();

                f.requests();
                f.welcome();
                assert.equal(f.phone.tone, "ring");
                if (again)
                        f.ring();
                assert.ok(!f.phone.takeActions().some(({ type }) => type === "rings"));
                f.phone.tick(f.now + 13000);
                assert.equal(call.isLive, again);
        }
});

test("a call that another device has answered meanwhile rings no longer", () => {
        const f = new Fixture();
        const call = f.ring();

        f.welcome({ calls: [ongoing("in-1", "incoming", { here: false })] });
        assert.equal(call.reason, "answered-elsewhere");
        assert.equal(f.phone.shown, call);
});

test("a call of another device does not appear here", () => {
        const f = new Fixture();

        f.welcome({ calls: [ongoing("in-1", "incoming", { here: false })] });
        assert.equal(f.phone.calls.size, 0);
});

test("only requests that still make sense are sent again", () => {
        const f = new Fixture();
        const { id } = f.talk();

        f.ring();
        assert.ok(f.phone.isWanted({ op: "accept", members: { session_id: "in-1" } }));
        assert.ok(f.phone.isWanted({ op: "end", members: { session_id: "gone" } }));
        assert.ok(f.phone.isWanted({ op: "seen", members: {} }));
        assert.ok(!f.phone.isWanted({ op: "alerting", members: { session_id: "gone" } }));
        assert.ok(!f.phone.isWanted({ op: "signal", members: { session_id: id } }));
        assert.ok(!f.phone.isWanted({ op: "history", members: { limit: 50 } }));
});

test("a login that is refused leaves nothing behind", () => {
        const f = new Fixture();

        f.talk();
        f.phone.connectionChanged("refused", "revoked");
        f.requests();
        assert.deepEqual(f.media, ["stop"]);
        assert.equal(f.phone.user, null);
        assert.equal(f.phone.calls.size, 0);
});
