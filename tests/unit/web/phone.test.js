/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The page's side of the call model: decisions, messages of the hub, and actions. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { BOB, Fixture, ongoing, snapshot } from "./phone-fixture.js";

test("a call is placed, rings, is answered, and its media are joined", () => {
        const f = new Fixture();
        const call = f.phone.place({ uid: "bob" }, "user", "audio", f.now);
        const [initiate] = f.expectAsked("initiate");

        assert.deepEqual(initiate.members, {
                session_id: call.id, receiver: "bob", receiver_type: "user", call_type: "audio",
                join: true,
        });
        f.reply(initiate, snapshot(call.id, "outgoing", { here: true }));
        assert.equal(call.peerName, "Bob");
        assert.equal(f.phone.tone, "none");
        f.event("ringing", { session_id: call.id, uid: "bob", ringing_since: 5 });
        assert.equal(f.phone.tone, "ring-back");
        f.event("accepted", ongoing(call.id, "outgoing"));
        assert.equal(f.phone.tone, "none");
        const [join] = f.expectAsked("join");
        assert.equal(join.members.token, "token");
        assert.deepEqual(f.media, ["start"]);
        f.reply(join, { participant: "p-1", others: [{ id: "p-2", ...BOB }] });
        assert.deepEqual(f.actions().map(({ type }) => type), ["media-join"]);
        assert.deepEqual([...f.phone.session.others.keys()], ["p-2"]);
});

test("no media are started before the answer", () => {
        const f = new Fixture();
        const call = f.ring();

        f.phone.accept(call.id, false);
        f.requests();
        assert.deepEqual(f.media, []);
});

test("a call that is over is shown for a while, stops its media, and stays over", () => {
        const f = new Fixture();
        const call = f.talk();

        f.event("over", { session_id: call.id, status: "ended", reason: "remote-hangup" });
        f.requests();
        assert.deepEqual(f.media, ["stop"]);
        f.event("over", { session_id: call.id, status: "cancelled", reason: "" });
        f.event("accepted", ongoing(call.id, "outgoing"));
        assert.equal(call.status, "ended");
        assert.equal(f.phone.shown, call);
        f.now = f.phone.nextDeadline;
        f.phone.tick(f.now);
        assert.equal(f.phone.shown, null);
        assert.equal(f.phone.nextDeadline, Infinity);
});

test("a ring is delivered at once, and alerts once a person notices", () => {
        const f = new Fixture();
        const call = f.ring();

        assert.deepEqual(f.expectAsked("delivered")[0].members, { session_id: "in-1" });
        assert.equal(f.taken.at(-1).type, "rings");
        assert.equal(f.phone.tone, "ring");
        f.phone.alerted(call.id);
        f.phone.alerted(call.id);
        f.expectAsked("alerting");
});

test("an accepted ring is silent at once, and joins when the hub confirms", () => {
        const f = new Fixture();
        const call = f.ring();

        f.requests();
        f.phone.accept(call.id, false);
        f.phone.accept(call.id, false);
        assert.equal(f.phone.tone, "none");
        const [accept] = f.expectAsked("accept");
        assert.deepEqual(accept.members, { session_id: "in-1", join: true });
        f.reply(accept, ongoing("in-1", "incoming"));
        f.expectAsked("join");
        assert.ok(call.isOngoing);
});

test("a video call can be answered as audio", () => {
        const f = new Fixture();

        f.ring("in-1", { call_type: "video" });
        f.ring("in-2", { call_type: "video" });
        f.requests();
        f.phone.accept("in-1", false);
        f.phone.accept("in-2", true);
        const [audio, video] = f.expectAsked("accept", "accept");
        assert.equal(audio.members.as_audio, true);
        assert.equal(video.members.as_audio, undefined);
});

test("answered elsewhere: the ring stops here, and an accept that came too late says why", () => {
        const f = new Fixture();
        const call = f.ring();

        f.requests();
        f.phone.accept(call.id, false);
        const [accept] = f.expectAsked("accept");
        f.event("over", { session_id: "in-1", status: "cancelled", reason: "answered-elsewhere" });
        f.refuse(accept, "AnsweredElsewhere");
        assert.deepEqual(f.actions().map(({ text }) => text),
                         ["The call was answered on another device."]);
        assert.equal(f.phone.tone, "none");
});

