/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Signals of other participants: what is not as PROTOCOL.md says is none. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { readSignal } from "../../../clients/web/signal.js";

const HEX = "0123456789abcdef".repeat(4);
const OFFER = { sdp: { type: "offer", sdp: "v=0" } };

function read(value) {
        return readSignal(JSON.stringify(value));
}

function candidate(more) {
        return { candidate: { candidate: "candidate:1", sdpMid: "0", ...more } };
}

test("signals of each kind are read, without members that nobody knows", () => {
        const signals = [
                [{ ...OFFER, other: 1 }, { ...OFFER, connection: 1 }],
                [{ ...OFFER, connection: 2, commitment: HEX },
                 { ...OFFER, connection: 2, commitment: HEX }],
                [{ sdp: { type: "answer", sdp: "" }, nonce: HEX },
                 { sdp: { type: "answer", sdp: "" }, connection: 1, nonce: HEX }],
                [{ nonce: HEX }, { nonce: HEX }],
                [{ candidate: null }, { candidate: { candidate: "" }, connection: 1 }],
                [{ offer_wanted: {} }, { offer_wanted: { ice_restart: false }, connection: 1 }],
                [{ offer_wanted: { ice_restart: true } },
                 { offer_wanted: { ice_restart: true }, connection: 1 }],
                [{ candidate: { candidate: "x" } },
                 { candidate: { candidate: "x", sdpMid: null, sdpMLineIndex: 0 }, connection: 1 }],
        ];

        for (const [sent, taken] of signals)
                assert.deepEqual(read(sent), taken);
});

test("text that is no signal is none", () => {
        const others = [
                null, [], 1, "x", {}, { sdp: null }, { sdp: {} }, { candidate: 1 },
                { ...OFFER, candidate: null }, { sdp: { type: "pranswer", sdp: "v=0" } },
                { sdp: { type: "offer", sdp: 1 } }, { offer_wanted: true },
                { offer_wanted: [] }, { offer_wanted: { ice_restart: 1 } },
                { nonce: HEX.slice(1) }, { nonce: [HEX] }, { ...OFFER, commitment: [HEX] },
                { ...OFFER, connection: "2" },
        ];

        for (const value of others)
                assert.equal(read(value), null, JSON.stringify(value));
        for (const text of ["", "{", "\0", "nul"])
                assert.equal(readSignal(text), null);
});

test("each limit is kept on both sides", () => {
        const limits = [
                [1, 0, (connection) => ({ ...OFFER, connection })],
                [9999, 10000, (connection) => ({ ...OFFER, connection })],
                [63, 64, (sdpMLineIndex) => candidate({ sdpMLineIndex })],
                [0, -1, (sdpMLineIndex) => candidate({ sdpMLineIndex })],
                [64, 65, (length) => candidate({ sdpMid: "m".repeat(length) })],
        ];

        for (const [good, bad, make] of limits) {
                assert.notEqual(read(make(good)), null);
                assert.equal(read(make(bad)), null);
        }
        const rest = JSON.stringify({ ...OFFER, x: "" }).length;

        assert.notEqual(read({ ...OFFER, x: "x".repeat(48 * 1024 - rest) }), null);
        assert.equal(read({ ...OFFER, x: "x".repeat(48 * 1024 - rest + 1) }), null);
});
