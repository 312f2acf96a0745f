/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The media of the one call that this device has joined: a Peer for each other participant, and the
 * elements that play their sound and video. The microphone (capture.js) is opened only after the
 * call has been answered.
 */

import { Capture } from "./capture.js";
import { Peer } from "./peer.js";

const LISTEN_MS = 200; /* how often voices are measured */
const SPEAKING_LEVEL = 0.02; /* -34 dB: above the noise of a room */
const SPEAKING_HOLD_MS = 600; /* a speaker keeps speaking between two words */
/* A picture without a new frame for so long is hidden. */
const PICTURE_STALE_MS = 1500;

const KEY = { name: "ECDSA", namedCurve: "P-256" };

export class Media {
        /*
         * `on`: signal(peer, data), changed(), flows(bool), fault(peer, text), missing(kind, bool):
         * whether there is no microphone ("audio") or camera ("video") to send.
         */
        constructor(on) {
                this.on = on;
                this.capture = null;
                this.peers = new Map();
                this.isSilenced = false; /* the browser plays no sound before a click */
                this.generation = 0;
        }

        /* Opens microphone and camera; join() follows when the hub has confirmed the join. */
        start({ camera, video, muted }) {
                this.stop();
                this.video = video;
                const capture = new Capture({
                        on: {
                                track: (kind, track) => this.#setTrack(kind, track),
                                changed: () => this.#captureChanged(capture),
                        },
                });

                this.capture = capture;
                /*
                 * One certificate for all connections of a call: the verification code depends on
                 * it.
                 */
                this.certifying = RTCPeerConnection.generateCertificate(KEY)
                        .then((certificate) => [certificate]);
                this.opening = capture.open({ camera, muted });
                this.listening = setInterval(() => this.#listen(), LISTEN_MS);
        }

        /* `others` have `verifies`: a verification code may be exchanged. */
        async join({ others, iceServers }) {
                const generation = this.generation;

                this.useRelays(iceServers);
                await this.opening;
                this.certificates = await this.certifying;
                if (generation !== this.generation)
                        return;
                /* We joined after these participants, so we make the offers. */
                for (const other of others)
                        this.#add(other.id, true, other.verifies);
        }

        async joined(participant) {
                const generation = this.generation;

                await this.opening;
                this.certificates = await this.certifying;
                if (generation === this.generation)
                        this.#add(participant.id, false, participant.verifies);
        }

        async signal(id, data) {
                await this.opening;
                await this.certifying;
                this.peers.get(id)?.signal(data);
        }

        /* For the connections that are made from now on. */
        useRelays(iceServers) {
                this.iceServers = iceServers.map(({ url, username, credential }) =>
                        ({ urls: url, ...(username && { username, credential }) }));
                for (const peer of this.peers.values())
                        peer.useRelays(this.iceServers);
        }

        left(id) {
                this.#remove(id);
                this.on.changed();
        }

        setMuted(muted) {
                this.capture?.setMuted(muted);
        }

        async setCamera(on) {
                await this.capture?.setCamera(on);
        }

        /* The person asks for a microphone ("audio") or camera ("video") that was missing. */
        tryAgain(kind) {
                this.capture?.try(kind);
        }

        stop() {
                this.generation++;
                clearInterval(this.listening);
                for (const id of [...this.peers.keys()])
                        this.#remove(id);
                this.capture?.stop();
                this.capture = null;
                this.isSilenced = false;
                this.on.changed();
        }

        /* After a click: plays the sound that the browser held back. */
        async unsilence() {
                this.isSilenced = false;
                for (const peer of this.peers.values())
                        await this.#play(peer);
                this.on.changed();
        }

        get hasOwnPicture() {
                return Boolean(this.capture?.track("video"));
        }

        /* Why there is no microphone ("audio") or camera ("video"): a sentence; empty: there is. */
        fault(kind) {
                return this.capture?.faults[kind] ?? "";
        }

        async #setTrack(kind, track) {
                for (const peer of this.peers.values())
                        await peer.setTrack(kind, track);
        }

        #captureChanged(capture) {
                if (capture !== this.capture)
                        return;
                for (const kind of ["audio", "video"])
                        this.on.missing(kind, capture.faults[kind] !== "");
                this.on.changed();
        }

        #add(id, offers, verifies) {
                const peer = new Peer({
                        id,
                        offers,
                        verifies,
                        iceServers: this.iceServers,
                        certificates: this.certificates,
                        local: this.capture.stream,
                        video: this.video,
                        send: (data) => this.on.signal(id, data),
                        changed: () => this.#peerChanged(peer),
                        fault: (text) => this.on.fault(id, text),
                });

                this.#remove(id);
                this.peers.set(id, peer);
                peer.isSpeaking = false;
                peer.spokeAt = -Infinity;
                peer.hasPicture = false;
                /*
                 * Sound has an element apart from the picture, because the picture comes and goes.
                 */
                peer.sound = document.createElement("audio");
                peer.sound.autoplay = true;
                document.getElementById("sounds").append(peer.sound);
                peer.picture = document.createElement("video");
                peer.picture.autoplay = peer.picture.muted = peer.picture.playsInline = true;
                peer.frameAt = -Infinity;
                this.#watchFrames(peer);
                this.on.changed();
        }

        /* Some browsers do not report frames; use the state of the tracks there. */
        #hasPicture({ picture, frameAt, stream }, now) {
                if (picture.requestVideoFrameCallback)
                        return now - frameAt < PICTURE_STALE_MS;
                return picture.videoWidth > 0 &&
                       stream.getVideoTracks().some(({ muted }) => !muted);
        }

        #watchFrames(peer) {
                const frame = (now) => {
                        peer.frameAt = now;
                        if (this.peers.get(peer.id) === peer)
                                peer.picture.requestVideoFrameCallback(frame);
                };

                peer.picture.requestVideoFrameCallback?.(frame);
        }

        #remove(id) {
                const peer = this.peers.get(id);

                if (!peer)
                        return;
                this.peers.delete(id);
                peer.close();
                peer.sound.srcObject = null;
                peer.sound.remove();
                peer.picture.srcObject = null;
                peer.picture.remove();
        }

        async #play(peer) {
                try {
                        await peer.sound.play();
                } catch (error) {
                        if (error.name === "NotAllowedError")
                                this.isSilenced = true;
                }
        }

        #peerChanged(peer) {
                if (this.peers.get(peer.id) !== peer)
                        return;
                if (peer.sound.srcObject !== peer.stream)
                        peer.sound.srcObject = peer.picture.srcObject = peer.stream;
                if (peer.sound.paused && peer.stream?.getAudioTracks().length > 0)
                        this.#play(peer).then(() => this.on.changed());
                this.#reportFlows();
                this.on.changed();
        }

        #reportFlows() {
                this.on.flows([...this.peers.values()].some((peer) => peer.isConnected));
        }

        #listen() {
                const now = performance.now();
                let changed = false;

                for (const peer of this.peers.values()) {
                        peer.measure().catch(() => {}); /* fails once it is closed */
                        if (peer.level > SPEAKING_LEVEL)
                                peer.spokeAt = now;
                        const isSpeaking = now - peer.spokeAt < SPEAKING_HOLD_MS;
                        const hasPicture = this.#hasPicture(peer, now);

                        changed ||= isSpeaking !== peer.isSpeaking;
                        changed ||= hasPicture !== peer.hasPicture;
                        peer.isSpeaking = isSpeaking;
                        peer.hasPicture = hasPicture;
                }
                if (changed)
                        this.on.changed();
        }
}