test("an accept that fails rings on", () => {
        const f = new Fixture();
        const call = f.ring();

        f.requests();
        f.phone.accept(call.id, false);
        f.refuse(f.expectAsked("accept")[0], "Timeout");
        assert.equal(f.phone.tone, "ring");
});

test("a caller who cancels is never heard, even if the answer came first", () => {
        const f = new Fixture();
        const call = f.phone.place(BOB, "user", "audio", f.now);

        f.reply(f.expectAsked("initiate")[0], snapshot(call.id, "outgoing", { here: true }));
        f.phone.hangUp(call.id);
        f.phone.hangUp(call.id);
        const [cancel] = f.expectAsked("cancel");
        f.event("accepted", ongoing(call.id, "outgoing"));
        f.expectAsked("end");
        assert.deepEqual(f.media, []);
        f.refuse(cancel, "CallOngoing");
        f.expectAsked("end");
        f.event("over", { session_id: call.id, status: "ended", reason: "hangup" });
        assert.equal(f.phone.live.length, 0);
});

test("hanging up closes the microphone before the hub confirms", () => {
        const f = new Fixture();
        const call = f.talk();

        f.phone.hangUp(call.id);
        f.expectAsked("end");
        assert.deepEqual(f.media, ["stop"]);
});

test("silenced: no sound here, and it can still be answered", () => {
        const f = new Fixture();

        f.ring();
        f.requests();
        f.phone.silence("in-1");
        assert.equal(f.phone.tone, "none");
        assert.equal(f.phone.ringing.length, 1);
        f.expectAsked();
        f.phone.accept("in-1", false);
        f.expectAsked("accept");
});

test("do not disturb: delivered quietly, not presented, and silences what rings", () => {
        const f = new Fixture();

        f.ring();
        f.requests();
        f.phone.setDoNotDisturb(true);
        assert.equal(f.phone.tone, "none");
        assert.deepEqual(f.phone.ringing, []);
        f.ring("in-2");
        const [delivered] = f.expectAsked("delivered");
        assert.equal(delivered.members.quiet, true);
        assert.ok(!f.taken.some(({ type }) => type === "rings"));
        f.phone.setDoNotDisturb(false);
        assert.deepEqual(f.phone.ringing, []);
});

test("who may ring holds once the hub has said so, and is not there at an older hub", () => {
        const f = new Fixture();

        assert.equal(f.phone.whoMayRing, "");
        f.welcome({ who_may_ring: "everybody" });
        assert.equal(f.phone.whoMayRing, "everybody");
        f.requests();
        f.phone.setWhoMayRing("called");
        const [request] = f.expectAsked("who_may_ring");
        assert.deepEqual(request.members, { who: "called" });
        assert.equal(f.phone.whoMayRing, "everybody");
        f.reply(request, {});
        assert.equal(f.phone.whoMayRing, "called");
        f.event("changed", { when_busy: "ring" });
        assert.equal(f.phone.whoMayRing, "called");
        f.event("changed", { who_may_ring: "nobody" });
        assert.equal(f.phone.whoMayRing, "nobody");
        f.phone.setWhoMayRing("everybody");
        const [again] = f.expectAsked("who_may_ring");
        f.phone.reply(again, null, { name: "Timeout", message: "not now" }, f.now);
        assert.equal(f.phone.whoMayRing, "nobody");
});

test("a second call knocks, and answering it ends the first", () => {
        const f = new Fixture();
        const first = f.talk();

        f.ring("in-2");
        assert.equal(f.phone.tone, "waiting");
        assert.equal(f.phone.shown, first);
        f.requests();
        f.phone.accept("in-2", false);
        const [accept] = f.expectAsked("accept");
        assert.equal(accept.members.end_others, true);
        f.event("over", { session_id: first.id, status: "ended", reason: "hangup" });
        f.reply(accept, ongoing("in-2", "incoming"));
        assert.equal(f.phone.shown.id, "in-2");
});

