/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One RTCPeerConnection to another participant, and the exchange of offers and answers on it. A
 * pair has one at a time; when that is lost another one takes its place (peer.js).
 */

export class Connection {
        /*
         * `on`: description(description), candidate(candidate or null), changed(). `local` is the
         * stream whose tracks are sent; `video`: the call has pictures.
         */
        constructor({ number, iceServers, certificates, local, video, on }) {
                this.number = number;
                this.local = local;
                this.video = video;
                this.on = on;
                this.stream = new MediaStream(); /* what comes from there */
                this.early = []; /* candidates before the description that they belong to */
                this.ours = []; /* likewise ours, before our description went out; then null */
                this.wantsOffer = false; /* another one, when this exchange is over */
                this.wantsVideo = false; /* the other side has a picture */
                this.pc = new RTCPeerConnection({
                        iceServers, certificates, bundlePolicy: "max-bundle",
                });
                this.pc.onicecandidate = ({ candidate }) =>
                        this.#tellCandidate(candidate?.candidate ? candidate : null);
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

        /* 0…1, of the voice that comes from there. */
        get level() {
                const audio = this.pc.getReceivers().find(({ track }) => track.kind === "audio");

                return audio?.getSynchronizationSources()[0]?.audioLevel ?? 0;
        }

        /* `withVideo`: somebody there has a picture to show. */
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
                if (!this.pc.remoteDescription)
                        this.early.push(candidate);
                else
                        await this.pc.addIceCandidate(candidate);
        }

        /* The camera was switched: another track is sent from now on, or none. */
        async setTrack(kind, track) {
                await this.#transceiver(kind)?.sender.replaceTrack(track);
        }

        close() {
                this.pc.onicecandidate = this.pc.ontrack = this.pc.onconnectionstatechange = null;
                this.pc.close();
        }

        async #describe() {
                await this.on.description(this.pc.localDescription);
                for (const candidate of this.ours?.splice(0) ?? [])
                        this.on.candidate(candidate);
                this.ours = null;
        }

        #tellCandidate(candidate) {
                if (this.ours)
                        this.ours.push(candidate);
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

        /* The other side made the m-lines: what we have goes into them. */
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

/* What the desktop speaks; other formats would only make the description longer. */
function preferVp8(transceiver) {
        const codecs = RTCRtpReceiver.getCapabilities("video")?.codecs ?? [];
        const ours = codecs.filter(({ mimeType }) => /^video\/(VP8|rtx)$/i.test(mimeType));

        if (ours.some(({ mimeType }) => /VP8/i.test(mimeType)))
                transceiver.setCodecPreferences?.(ours);
}
