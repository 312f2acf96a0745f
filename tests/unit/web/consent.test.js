/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What opens the microphone and the camera of the page: commands of its person alone. The hub of
 * these tests lies. CALL-MODEL.md, rule 22.
 */

import assert from "node:assert/strict";
import { test } from "node:test";

import { BOB, DATE, Fixture, ongoing, snapshot } from "./phone-fixture.js";

const MINUTE = 60000;
const VIDEO = { call_type: "video" };

/* What a page in a call has stored at that date. */
function agreed(date) {
        return { date, consents: { "in-1": { join: true, camera: true, muted: false } } };
}

/* What media.js is told to open; null: nothing. */
function opened(f) {
        f.requests();
        return f.taken.find(({ type }) => type === "media-start") ?? null;
}

function place(f, callType) {
        const call = f.phone.place(BOB, "user", callType, f.now);

        return { call, initiate: f.expectAsked("initiate")[0] };
}

function accept(f, withVideo) {
        f.phone.accept("in-1", withVideo);
        return f.expectAsked("accept")[0];
}

test("a placed call that the hub makes a video call opens no camera", () => {
        const f = new Fixture();
        const { call, initiate } = place(f, "audio");

        f.reply(initiate, snapshot(call.id, "outgoing"));
        f.event("accepted", ongoing(call.id, "outgoing", VIDEO));
        const start = opened(f);
        assert.equal(start.camera, false);
        assert.equal(start.muted, false);
        /* Only what is received may change. */
        assert.equal(start.video, true);
});

test("an answered call that the hub makes a video call opens no camera", () => {
        const f = new Fixture();

        f.ring();
        f.requests();
        f.reply(accept(f, false), ongoing("in-1", "incoming", VIDEO));
        assert.equal(opened(f).camera, false);
});

test("a video call that was answered as audio opens no camera, one answered as video does", () => {
        for (const withVideo of [false, true]) {
                const f = new Fixture();

                f.ring("in-1", VIDEO);
                f.requests();
                f.reply(accept(f, withVideo), ongoing("in-1", "incoming", VIDEO));
                assert.equal(opened(f).camera, withVideo);
        }
});

test("glare: the camera is open only if both sides asked for it, until the person opens it", () => {
        for (const [mine, theirs] of [["video", "audio"], ["audio", "video"], ["video", "video"]]) {
                const f = new Fixture();

                f.ring("in-1", { call_type: theirs });
                f.requests();
                const { initiate } = place(f, mine);
                f.reply(initiate, ongoing("in-1", "incoming", { call_type: theirs }));
                assert.equal(opened(f).camera, mine === "video" && theirs === "video");
                f.phone.session.setCamera(true);
                assert.ok(f.phone.session.hasCamera);
        }
});

test("a ring that the hub calls accepted opens nothing", () => {
        const f = new Fixture();

        f.ring();
        f.requests();
        f.event("accepted", ongoing("in-1", "incoming"));
        assert.equal(opened(f), null);
        assert.deepEqual(f.asked, []);
});

test("a ring that a welcome calls answered here opens nothing", () => {
        const f = new Fixture();

        f.ring();
        f.requests();
        f.welcome({ calls: [ongoing("in-1", "incoming")] });
        f.expectAsked("history");
        assert.deepEqual(f.media, []);
});

test("a call that this page knows only from the hub is joined when the person asks for it", () => {
        const f = new Fixture({ calls: [ongoing("in-1", "incoming", VIDEO)] });

        assert.deepEqual(f.media, []);
        f.phone.rejoin("in-1");
        const start = opened(f);
        assert.equal(start.camera, false);
        assert.equal(start.muted, false);
});

test("after a reload the switches are as the person left them, whatever the hub says", () => {
        const before = new Fixture();
        const { id } = before.talk();

        before.phone.session.setMuted(true);
        const stored = JSON.parse(JSON.stringify(before.phone.stored(DATE)));
        const f = new Fixture({ calls: [ongoing(id, "outgoing", VIDEO)] }, stored);
        const start = f.taken.find(({ type }) => type === "media-start");
        assert.equal(start.muted, true);
        assert.equal(start.camera, false);
        assert.deepEqual(Object.keys(f.phone.stored(DATE).consents), [id]);
});

test("what was stored of calls that are over is forgotten", () => {
        const f = new Fixture({}, agreed(DATE));

        assert.deepEqual(f.phone.stored(DATE), { date: DATE, consents: {} });
});

/* The hub says at that date that the call goes on. Returns whether the page joins it. */
function isBack(f, date) {
        f.date = date;
        f.requests();
        f.welcome({ calls: [ongoing("in-1", "incoming", VIDEO)] });
        return opened(f) !== null;
}