test("glare: the call that came in is the one that was placed", () => {
        const f = new Fixture();
        const placed = f.phone.place(BOB, "user", "audio", f.now);
        const [initiate] = f.expectAsked("initiate");

        f.ring("in-1");
        f.requests();
        f.reply(initiate, ongoing("in-1", "incoming"));
        f.expectAsked("join");
        assert.equal(f.call(placed.id), undefined);
        assert.ok(f.call("in-1").isOngoing);
        assert.equal(f.phone.tone, "none");
});

test("a member who left a group's call can return to it, and its duration has continued", () => {
        const f = new Fixture();
        const group = { receiver_type: "group", receiver: { uid: "team" } };

        f.ring("in-1", group);
        f.requests();
        f.phone.accept("in-1", false);
        f.reply(f.expectAsked("accept")[0], ongoing("in-1", "incoming", group));
        f.phone.hangUp("in-1");
        f.event("over", { session_id: "in-1", status: "ended", reason: "hangup" });
        f.requests();
        f.now += 1000;
        f.phone.place({ uid: "team" }, "group", "audio", f.now);
        f.reply(f.expectAsked("initiate")[0], ongoing("in-1", "incoming", group));
        f.expectAsked("join");
        assert.ok(f.call("in-1").isOngoing);
        assert.equal(f.phone.calls.size, 1);
        /* The call was answered half a second before the fixture's welcome. */
        assert.equal(f.call("in-1").answeredAt, f.now - 1500);
});

test("a call that is refused says why", () => {
        const f = new Fixture();
        const call = f.phone.place({ uid: "nobody" }, "user", "audio", f.now);

        f.refuse(f.expectAsked("initiate")[0], "UserNotFound");
        assert.equal(call.sentence, "There is nobody called “nobody” on this hub.");
        assert.ok(!call.isLive);
});

test("a join token that is too old is asked for once more, and only once", () => {
        const f = new Fixture();
        const call = f.ring();

        f.requests();
        f.phone.accept(call.id, false);
        f.reply(f.expectAsked("accept")[0], ongoing("in-1", "incoming"));
        f.refuse(f.expectAsked("join")[0], "AuthFailed");
        const [token] = f.expectAsked("token");
        f.reply(token, { kind: "token", token: "fresh" });
        const [join] = f.expectAsked("join");
        assert.equal(join.members.token, "fresh");
        f.refuse(join, "AuthFailed");
        assert.equal(f.phone.session.state, "failed");
        assert.ok(call.isOngoing);
        f.phone.takeActions();
        f.phone.rejoin(call.id);
        f.expectAsked("token");
});

test("media of an unknown mode are left, with a notice", () => {
        const f = new Fixture();

        f.ring();
        f.requests();
        f.phone.accept("in-1", false);
        f.reply(f.expectAsked("accept")[0], ongoing("in-1", "incoming"));
        f.reply(f.expectAsked("join")[0], { participant: "p-1", mode: "sfu" });
        f.expectAsked("leave");
        assert.equal(f.phone.session.state, "failed");
});

test("joins, leaves and mutes are followed, and signals of strangers are dropped", () => {
        const f = new Fixture();
        const { id } = f.talk();
        const carol = { id: "p-3", uid: "carol", name: "Carol" };

        f.event("joined", { session_id: id, participant: carol });
        f.event("signalled", { session_id: id, peer: "p-3", data: "x" });
        f.event("signalled", { session_id: id, peer: "p-9", data: "x" });
        f.event("signalled", { session_id: "other", peer: "p-3", data: "x" });
        f.event("participant", { session_id: id, participant: { ...carol, muted: true } });
        assert.ok(f.phone.session.others.get("p-3").muted);
        f.event("left", { session_id: id, participant: carol });
        f.actions();
        assert.deepEqual(f.media, ["joined", "signal", "left"]);
        f.phone.session.signal("p-3", "late");
        f.expectAsked();
        f.event("left", { session_id: id, participant: { id: "p-1", uid: "alice" } });
        assert.equal(f.phone.session.state, "left");
});

test("muted and whether media flow are reported", () => {
        const f = new Fixture();
        const { id } = f.talk();

        f.phone.session.setFlows(true);
        f.phone.session.setFlows(true);
        f.phone.session.setMuted(true);
        const states = f.expectAsked("state", "state").map(({ members }) => members);
        assert.deepEqual(states[0], { session_id: id, muted: false, media_flows: true });
        assert.deepEqual(states[1], { session_id: id, muted: true, media_flows: true });
});

