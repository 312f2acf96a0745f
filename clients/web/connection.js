/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One RTCPeerConnection to another participant, with its offers and answers. A pair of participants
 * has one at a time; if it is lost, a new one replaces it (peer.js).
 */

/* Candidates of the other side, for one connection; an end has about 20. As in tring-media. */
export const CANDIDATES_MAX = 256;

export class Connection {
        /*
         * `on`: description(description), candidate(candidate or null), changed(). `local` is the
         * stream whose tracks are sent; `video`: it is a video call.
         */
        constructor({ number, iceServers, certificates, local, video, on }) {
                this.number = number;
                this.local = local;
                this.video = video;
                this.on = on;
                this.stream = new MediaStream(); /* tracks of the other participant */
                this.candidates = 0; /* taken from the other side */
                this.early = []; /* remote candidates that came before their description */
                this.unsent = []; /* local candidates until our description is sent; then null */
                this.wantsOffer = false; /* make another offer after this exchange */
                this.wantsVideo = false; /* the other side sends video */
                this.level = 0; /* 0…1, of the other participant's voice */
                this.pc = new RTCPeerConnection({
                        iceServers, certificates, bundlePolicy: "max-bundle",
                });
                this.pc.onicecandidate = ({ candidate }) =>
                        this.#sendCandidate(candidate?.candidate ? candidate : null);
                this.pc.ontrack = ({ track }) => {
                        this.stream.addTrack(track);
                        on.changed();
                };
                this.pc.onconnectionstatechange = () => on.changed();
        }

        get state() {
                return this.pc.connectionState;
        }

        get isConnected() {
                return this.state === "connected";
        }

        /*
         * Brings `level` up to date. It comes with the packets if the other side sends it (RFC
         * 6464); browsers measure it themselves only for their statistics.
         */
        async measure() {
                const audio = this.pc.getReceivers().find(({ track }) => track.kind === "audio");
                const told = audio?.getSynchronizationSources()[0]?.audioLevel;

                this.level = told ?? await measuredLevel(audio);
        }

        /* `withVideo`: the other side has video to send. */
        async offer(withVideo = false) {
                this.wantsVideo ||= withVideo;
                if (this.pc.signalingState !== "stable") {
                        this.wantsOffer = true;
                        return;
                }
                this.#addTransceivers();
                await this.pc.setLocalDescription(await this.pc.createOffer());
                await this.#describe();
        }

        async takeOffer(offer) {
                await this.pc.setRemoteDescription(offer);
                await this.#fillTransceivers();
                await this.pc.setLocalDescription(await this.pc.createAnswer());
                await this.#describe();
                await this.#takeEarly();
        }

        async takeAnswer(answer) {
                if (this.pc.signalingState !== "have-local-offer")
                        return;
                await this.pc.setRemoteDescription(answer);
                await this.#takeEarly();
                if (this.wantsOffer) {
                        this.wantsOffer = false;
                        await this.offer();
                }
        }

        async takeCandidate(candidate) {
                if (this.candidates === CANDIDATES_MAX)
                        return;
                this.candidates++;
                if (!this.pc.remoteDescription)
                        this.early.push(candidate);
                else
                        await this.pc.addIceCandidate(candidate);
        }

        /*
         * Replaces the track that is sent, for instance after the camera was switched; null sends
         * none.
         */
        async setTrack(kind, track) {
                await this.#transceiver(kind)?.sender.replaceTrack(track);
        }

        close() {
                this.pc.onicecandidate = this.pc.ontrack = this.pc.onconnectionstatechange = null;
                this.pc.close();
        }

        async #describe() {
                await this.on.description(this.pc.localDescription);
                for (const candidate of this.unsent?.splice(0) ?? [])
                        this.on.candidate(candidate);
                this.unsent = null;
        }

        #sendCandidate(candidate) {
                if (this.unsent)
                        this.unsent.push(candidate);
                else
                        this.on.candidate(candidate);
        }

        async #takeEarly() {
                for (const candidate of this.early.splice(0))
                        await this.pc.addIceCandidate(candidate).catch(() => {});
        }

        #transceiver(kind) {
                return this.pc.getTransceivers().find((one) => one.receiver.track.kind === kind);
        }

        #localTrack(kind) {
                return this.local.getTracks().find((track) => track.kind === kind) ?? null;
        }

        #addTransceivers() {
                for (const kind of this.video || this.wantsVideo ? ["audio", "video"] : ["audio"]) {
                        if (this.#transceiver(kind))
                                continue;
                        const isSent = kind === "audio" || this.video;
                        const track = isSent ? this.#localTrack(kind) : null;
                        const transceiver = this.pc.addTransceiver(track ?? kind, {
                                direction: isSent ? "sendrecv" : "recvonly",
                                streams: [this.local],
                        });

                        if (kind === "video")
                                preferVp8(transceiver);
                }
        }

        /* The other side made the m-lines; put our tracks into them. */
        async #fillTransceivers() {
                for (const transceiver of this.pc.getTransceivers()) {
                        const kind = transceiver.receiver.track.kind;
                        const isSent = kind === "audio" || this.video;

                        if (transceiver.direction !== "recvonly" || !isSent)
                                continue;
                        transceiver.direction = "sendrecv";
                        transceiver.sender.setStreams?.(this.local);
                        if (kind === "video")
                                preferVp8(transceiver);
                        await transceiver.sender.replaceTrack(this.#localTrack(kind));
                }
        }
}

async function measuredLevel(receiver) {
        for (const stats of (await receiver?.getStats())?.values() ?? [])
                if (stats.type === "inbound-rtp")
                        return stats.audioLevel ?? 0;
        return 0;
}

/* The desktop sends VP8 only; other formats would just make the description longer. */
function preferVp8(transceiver) {
        const codecs = RTCRtpReceiver.getCapabilities("video")?.codecs ?? [];
        const wanted = codecs.filter(({ mimeType }) => /^video\/(VP8|rtx)$/i.test(mimeType));

        if (wanted.some(({ mimeType }) => /VP8/i.test(mimeType)))
                transceiver.setCodecPreferences?.(wanted);
}
