/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * This device's part in the media of a call: of one call at a time, since there is one microphone.
 * Knows the other participants; controls media.js, which has sound and pictures, through actions.
 *
 * Each join makes a new participant id; messages for an old id are dropped (rule 18).
 */

import { HANDSHAKES_MAX } from "./call.js";
import { nameOf } from "./words.js";

const MODE = "mesh"; /* each participant has a connection with each other one */

export class Session {
        /* `phone` queues the actions and the requests. */
        constructor(phone) {
                this.phone = phone;
                this.call = null;
                this.state = "idle"; /* joining, joined, failed, left */
                this.own = "";
                this.others = new Map();
                this.missing = { audio: false, video: false }; /* no microphone, no camera */
                this.flows = false; /* the other side can be heard */
                this.relaysDue = Infinity; /* when the relays' credentials are renewed */
        }

        /* The switches of the person here. */
        get isMuted() {
                return this.call?.consent.muted ?? false;
        }

        get hasCamera() {
                return this.call?.consent.camera ?? false;
        }

        get isOpen() {
                return this.state === "joining" || this.state === "joined";
        }

        isOf(call) {
                return this.call === call;
        }

        /* Joins with the token of the answer, or asks the hub for a fresh one first. */
        begin(call, token) {
                if (this.call && this.call !== call && this.call.isLive)
                        this.phone.ask("leave", { session_id: this.call.id });
                this.#forgetOthers();
                this.call = call;
                this.state = "joining";
                this.missing = { audio: false, video: false };
                this.phone.act({
                        type: "media-start",
                        camera: this.hasCamera,
                        video: call.callType === "video",
                        muted: this.isMuted,
                });
                if (token)
                        this.#join(token);
                else
                        this.#askToken();
        }

