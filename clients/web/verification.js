/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Checks that nobody sits between two participants: both see eight digits, which are the same only
 * if each has the other's real certificate. PROTOCOL.md (Verification) has the algorithm and its
 * reasons; this is one participant's side of it, for one other participant. It needs WebCrypto,
 * which browsers have only for pages from https; without it there is no code.
 */

const COMMITMENT = "tring.v1 commitment";
const CODE = "tring.v1 verification";
const NONCE_BYTES = 32;
const HEX = /^[0-9a-f]{64}$/;
const FINGERPRINT = /^a=fingerprint:sha-256 ((?:[0-9a-f]{2}:){31}[0-9a-f]{2})$/i;
const CODES = 100000000;

/* Why there is no code, in the words of tringd (daemon/media, daemon/phone/handshake.c). */
const NO_PART = "the other side has sent no part of a code";
const OTHER_PART = "the other side’s part is not the one that it announced";
const NOT_SENT = "the other side has not sent its part of the code";
const NO_CRYPTO = "this page was not loaded over https";
const TOO_OFTEN = "more than 3 connections in this call, so the code may have been guessed";

export class Verification {
        /* `verifies` false: there is to be no code, so nothing is told that helps to guess it. */
        constructor(offers, crypto = globalThis.crypto, verifies = true) {
                this.offers = offers;
                this.subtle = verifies ? crypto?.subtle ?? null : null;
                this.why = !verifies ? TOO_OFTEN : this.subtle ? "" : NO_CRYPTO;
                this.nonce = hex(crypto.getRandomValues(new Uint8Array(NONCE_BYTES)));
                this.otherNonce = "";
                this.commitment = ""; /* of the side that offers */
                this.own = ""; /* fingerprints, fixed by the first descriptions */
                this.other = "";
                this.hasSent = false; /* our part was sent with our first description */
                this.code = "";
        }

        /* The other side's part should have come by now. If it comes later it is taken. */
        overdue() {
                if (!this.code)
                        this.why ||= NOT_SENT;
        }

        /* Returns what to send with a description: our part with the first one, nothing later. */
        async send(sdp) {
                const first = !this.hasSent;

                this.hasSent = true;
                this.own ||= fingerprintOf(sdp);
                if (!first || !this.subtle)
                        return {};
                if (this.offers) {
                        this.commitment = await this.#hash(COMMITMENT, bytes(this.nonce));
                        return { commitment: this.commitment };
                }
                return this.commitment ? { nonce: this.nonce } : {};
        }

        /*
         * Takes a description or a nonce. Returns a signal to send now, or null. Throws if it
         * contradicts an earlier one: then somebody has replaced it on the way.
         */
        async take(signal) {
                if (signal.sdp) {
                        const fingerprint = fingerprintOf(signal.sdp.sdp);

                        if (!fingerprint || (this.other && this.other !== fingerprint))
                                throw new Error("the other side changed its certificate");
                        if (this.other)
                                return null;
                        this.other = fingerprint;
                        if (!this.offers && HEX.test(signal.commitment ?? "") && this.subtle)
                                this.commitment = signal.commitment;
                        if (!(this.offers ? HEX.test(signal.nonce ?? "") : this.commitment))
                                this.why ||= NO_PART;
                }
                /* The answer's nonce comes with its first description, the offer's by itself. */
                const isTheirTurn = this.offers === Boolean(signal.sdp);
                const nonce = signal.nonce ?? "";
                if (!isTheirTurn || !this.own || this.otherNonce || !this.commitment ||
                    !HEX.test(nonce))
                        return null;
                if (!this.offers)
                        await this.#checkCommitment(nonce);
                this.otherNonce = nonce;
                this.code = await this.#makeCode();
                this.why = "";
                return this.offers ? { nonce: this.nonce } : null;
        }

        async #checkCommitment(nonce) {
                if (await this.#hash(COMMITMENT, bytes(nonce)) === this.commitment)
                        return;
                this.commitment = "";
                this.why = OTHER_PART;
                throw new Error("the verification code was tampered with");
        }

        async #makeCode() {
                const mine = [this.own, this.nonce];
                const theirs = [this.other, this.otherNonce];
                const [offer, answer] = this.offers ? [mine, theirs] : [theirs, mine];
                const hash = await this.#hash(CODE, bytes(offer[0]), bytes(answer[0]),
                                              bytes(offer[1]), bytes(answer[1]));
                const number = Number.parseInt(hash.slice(0, 12), 16) % CODES;
                const digits = String(number).padStart(8, "0");

                return `${digits.slice(0, 4)} ${digits.slice(4)}`;
        }

        async #hash(label, ...parts) {
                const whole = await new Blob([label, ...parts]).arrayBuffer();

                return hex(new Uint8Array(await this.subtle.digest("SHA-256", whole)));
        }
}

/*
 * The one SHA-256 fingerprint in a description, as hex; empty if there is none, several different
 * ones, or one of another hash. Browsers read more than the grammar (RFC 8122) allows: Firefox
 * takes tabs for blanks. So if any line could be one more fingerprint to a browser, there is none
 * to us, and no code.
 */
export function fingerprintOf(sdp) {
        const lines = (sdp ?? "").split(/[\r\n]/).filter((line) => /fingerprint/i.test(line));
        const all = lines.map((line) => FINGERPRINT.exec(line)?.[1].toLowerCase() ?? "");

        return all.every((one) => one === all[0]) ? (all[0] ?? "").replaceAll(":", "") : "";
}

function hex(array) {
        return [...array].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function bytes(text) {
        return new Uint8Array(text.match(/../g).map((two) => Number.parseInt(two, 16)));
}
