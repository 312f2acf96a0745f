/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Texts for people. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { duration, endSentence, errorSentence, initials, list, nameOf, recordOutcome,
         sentence, spokenDuration, when } from "../../../clients/web/words.js";

function end(direction, status, reason = "") {
        return {
                direction, status, reason, peerName: "Bob", callerName: "Bob", isGroup: false,
                sentence: "",
        };
}

test("a name leaves the rest of its line alone", () => {
        assert.equal(nameOf({ uid: "bob", name: "Bob" }), "Bob");
        assert.equal(nameOf({ uid: "bob", name: "" }), "bob");
        assert.equal(nameOf({ guid: "team" }), "team");
        assert.equal(nameOf({ uid: "bob", name: "\u202eboB\u2028" }), "?boB?");
        assert.equal(nameOf({ uid: "bob", name: "\u2067Bob" }), "?Bob");
        assert.equal(nameOf({ uid: "bob", name: "B\u200bo\u200db\ufeff" }), "B?o?b?");
        assert.equal(nameOf({ uid: "x", name: "\u{1f468}\u200d\u{1f469}" }),
                     "\u{1f468}\u200d\u{1f469}");
});

test("every end of a call is a sentence", () => {
        const ends = [
                [end("outgoing", "rejected", "declined"), "Bob declined."],
                [end("outgoing", "busy", "busy"), "Bob is on another call."],
                [end("outgoing", "unanswered", "timeout"), "Bob did not answer."],
                [end("outgoing", "cancelled", "caller-cancelled"), "You cancelled the call."],
                [end("outgoing", "ended", "remote-hangup"), "Bob hung up."],
                [end("outgoing", "ended", "hangup"), "The call has ended."],
                [end("incoming", "ended", "connection-lost"), "The connection was lost."],
                [end("incoming", "ended", "no-media"), "The call ended: no sound could be set up."],
                [end("incoming", "ended", "idle"), "The call ended: nobody else was there."],
                [end("incoming", "cancelled", "caller-cancelled"), "Bob gave up."],
                [end("incoming", "cancelled", "answered-elsewhere"), "Answered on another device."],
                [end("incoming", "rejected", "declined-elsewhere"), "Declined on another device."],
                [end("incoming", "rejected", "declined"), "You declined."],
                [end("incoming", "missed", "timeout"), "You missed a call from Bob."],
                [end("incoming", "ended", "a reason of a later hub"), "The call has ended."],
        ];

        for (const [call, text] of ends)
                assert.equal(endSentence(call), text);
});

test("errors of the hub are sentences", () => {
        assert.equal(errorSentence({ name: "UserNotFound" }, "bob"),
                     "There is nobody called “bob” on this hub.");
        assert.equal(errorSentence({ name: "TooMany", message: "30 calls a minute are the limit" }),
                     "30 calls a minute are the limit.");
        assert.equal(errorSentence({ name: "LaterError", message: "" }), "LaterError.");
        assert.equal(sentence("well …"), "Well …");
});

test("outcomes in history", () => {
        assert.equal(recordOutcome({ status: "ended", duration: 125 }), "2 min");
        assert.equal(recordOutcome({ status: "missed", reason: "busy" }),
                     "Missed, you were on another call");
        assert.equal(recordOutcome({ status: "rejected", direction: "incoming" }), "You declined");
        assert.equal(recordOutcome({ status: "rejected", direction: "outgoing" }), "Declined");
});

test("times, for clocks and for people", () => {
        assert.equal(duration(7), "0:07");
        assert.equal(duration(754), "12:34");
        assert.equal(duration(3723), "1:02:03");
        assert.equal(duration(-1), "0:00");
        assert.equal(spokenDuration(7.9), "7 s");
        assert.equal(spokenDuration(3720), "1 h 2 min");

        const now = new Date(2026, 10, 20, 15, 0).getTime();
        const at = (...date) => when(new Date(...date).getTime() * 1000, now, "en-GB");
        assert.equal(at(2026, 10, 20, 9, 5), "9:05");
        assert.equal(at(2026, 10, 19, 9, 5), "Yesterday 9:05");
        assert.equal(at(2026, 10, 17, 9, 5), "Tuesday 9:05");
        assert.equal(at(2025, 10, 17, 9, 5), "17 Nov 2025");
});

test("names", () => {
        assert.equal(list([]), "");
        assert.equal(list(["A"]), "A");
        assert.equal(list(["A", "B", "C"]), "A, B and C");
        assert.equal(initials("Alice Adams"), "AA");
        assert.equal(initials("bob"), "B");
        assert.equal(initials("émile.zola"), "ÉZ");
        assert.equal(initials("@"), "?");
});
