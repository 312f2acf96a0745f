/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The verification code, with the vectors that tring-media is tested with as well. */

import assert from "node:assert/strict";
import { webcrypto } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { Verification, fingerprintOf } from "../../../clients/web/verification.js";

const file = new URL("../../data/media/verification.json", import.meta.url);
const vectors = JSON.parse(readFileSync(file));

function sdp(fingerprint) {
        return `v=0\r\na=fingerprint:sha-256 ${fingerprint}\r\nm=audio 9 X 111\r\n`;
}

async function pair(offerPrint, answerPrint, change = (signal) => signal, nonces = {}) {
        const offering = new Verification(true, webcrypto);
        const answering = new Verification(false, webcrypto);

        offering.nonce = nonces.offer ?? offering.nonce;
        answering.nonce = nonces.answer ?? answering.nonce;
        const offer = { sdp: { type: "offer", sdp: sdp(offerPrint) } };
        Object.assign(offer, await offering.send(offer.sdp.sdp));
        await answering.take(change(offer));
        const answer = { sdp: { type: "answer", sdp: sdp(answerPrint) } };
        Object.assign(answer, await answering.send(answer.sdp.sdp));
        const opening = await offering.take(change(answer));
        if (opening)
                await answering.take(change(opening));
        return { offering, answering, offer };
}

test("both come to the code of the vectors", async () => {
        assert.ok(vectors.length >= 3);
        for (const vector of vectors) {
                const { offering, answering, offer } = await pair(
                        vector.offer_fingerprint, vector.answer_fingerprint, undefined,
                        { offer: vector.offer_nonce, answer: vector.answer_nonce });

                assert.equal(offer.commitment, vector.commitment);
                assert.equal(offering.code, vector.code);
                assert.equal(answering.code, vector.code);
        }
});

test("a man in the middle has two different codes", async () => {
        const [{ offer_fingerprint: alice, answer_fingerprint: bob }] = vectors;
        const mallory = vectors[1].offer_fingerprint;
        const towardsAlice = await pair(alice, mallory);
        const towardsBob = await pair(mallory, bob);

        assert.notEqual(towardsAlice.offering.code, towardsBob.answering.code);
});

test("a nonce that does not fit what was committed to is an error, and gives no code", async () => {
        const [{ offer_fingerprint: a, answer_fingerprint: b }] = vectors;
        const forge = (signal) => (signal.sdp ? signal : { nonce: "0".repeat(64) });

        await assert.rejects(pair(a, b, forge), /tampered/);
});

test("another certificate later is refused", async () => {
        const [{ offer_fingerprint: a, answer_fingerprint: b }] = vectors;
        const { offering } = await pair(a, b);

        const another = { sdp: { type: "answer", sdp: sdp(a) } };

        await assert.rejects(offering.take(another), /certificate/);
        assert.notEqual(offering.code, "");
});

test("a peer without verification has no code, but a connection", async () => {
        const [{ offer_fingerprint: a, answer_fingerprint: b }] = vectors;
        const { offering, answering } = await pair(a, b, (signal) => ({ sdp: signal.sdp }));

        assert.equal(offering.code, "");
        assert.equal(answering.code, "");
});

test("a description has one fingerprint, of SHA-256", () => {
        const [{ offer_fingerprint: a, answer_fingerprint: b }] = vectors;

        assert.equal(fingerprintOf(sdp(a) + sdp(a)), a.toLowerCase().replaceAll(":", ""));
        assert.equal(fingerprintOf(sdp(a) + sdp(b)), "");
        assert.equal(fingerprintOf("v=0\r\n"), "");
        assert.equal(fingerprintOf(`a=fingerprint:sha-1 ${a}\r\n`), "");
});

test("what a browser may take for a fingerprint beside the right one leaves none", () => {
        const [{ offer_fingerprint: a, answer_fingerprint: b }] = vectors;
        const others = [
                `a=fingerprint:sha-256\t${b}`, `a=fingerprint:\tsha-256 ${b}`,
                `a=fingerprint:sha-256  ${b}`, `a=fingerprint: sha-256 ${b}`,
                `a=fingerprint:sha-256 ${b} `, `a=fingerprint :sha-256 ${b}`,
                `a=FINGERPRINT:sha-256 ${b}`, ` a=fingerprint:sha-256 ${b}`,
                `a=fingerprint:sha-512 ${b}`, `a=fingerprint:sha-256 ${b}:00`, "a=fingerprint:",
        ];

        for (const other of others) {
                for (const end of ["\r\n", "\n", "\r"])
                        assert.equal(fingerprintOf(`${sdp(a)}${other}${end}`), "", other);
                assert.equal(fingerprintOf(`v=0\n${other}\n${sdp(a)}`), "", other);
        }
});

test("why there is no code is said", async () => {
        const [{ offer_fingerprint: a, answer_fingerprint: b }] = vectors;
        const strip = ({ commitment, ...signal }) => signal;
        const { offering, answering } = await pair(a, b, strip);

        assert.match(offering.why, /no part/);
        assert.match(answering.why, /no part/);
        const held = await pair(a, b, (signal) => (signal.sdp ? signal : {}));
        assert.equal(held.answering.why, "");
        held.answering.overdue();
        assert.match(held.answering.why, /not sent its part/);
        held.offering.overdue();
        assert.equal(held.offering.why, "");
});

test("a side that may not verify tells nothing, and says why", async () => {
        const [{ offer_fingerprint: a, answer_fingerprint: b }] = vectors;
        const silent = new Verification(false, webcrypto, false);
        const offering = new Verification(true, webcrypto);

        await silent.take({ sdp: { sdp: sdp(a) }, ...await offering.send(sdp(a)) });
        assert.deepEqual(await silent.send(sdp(b)), {});
        assert.match(silent.why, /guessed/);
});
