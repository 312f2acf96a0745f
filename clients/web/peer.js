/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The media between this device and one other participant: an RTCPeerConnection, and who may say
 * what on it. Of two participants the one who joined later makes all offers; the other asks for one
 * (`offer_wanted`), so that two offers never meet.
 *
 * Signals are JSON.stringify() of what browsers have (daemon/wire/media-signal.h).
 */

/* A path that is lost for so long is looked for anew. */
const RESTART_AFTER_MS = 3000;
const RESTART_EVERY_MS = 8000;

export class Peer {
        /*
         * `send(data)` gives a signal to the other side, `changed()` says that there is something
         * to show. `local` is the stream whose tracks are sent; `video`: the call has pictures.
         */
        constructor({ id, offers, iceServers, local, video, send, changed }) {
                this.id = id;
                this.offers = offers;
                this.local = local;
                this.video = video;
                this.send = send;
                this.changed = changed;
                this.stream = new MediaStream(); /* what comes from there */
                this.early = []; /* candidates before the description that they belong to */
                this.wantsOffer = null; /* one is to be made when this exchange is over */
                this.turn = Promise.resolve(); /* signals are taken one after the other */
                this.restart = null;

                this.connection = new RTCPeerConnection({ iceServers, bundlePolicy: "max-bundle" });
                this.connection.onicecandidate = ({ candidate }) =>
                        send(JSON.stringify({ candidate: candidate && candidate.candidate ? candidate : null }));
                this.connection.ontrack = ({ track }) => this.#takeTrack(track);
                this.connection.onconnectionstatechange = () => this.#stateChanged();
                if (offers) {
                        this.#addTransceivers();
                        this.#then(() => this.#makeOffer(false));
                }
        }

        get isConnected() {
                return this.connection.connectionState === "connected";
        }

        /* 0…1, of the voice that comes from there. */
        get level() {
                for (const receiver of this.connection.getReceivers())
                        if (receiver.track.kind === "audio")
                                return receiver.getSynchronizationSources()[0]?.audioLevel ?? 0;
                return 0;
        }

        get fingerprints() {
                const of = (description) => /^a=fingerprint:(.+)$/m.exec(description?.sdp ?? "")?.[1].trim() ?? "";

                return [of(this.connection.localDescription), of(this.connection.remoteDescription)];
        }

        signal(data) {
                let signal;

                try {
                        signal = JSON.parse(data);
                } catch {
                        return; /* not from a media end that keeps to the protocol */
                }
                this.#then(() => this.#take(signal));
        }

        /* The camera was switched: another track is sent from now on, or none. */
        async setTrack(kind, track) {
                const transceiver = this.#transceiver(kind);

                await transceiver?.sender.replaceTrack(track);
        }

        close() {
                clearTimeout(this.restart);
                this.connection.onconnectionstatechange = null;
                this.connection.onicecandidate = null;
                this.connection.close();
        }

        #then(step) {
                this.turn = this.turn.then(step).catch((error) => {
                        if (this.connection.signalingState !== "closed")
                                console.warn(`media with participant ${this.id}: ${error.message}`);
                });
        }

        #transceiver(kind) {
                return this.connection.getTransceivers().find(
                        (one) => one.receiver.track.kind === kind && one.direction !== "stopped");
        }

        #localTrack(kind) {
                return this.local.getTracks().find((track) => track.kind === kind) ?? null;
        }

        #addTransceivers() {
                for (const kind of this.video ? ["audio", "video"] : ["audio"]) {
                        const transceiver = this.connection.addTransceiver(this.#localTrack(kind) ?? kind, {
                                direction: "sendrecv",
                                streams: [this.local],
                        });

                        if (kind === "video")
                                preferVp8(transceiver);
                }
        }

        /* The other side made the m-lines: what we have goes into them. */
        async #fillTransceivers() {
                for (const transceiver of this.connection.getTransceivers()) {
                        const kind = transceiver.receiver.track.kind;

                        if (transceiver.direction === "sendrecv" || transceiver.direction === "stopped")
                                continue;
                        if (kind === "video" && !this.video)
                                continue;
                        transceiver.direction = "sendrecv";
                        transceiver.sender.setStreams?.(this.local);
                        if (kind === "video")
                                preferVp8(transceiver);
                        await transceiver.sender.replaceTrack(this.#localTrack(kind));
                }
        }

        async #makeOffer(iceRestart) {
                if (this.connection.signalingState !== "stable") {
                        this.wantsOffer = { iceRestart: iceRestart || this.wantsOffer?.iceRestart };
                        return;
                }
                await this.connection.setLocalDescription(
                        await this.connection.createOffer({ iceRestart }));
                this.#sendDescription();
        }

        #sendDescription() {
                const { type, sdp } = this.connection.localDescription;

                this.send(JSON.stringify({ sdp: { type, sdp } }));
        }

        async #take(signal) {
                if (signal.sdp?.type === "offer" && !this.offers)
                        await this.#takeOffer(signal.sdp);
                else if (signal.sdp?.type === "answer" && this.offers)
                        await this.#takeAnswer(signal.sdp);
                else if (signal.offer_wanted && this.offers)
                        await this.#makeOffer(Boolean(signal.offer_wanted.ice_restart));
                else if (signal.candidate)
                        await this.#takeCandidate(signal.candidate);
        }

        async #takeOffer(offer) {
                await this.connection.setRemoteDescription(offer);
                await this.#fillTransceivers();
                await this.connection.setLocalDescription(await this.connection.createAnswer());
                this.#sendDescription();
                await this.#takeEarly();
        }

        async #takeAnswer(answer) {
                if (this.connection.signalingState !== "have-local-offer")
                        return;
                await this.connection.setRemoteDescription(answer);
                await this.#takeEarly();
                const again = this.wantsOffer;
                this.wantsOffer = null;
                if (again)
                        await this.#makeOffer(again.iceRestart);
        }

        async #takeEarly() {
                for (const candidate of this.early.splice(0))
                        await this.connection.addIceCandidate(candidate).catch(() => {});
        }

        async #takeCandidate(candidate) {
                if (!this.connection.remoteDescription)
                        this.early.push(candidate);
                else
                        await this.connection.addIceCandidate(candidate);
        }

        #takeTrack(track) {
                this.stream.addTrack(track);
                track.onmute = track.onunmute = () => this.changed();
                this.changed();
        }

        #stateChanged() {
                const state = this.connection.connectionState;

                clearTimeout(this.restart);
                if (state === "disconnected" || state === "failed")
                        this.restart = setTimeout(() => this.#restartIce(),
                                                  state === "failed" ? 0 : RESTART_AFTER_MS);
                this.changed();
        }

        #restartIce() {
                if (this.offers)
                        this.#then(() => this.#makeOffer(true));
                else
                        this.send(JSON.stringify({ offer_wanted: { ice_restart: true } }));
                this.restart = setTimeout(() => this.#restartIce(), RESTART_EVERY_MS);
        }
}

/* What the desktop speaks; other formats would only make the description longer. */
function preferVp8(transceiver) {
        const codecs = RTCRtpReceiver.getCapabilities("video")?.codecs ?? [];
        const ours = codecs.filter((codec) => /^video\/(VP8|rtx)$/i.test(codec.mimeType));

        if (ours.some((codec) => /VP8/i.test(codec.mimeType)))
                transceiver.setCodecPreferences?.(ours);
}
