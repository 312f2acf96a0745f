// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What strangers send to the browser page: the counterpart of the fuzz targets in C, in Node.js.
 *
 *   node tests/fuzz/page.js FOLDER...              plays the corpora, and ROUNDS changed inputs
 *   node tests/fuzz/page.js --seconds N FOLDER...  plays changed inputs for so long
 *
 * An input is signals of another participant, one a line. The first input that breaks a law is
 * printed, as JSON, and the exit status is 1.
 */

import { readFileSync, readdirSync } from "node:fs";
import { parseArgs } from "node:util";

import { HubClient } from "../../clients/web/hub-client.js";
import { Peer } from "../../clients/web/peer.js";
import { readSignal } from "../../clients/web/signal.js";
import { fingerprintOf } from "../../clients/web/verification.js";

const ROUNDS = 3000;
const SEED = 1;
const INPUT_MS_MAX = 1000; /* of one input: the page is not held up */
const OPEN_MAX = 2; /* connections of a peer: the one that works, and its successor */
const FAULTS = /certificate|tampered|^the browser refuses it$/;
const OWN = `a=fingerprint:sha-256 ${Array(32).fill("AB").join(":")}\r\n`;

const WORDS = [
        '{"sdp":{"type":"offer","sdp":"', '{"sdp":{"type":"answer","sdp":"', '"connection":',
        '{"candidate":', '{"candidate":{"candidate":"a","sdpMLineIndex":0}}', "null", "[]", "{}",
        '{"offer_wanted":{"ice_restart":true}}', '"nonce":', '"commitment":', "a=fingerprint:",
        "sha-256 ", "m=video 9 X 96\\r\\n", "a=mid:\\r\\n", "a=group:BUNDLE 0 1\\r\\n", "\n", '"',
        "9999", "-1", "1e999", "\\u0000", "__proto__", "constructor", "}", "]", ":", ",",
];

/* ---- a browser ---- */

let open = 0;

class FakeConnection {
        connectionState = "new";
        signalingState = "stable";
        remoteDescription = null;
        localDescription = { type: "offer", sdp: OWN };

        constructor() {
                open++;
        }

        close() {
                open--;
        }

        getTransceivers() {
                return [];
        }

        addTransceiver() {
                return { setCodecPreferences() {} };
        }

        async createOffer() {
                return { type: "offer", sdp: OWN };
        }

        async createAnswer() {
                return { type: "answer", sdp: OWN };
        }

        async setLocalDescription(description) {
                this.localDescription = description;
                this.signalingState = description.type === "offer" ? "have-local-offer" : "stable";
        }

        async setRemoteDescription({ type, sdp }) {
                must(typeof sdp === "string", "a description is text");
                if (!sdp.startsWith("v=0"))
                        throw new Error("the browser refuses it");
                this.remoteDescription = { type, sdp };
                this.signalingState = "stable";
        }

        async addIceCandidate({ candidate, sdpMid, sdpMLineIndex }) {
                must(typeof candidate === "string", "a candidate has a line");
                must(sdpMid !== null || sdpMLineIndex !== null, "a candidate names its section");
        }
}

globalThis.RTCPeerConnection = FakeConnection;
globalThis.RTCRtpReceiver = { getCapabilities: () => null };
globalThis.MediaStream = class {
        addTrack() {}

        getTracks() {
                return [];
        }
};

/* ---- the laws ---- */

function must(isSo, law) {
        if (!isSo)
                throw new Error(`broken: ${law}`);
}

async function playPeer(lines, offers) {
        const faults = [];
        const before = open;
        const peer = new Peer({
                id: "p", offers, iceServers: [], certificates: [], local: new MediaStream(),
                video: true, send: () => {}, changed: () => {}, fault: (text) => faults.push(text),
        });

        for (const line of lines) {
                peer.signal(line);
                await peer.turn;
                must(open - before <= OPEN_MAX, "a peer has two connections at most");
        }
        peer.close();
        for (const fault of faults)
                must(FAULTS.test(fault), `a fault is a sentence for people, not “${fault}”`);
        must(open === before, "a peer that is closed leaves no connection");
}

function playHub(lines) {
        const timers = { setTimeout: () => 1, clearTimeout() {} };
        const ignore = () => {};
        const on = { state: ignore, welcome: ignore, event: ignore, reply: ignore,
                     isWanted: () => true };
        const socket = { readyState: 1, send() {}, close() {} };
        const client = new HubClient({ open: () => socket, on, timers });

        for (const line of lines) {
                client.connect({ token: "t" });
                socket.onmessage({ data: line });
        }
}

async function play(text) {
        const lines = text.split("\n");
        const began = performance.now();

        for (const line of lines) {
                readSignal(line);
                must(/^([0-9a-f]{64})?$/.test(fingerprintOf(line)), "a fingerprint is 32 bytes");
        }
        await playPeer(lines, true);
        await playPeer(lines, false);
        playHub(lines);
        must(performance.now() - began < INPUT_MS_MAX, "an input takes less than a second");
}

/* ---- changed inputs ---- */

/* Mulberry32. Returns numbers below n. */
function makeRandom(seed) {
        return (n) => {
                seed = (seed + 0x6d2b79f5) | 0;
                let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);

                t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
                return ((t ^ (t >>> 14)) >>> 0) % n;
        };
}

function change(text, corpus, random) {
        const at = random(text.length + 1);
        const to = at + random(16);
        const word = WORDS[random(WORDS.length)];

        switch (random(6)) {
        case 0:
                return text.slice(0, at) + word + text.slice(at);
        case 1:
                return text.slice(0, at) + word + text.slice(to);
        case 2:
                return text.slice(0, at) + text.slice(to);
        case 3:
                return text.slice(0, to) + text.slice(at);
        case 4:
                return text.slice(0, at) + String.fromCharCode(random(256)) + text.slice(at + 1);
        default: {
                const other = corpus[random(corpus.length)];

                return `${text}\n${other.slice(random(other.length + 1))}`;
        }
        }
}

function makeInput(corpus, random) {
        let text = corpus[random(corpus.length)];

        for (let n = random(6); n >= 0; n--)
                text = change(text, corpus, random);
        return text;
}

function readCorpus(folders) {
        return folders.flatMap((folder) => readdirSync(folder).map(
                (name) => readFileSync(`${folder}/${name}`, "utf8")));
}

async function main() {
        const { values, positionals } = parseArgs({
                options: { seconds: { type: "string" } }, allowPositionals: true });
        const corpus = readCorpus(positionals);
        const seed = values.seconds ? Date.now() | 0 : SEED;
        const until = values.seconds ? performance.now() + 1000 * Number(values.seconds) : 0;
        const random = makeRandom(seed);
        let n = 0;

        for (; n < ROUNDS || performance.now() < until; n++) {
                const text = corpus[n] ?? makeInput(corpus, random);

                try {
                        await play(text);
                } catch (error) {
                        console.error(`${error.stack}\ninput: ${JSON.stringify(text)}`);
                        process.exit(1);
                }
        }
        console.log(`${n} inputs played, seed ${seed}`);
}

await main();