test("what is stored holds as long as the hub waits for a lost party, and no longer", () => {
        for (const [age, isFresh] of [[0, true], [30000, true], [30001, false], [-1, false],
                                      [3 * 24 * 60 * MINUTE, false]]) {
                const f = new Fixture(null, agreed(DATE - age));

                assert.equal(isBack(f, DATE), isFresh);
        }
});

test("a page that lives renews the date of what is stored", () => {
        const f = new Fixture();

        f.talk();
        assert.equal(f.phone.stored(DATE + 60 * MINUTE).date, DATE + 60 * MINUTE);
});

test("a hub that keeps the page waiting makes nothing younger", () => {
        const f = new Fixture(null, agreed(DATE));

        f.phone.connectionChanged("offline", "");
        assert.deepEqual(f.phone.stored(DATE + MINUTE), agreed(DATE));
        assert.ok(!isBack(f, DATE + MINUTE));
});

test("what is stored is for the first welcome alone, also if that resumes something", () => {
        const f = new Fixture({ resumed: true }, agreed(DATE));

        assert.deepEqual(f.phone.stored(DATE), { date: DATE, consents: {} });
        assert.ok(!isBack(f, DATE));
});

test("who signs out, or is refused, agrees to nothing any more", () => {
        for (const state of ["logged-out", "refused"]) {
                const f = new Fixture(null, agreed(DATE));

                f.phone.connectionChanged(state, "");
                assert.deepEqual(f.phone.stored(DATE), { date: DATE, consents: {} });
        }
});

test("what is stored and was written by nobody here agrees to nothing", () => {
        for (const stored of [{ date: DATE, consents: { "in-1": { join: 1, camera: "yes" } } },
                              { date: DATE, consents: { "in-1": 3 } },
                              { date: DATE, consents: { "in-1": null } },
                              { date: DATE, consents: 3 }, { date: DATE, consents: null },
                              { date: null, consents: agreed(DATE).consents },
                              { consents: agreed(DATE).consents }, agreed("x"),
                              agreed(DATE).consents, 3]) {
                const f = new Fixture({ calls: [ongoing("in-1", "incoming", VIDEO)] }, stored);

                assert.deepEqual(f.media, []);
                assert.ok(f.call("in-1").consent.muted);
        }
});

test("an answer that the hub refused agrees to nothing", () => {
        const f = new Fixture();

        f.ring();
        f.requests();
        f.refuse(accept(f, false), "BusySelf");
        f.event("accepted", ongoing("in-1", "incoming"));
        assert.equal(opened(f), null);
});

test("a call to one person does not answer that of another", () => {
        const f = new Fixture();

        f.ring("in-1", { initiator: { uid: "mallory" } });
        f.requests();
        const { call, initiate } = place(f, "audio");
        f.reply(initiate, ongoing("in-1", "incoming", { initiator: { uid: "mallory" } }));
        assert.equal(opened(f), null);
        assert.equal(call.status, "cancelled");
        assert.ok(f.call("in-1").rings);
});

test("a call to one person does not answer a call that is known to be another's", () => {
        for (const known of [{ initiator: { uid: "mallory" } },
                             { receiver_type: "group", receiver: { uid: "team" } }]) {
                const f = new Fixture();

                f.ring("in-1", known);
                f.requests();
                const { call, initiate } = place(f, "audio");
                f.reply(initiate, ongoing("in-1", "incoming"));
                assert.equal(opened(f), null);
                assert.equal(call.status, "cancelled");
                assert.ok(f.call("in-1").rings);
        }
});

test("an answer by somebody else does not rename who was called", () => {
        const f = new Fixture();
        const { call, initiate } = place(f, "audio");

        f.reply(initiate, snapshot(call.id, "outgoing"));
        f.event("accepted", ongoing(call.id, "outgoing", { receiver: { uid: "mallory" } }));
        assert.equal(call.peerName, "Bob");
});

test("media that the hub says were left are not joined again by a welcome", () => {
        const f = new Fixture();
        const { id } = f.talk();

        f.event("left", { session_id: id, participant: { id: "p-1" } });
        f.requests();
        f.welcome({ calls: [ongoing(id, "outgoing")] });
        f.expectAsked("history");
        assert.deepEqual(f.media, []);
});

test("no ring and no record makes a call of the history another's", () => {
        const f = new Fixture();
        const record = snapshot("in-1", "incoming", { status: "rejected", seen: true });

        f.event("logged", record);
        f.actions();
        f.event("logged", { ...record, initiator: { uid: "mallory" }, status: "missed" });
        f.ring("in-1", { initiator: { uid: "mallory" } });
        assert.deepEqual(f.actions(), []);
        assert.equal(f.call("in-1"), undefined);
        assert.equal(f.phone.history.list[0].initiator.uid, "bob");
        f.ring("in-1");
        assert.ok(f.call("in-1").rings);
});
