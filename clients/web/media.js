/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The media of the one call that this device has joined: microphone and camera, a Peer for each
 * other participant, and the elements that play their sound and video. The microphone is opened
 * only after the call has been answered.
 */

import { Peer } from "./peer.js";

const LISTEN_MS = 200; /* how often voices are measured */
const SPEAKING_LEVEL = 0.02; /* -34 dB: above the noise of a room */
const SPEAKING_HOLD_MS = 600; /* a speaker keeps speaking between two words */
/* A picture without a new frame for so long is hidden. */
const PICTURE_STALE_MS = 1500;

const AUDIO = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
const KEY = { name: "ECDSA", namedCurve: "P-256" };
const VIDEO = { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 30 } };

export class Media {
        /* `on`: signal(peer, data), changed(), flows(bool), notice(sentence), fault(peer, text). */
        constructor(on) {
                this.on = on;
                this.local = null;
                this.peers = new Map();
                this.isSilenced = false; /* the browser plays no sound before a click */
                this.generation = 0;
        }

        /* Opens microphone and camera; join() follows when the hub has confirmed the join. */
        start({ camera, video, muted }) {
                this.stop();
                this.local = new MediaStream();
                this.video = video;
                this.isMuted = muted;
                this.faults = { audio: "", video: "" };
                /*
                 * One certificate for all connections of a call: the verification code depends on
                 * it.
                 */
                this.certifying = RTCPeerConnection.generateCertificate(KEY)
                        .then((certificate) => [certificate]);
                this.opening = this.#open(this.generation, camera);
                this.listening = setInterval(() => this.#listen(), LISTEN_MS);
        }

        async join({ others, iceServers }) {
                const generation = this.generation;

                this.iceServers = iceServers.map(({ url, username, credential }) =>
                        ({ urls: url, ...(username && { username, credential }) }));
                await this.opening;
                this.certificates = await this.certifying;
                if (generation !== this.generation)
                        return;
                /* We joined after these participants, so we make the offers. */
                for (const other of others)
                        this.#add(other.id, true);
        }

        async joined(participant) {
                const generation = this.generation;

                await this.opening;
                this.certificates = await this.certifying;
                if (generation === this.generation)
                        this.#add(participant.id, false);
        }

        async signal(id, data) {
                await this.opening;
                await this.certifying;
                this.peers.get(id)?.signal(data);
        }

        left(id) {
                this.#remove(id);
                this.on.changed();
        }

        setMuted(muted) {
                this.isMuted = muted;
                for (const track of this.local?.getAudioTracks() ?? [])
                        track.enabled = !muted;
        }

        /* Off stops the track, so that the camera's light goes out. */
        async setCamera(on) {
                const generation = this.generation;

                for (const track of this.local?.getVideoTracks() ?? []) {
                        track.stop();
                        this.local.removeTrack(track);
                }
                if (on)
                        await this.#capture(generation, { video: VIDEO });
                if (generation !== this.generation)
                        return;
                const track = this.local?.getVideoTracks()[0] ?? null;
                for (const peer of this.peers.values())
                        await peer.setTrack("video", track);
                this.on.changed();
        }

        stop() {
                this.generation++;
                clearInterval(this.listening);
                for (const id of [...this.peers.keys()])
                        this.#remove(id);
                for (const track of this.local?.getTracks() ?? [])
                        track.stop();
                this.local = null;
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
                return (this.local?.getVideoTracks().length ?? 0) > 0;
        }

        /*
         * Asks for permission right after a click, before a call waits for the answer. Nothing
         * stays open.
         */
        static async askPermission(video) {
                const names = video ? ["microphone", "camera"] : ["microphone"];
                const states = await Promise.all(names.map((name) =>
                        navigator.permissions?.query({ name }).catch(() => null)));

                if (!navigator.mediaDevices || !states.some((state) => state?.state === "prompt"))
                        return;
                const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video })
                        .catch(() => null);
                for (const track of stream?.getTracks() ?? [])
                        track.stop();
        }

        async #open(generation, camera) {
                if (!navigator.mediaDevices) {
                        this.on.notice("This page was not loaded over https, so the browser " +
                                       "gives it no microphone. You can listen.");
                        return;
                }
                if (camera && await this.#capture(generation, { audio: AUDIO, video: VIDEO }, true))
                        return;
                await this.#capture(generation, { audio: AUDIO });
                if (camera && generation === this.generation)
                        await this.#capture(generation, { video: VIDEO });
        }

        /* Returns whether the device could be opened; if not, shows a notice unless `quiet`. */
        async #capture(generation, wanted, quiet = false) {
                let stream;

                try {
                        stream = await navigator.mediaDevices.getUserMedia(wanted);
                } catch (error) {
                        if (!quiet && generation === this.generation)
                                this.on.notice(captureSentence(
                                        wanted.audio ? "microphone" : "camera", error));
                        return false;
                }
                for (const track of stream.getTracks()) {
                        if (generation !== this.generation) {
                                track.stop();
                                continue;
                        }
                        if (track.kind === "audio")
                                track.enabled = !this.isMuted;
                        this.local.addTrack(track);
                        track.onended = () => this.#trackEnded(generation, track);
                }
                this.on.changed();
                return true;
        }

        /* The device was unplugged, or the person revoked the permission in the browser's bar. */
        async #trackEnded(generation, track) {
                if (generation !== this.generation)
                        return;
                this.local.removeTrack(track);
                this.on.changed();
                if (track.kind !== "audio" || !await this.#capture(generation, { audio: AUDIO }))
                        return;
                for (const peer of this.peers.values())
                        await peer.setTrack("audio", this.local.getAudioTracks()[0]);
        }

        #add(id, offers) {
                const peer = new Peer({
                        id,
                        offers,
                        iceServers: this.iceServers,
                        certificates: this.certificates,
                        local: this.local,
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

function captureSentence(what, error) {
        switch (error.name) {
        case "NotAllowedError":
                return `The browser does not let this page use the ${what}: allow it in the ` +
                       `address bar. ${without(what)}`;
        case "NotFoundError":
                return `There is no ${what} here. ${without(what)}`;
        case "NotReadableError":
                return `Another program has the ${what}. ${without(what)}`;
        default:
                return `The ${what} cannot be used (${error.message}). ${without(what)}`;
        }
}

function without(what) {
        return what === "camera" ? "The others cannot see you." : "You can listen.";
}