test("relays are renewed after half of their lifetime, for as long as the call lasts", () => {
        const f = new Fixture();
        const call = f.ring();

        f.requests();
        f.phone.accept(call.id, false);
        f.reply(f.expectAsked("accept")[0], ongoing("in-1", "incoming"));
        f.reply(f.expectAsked("join")[0], { participant: "p-1", ice_lifetime: 3600 });
        const due = f.now + 1800 * 1000;
        assert.equal(f.phone.nextDeadline, due);
        f.phone.tick(due - 1);
        f.expectAsked();
        f.now = due;
        f.phone.tick(f.now);
        const servers = [{ url: "turn:t", username: "2:bob", credential: "new" }];
        f.reply(f.expectAsked("relays")[0], { ice_servers: servers, ice_lifetime: 100 });
        assert.deepEqual(f.actions().find(({ type }) => type === "media-relays").iceServers,
                         servers);
        assert.equal(f.phone.nextDeadline, f.now + 50 * 1000);
        f.phone.hangUp(call.id);
        f.requests();
        assert.equal(f.phone.session.relaysDue, Infinity);
});

test("a hub that says no lifetime is not asked for relays", () => {
        const f = new Fixture();

        f.talk();
        assert.equal(f.phone.nextDeadline, Infinity);
});

test("a missing microphone is reported as muted, until there is one", () => {
        const f = new Fixture();
        f.talk();

        f.phone.session.setMissing("audio", true);
        f.phone.session.setMissing("audio", true);
        assert.equal(f.expectAsked("state")[0].members.muted, true);
        f.phone.session.setMuted(true);
        f.phone.session.setMissing("audio", false);
        assert.deepEqual(f.expectAsked("state", "state").map(({ members }) => members.muted),
                         [true, true]);
        f.phone.session.setMuted(false);
        assert.equal(f.expectAsked("state")[0].members.muted, false);
});

test("what was found missing while the join was on its way is reported after it", () => {
        const f = new Fixture();
        const call = f.ring();

        f.requests();
        f.phone.accept(call.id, false);
        f.reply(f.expectAsked("accept")[0], ongoing("in-1", "incoming"));
        const [join] = f.expectAsked("join");
        assert.equal(join.members.muted, false);
        f.phone.session.setMissing("audio", true);
        f.expectAsked();
        f.reply(join, { participant: "p-1" });
        assert.equal(f.expectAsked("state")[0].members.muted, true);
});

test("a missing camera is reported as no picture", () => {
        const f = new Fixture();
        const call = f.ring("in-1", { call_type: "video" });

        f.requests();
        f.phone.accept(call.id, true);
        f.reply(f.expectAsked("accept")[0], ongoing("in-1", "incoming", { call_type: "video" }));
        f.reply(f.expectAsked("join")[0], { participant: "p-1" });
        f.expectAsked();
        f.phone.session.setMissing("video", true);
        assert.equal(f.expectAsked("state")[0].members.video_paused, true);
        f.phone.session.setMissing("video", false);
        assert.equal(f.expectAsked("state")[0].members.video_paused, undefined);
});

test("a camera that is off is reported, at the join and later", () => {
        const f = new Fixture();
        const call = f.ring("in-1", { call_type: "video" });

        f.requests();
        f.phone.accept(call.id, true);
        f.reply(f.expectAsked("accept")[0], ongoing("in-1", "incoming", { call_type: "video" }));
        const [join] = f.expectAsked("join");
        assert.equal(join.members.video_paused, undefined);
        assert.ok(f.taken.find(({ type }) => type === "media-start").camera);
        f.reply(join, { participant: "p-1" });
        f.phone.session.setCamera(false);
        assert.equal(f.expectAsked("state")[0].members.video_paused, true);
        assert.deepEqual(f.media, ["join", "camera"]);
        f.phone.session.close("failed");
        f.phone.rejoin("in-1");
        f.reply(f.expectAsked("token")[0], { token: "fresh" });
        assert.equal(f.expectAsked("join")[0].members.video_paused, true);
});