        #askToken() {
                this.phone.ask("token", { session_id: this.call.id });
        }

        #join(token) {
                this.phone.ask("join", { session_id: this.call.id, token, ...this.#ownState });
        }

        takeToken(call, ok, error) {
                if (call !== this.call || this.state !== "joining")
                        return;
                if (error)
                        this.fail(error.message);
                else
                        this.#join(ok.token);
        }

        takeJoin(call, ok, error, request, now) {
                if (call !== this.call || this.state !== "joining") {
                        /* Left, or hung up, while the reply was on its way. */
                        if (ok && call?.isLive)
                                this.phone.ask("leave", { session_id: call.id });
                        return;
                }
                if (error) {
                        const isAnswers = request.members.token === call.joinToken;

                        /*
                         * The token of the answer may be used up or too old: ask for another, once.
                         */
                        if (error.name === "AuthFailed" && isAnswers) {
                                call.joinToken = "";
                                this.#askToken();
                        } else {
                                this.fail(error.message);
                        }
                        return;
                }
                call.joinToken = "";
                /* Newer hubs may support modes that this page does not. */
                if ((ok.mode ?? MODE) !== MODE) {
                        this.phone.ask("leave", { session_id: call.id });
                        this.fail(`the hub asks for media mode “${ok.mode}”, which this page ` +
                                  "does not support");
                        return;
                }
                this.state = "joined";
                this.own = ok.participant;
                for (const other of ok.others ?? [])
                        this.others.set(other.id, other);
                this.phone.act({
                        type: "media-join",
                        own: this.own,
                        others: [...this.others.values()].map((other) => this.#connecting(other)),
                        iceServers: ok.ice_servers ?? [],
                });
                this.#planRelays(ok.ice_lifetime, now);
                /* Muted, or found without a microphone, while the join was on its way. */
                const { muted, video_paused: isDark } = this.#ownState;
                if (muted !== request.members.muted || isDark !== request.members.video_paused)
                        this.#report();
        }

        /* After half of their lifetime: the rest is for a hub that is away. */
        #planRelays(lifetime, now) {
                this.relaysDue = lifetime > 0 ? now + lifetime * 1000 / 2 : Infinity;
        }

        renewRelays() {
                this.relaysDue = Infinity;
                if (this.state === "joined")
                        this.phone.ask("relays", { session_id: this.call.id });
        }

        /* A hub that does not know the request sends no lifetime, and is not asked. */
        takeRelays(call, ok, now) {
                if (!ok || call !== this.call || this.state !== "joined")
                        return;
                this.phone.act({ type: "media-relays", iceServers: ok.ice_servers ?? [] });
                this.#planRelays(ok.ice_lifetime, now);
        }

        takeEvent(event) {
                const participant = event.participant;

                if (event.session_id !== this.call?.id || !this.own)
                        return;
                switch (event.event) {
                case "joined":
                        this.#takeJoined(participant);
                        break;
                case "participant":
                        this.#takeState(participant);
                        break;
                case "left":
                        this.#takeLeft(participant);
                        break;
                case "signalled":
                        this.#takeSignal(event);
                        break;
                }
        }

        #takeJoined(participant) {
                /* Each join makes a new id; the connection to a known one stays as it is. */
                if (this.others.has(participant.id))
                        return;
                this.others.set(participant.id, participant);
                this.phone.act({ type: "media-joined",
                                 participant: this.#connecting(participant) });
        }

        /* Nobody becomes somebody else. */
        #takeState({ id, muted, video_paused, sharing }) {
                const known = this.others.get(id);

                if (known)
                        this.others.set(id, { ...known, muted, video_paused, sharing });
        }

        /*
         * Each connection to somebody is one guess of the verification code for a hub in between,
         * which lets people join and leave at will: after a few there is none.
         */
        #connecting(participant) {
                const n = this.call.countHandshake(participant.uid);

                if (n === HANDSHAKES_MAX + 1)
                        this.phone.notice(`${nameOf(participant)} is not verifiable: more than ` +
                                          `${HANDSHAKES_MAX} connections in this call`);
                return { ...participant, verifies: n <= HANDSHAKES_MAX };
        }

        #takeSignal({ peer, data }) {
                if (this.others.has(peer))
                        this.phone.act({ type: "media-signal", peer, data });
        }

        #takeLeft(participant) {
                if (participant.id === this.own) {
                        this.call.consent.withdraw();
                        this.close("left");
                        return;
                }
                if (this.others.delete(participant.id))
                        this.phone.act({ type: "media-left", id: participant.id });
        }

        /*
         * After a long time without the hub: does its snapshot of this session match the state
         * here?
         */
        agrees(snapshot) {
                const others = snapshot.others ?? [];

                return this.state === "joined" && snapshot.participant === this.own &&
                       others.length === this.others.size &&
                       others.every((other) => this.others.has(other.id));
        }

        signal(peer, data) {
                if (this.own && this.others.has(peer))
                        this.phone.ask("signal", { session_id: this.call.id, peer, data });
        }

        setMuted(muted) {
                this.call.consent.muted = muted;
                this.phone.act({ type: "media-mute", muted });
                this.#report();
        }

        setCamera(camera) {
                this.call.consent.camera = camera;
                this.phone.act({ type: "media-camera", camera });
                this.#report();
        }

        /* Whether a microphone ("audio") or camera ("video") is wanted and not there. */
        setMissing(kind, isMissing) {
                if (this.missing[kind] === isMissing)
                        return;
                this.missing[kind] = isMissing;
                this.#report();
        }

        setFlows(flows) {
                if (this.flows === flows)
                        return;
                this.flows = flows;
                this.#report();
        }

        /* A restarted hub does not know the state. */
        reportAgain() {
                this.#report();
        }

        #report() {
                if (this.state === "joined")
                        this.phone.ask("state", {
                                session_id: this.call.id,
                                ...this.#ownState,
                                media_flows: this.flows,
                        });
        }

        /* Our state, as the other participants see it. */
        get #ownState() {
                const isDark = this.call.callType === "video" &&
                               (!this.hasCamera || this.missing.video);

                return {
                        muted: this.isMuted || this.missing.audio,
                        ...(isDark && { video_paused: true }),
                };
        }

        /* The call continues; its media can be joined again. */
        fail(sentence) {
                this.close("failed");
                this.phone.notice(`There is no sound in this call: ${sentence}.`);
        }

        close(state = "idle") {
                if (this.state === "idle")
                        return;
                this.#forgetOthers();
                this.state = state;
                this.phone.act({ type: "media-stop" });
        }

        #forgetOthers() {
                this.others.clear();
                this.own = "";
                this.flows = false;
                this.relaysDue = Infinity;
        }
}