test("without the hub a ring ends at its last known deadline", () => {
        const f = new Fixture();
        const call = f.ring("in-1", { remaining_ms: 5000 });

        f.phone.connectionChanged("offline", "");
        f.phone.tick(f.now + 5000);
        assert.ok(call.rings);
        f.phone.tick(f.phone.nextDeadline);
        assert.equal(call.status, "missed");
});

test("history: the newest page, what is logged, older pages, seen, forgotten", () => {
        const f = new Fixture();
        const record = (id, at, more = {}) => snapshot(id, "incoming", {
                status: "ended", initiated_at: at, seen: true, ...more,
        });

        f.welcome();
        const [page] = f.expectAsked("history");
        f.reply(page, { records: [record("r-3", 3), record("r-2", 2)], next: "c" });
        f.event("logged", record("r-4", 4, { status: "missed", seen: false }));
        assert.equal(f.actions()[0].type, "missed");
        f.phone.moreHistory();
        const [older] = f.expectAsked("history");
        assert.equal(older.members.cursor, "c");
        f.reply(older, { records: [record("r-1", 1)] });
        assert.deepEqual(f.phone.history.list.map((one) => one.session_id),
                         ["r-4", "r-3", "r-2", "r-1"]);
        f.phone.markSeen();
        const [seen] = f.expectAsked("seen");
        assert.deepEqual(seen.members.session_ids, ["r-4"]);
        assert.equal(f.phone.history.unseen.length, 0);
        f.phone.markSeen();
        f.expectAsked();
        f.event("forgotten", { session_ids: ["r-2"] });
        assert.equal(f.phone.history.list.length, 3);
        f.event("forgotten");
        assert.equal(f.phone.history.list.length, 0);
});

test("codes are exchanged with somebody three times in a call, and no more", () => {
        const f = new Fixture();

        f.talk(); /* the first time */
        for (let n = 2; n <= 5; n++) {
                f.left(`p-${n}`);
                assert.equal(f.joined(`p-${n + 1}`, BOB).verifies, n <= 3);
                assert.equal(f.taken.some(({ type }) => type === "notice"), n === 4);
        }
});

test("a call between two has three exchanges of codes under all uids together", () => {
        const f = new Fixture();

        f.talk(); /* the first one */
        f.left("p-2");
        for (let n = 2; n <= 9; n++) {
                assert.equal(f.joined("p-9", { uid: `b${n}`, name: "Bob" }).verifies, n <= 3);
                assert.equal(f.taken.some(({ type }) => type === "notice"), n === 4);
                f.left("p-9");
        }
});

test("in a group codes are exchanged with 32 users, three times each", () => {
        const f = new Fixture();
        const verifies = (uid) => {
                const { verifies: answer } = f.joined("p-2", { uid });

                f.left("p-2");
                return answer;
        };

        f.talkInGroup();
        for (let user = 1; user <= 32; user++)
                for (let n = 1; n <= 3; n++)
                        assert.ok(verifies(`user${user}`));
        assert.ok(!verifies("user1"));
        assert.ok(!verifies("user33"));
});

test("a participant that joins once more under its id gets no other connection", () => {
        const f = new Fixture();
        const { id } = f.talk();

        assert.equal(f.joined("p-2", { uid: "carol" }), undefined);
        assert.equal(f.phone.session.others.get("p-2").uid, "bob");
        f.phone.session.begin(f.call(id), "token");
        const twice = [{ id: "p-2", ...BOB }, { id: "p-2", uid: "carol" }];
        f.reply(f.expectAsked("join")[0], { participant: "p-1", others: twice });
        assert.equal(f.actions().find(({ type }) => type === "media-join").others.length, 1);
});

test("what a participant's state says of who it is changes nothing", () => {
        const f = new Fixture();
        const { id } = f.talk();
        const participant = { id: "p-2", uid: "carol", name: "Carol", muted: true, sharing: true };

        f.event("participant", { session_id: id, participant });
        const { uid, name, muted, sharing } = f.phone.session.others.get("p-2");
        assert.deepEqual({ uid, name, muted, sharing },
                         { uid: "bob", name: "Bob", muted: true, sharing: true });
        f.event("participant", { session_id: id, participant: { id: "p-2" } });
        assert.ok(!f.phone.session.others.get("p-2").muted);
});
