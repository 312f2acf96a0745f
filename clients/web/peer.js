/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The media between this device and one other participant (PROTOCOL.md, Media). The participant
 * that joined later makes all offers; the other one asks for offers (`offer_wanted`), so that two
 * offers never meet. A lost connection is not repaired: a new one is made, and replaces it once it
 * works.
 */

import { Connection } from "./connection.js";
import { readSignal } from "./signal.js";
import { Verification } from "./verification.js";

const LOST_AFTER_MS = 3000; /* without a path; it may recover by itself */
const AGAIN_AFTER_MS = 8000; /* time for a new connection to be made */
const CODE_AFTER_MS = 10000; /* once it is connected the code is there at once */
const FIRST_AFTER_MS = 20000; /* for the first one: people may have to allow devices */

export class Peer {
        /*
         * `send(data)` sends a signal to the other side, `changed()` reports a change to show,
         * `fault(text)` an error; `rest` is passed to the connections.
         */
        constructor({ id, offers, verifies, send, changed, fault, ...rest }) {
                this.id = id;
                this.offers = offers;
                this.sendData = send;
                this.changed = changed;
                this.fault = fault;
                this.rest = rest;
                this.verification = new Verification(offers, globalThis.crypto, verifies);
                this.connections = []; /* oldest first; all but the last are about to be closed */
                this.current = null; /* the newest one that works or has worked; it is heard */
                this.turn = Promise.resolve(); /* signals are handled one after the other */
                this.timer = setTimeout(() => this.#again(), FIRST_AFTER_MS);
                if (offers)
                        this.#then(() => this.#begin(1).offer());
        }

        get isConnected() {
                return Boolean(this.current?.isConnected);
        }

        get stream() {
                return this.current?.stream ?? null;
        }

        /* 0…1, of the voice, as of the last measure(). */
        get level() {
                return this.current?.level ?? 0;
        }

        async measure() {
                await this.current?.measure();
        }

        /* "1234 5678", once the connection has shown the verified certificate. */
        get code() {
                return this.isConnected ? this.verification.code : "";
        }

        /* Why there will be no code: a clause; empty while it is known or awaited. */
        get whyNoCode() {
                return this.verification.why;
        }

        signal(data) {
                const signal = readSignal(data);

                /* The other side may violate the protocol. */
                if (signal)
                        this.#then(() => this.#take(signal));
        }

        async setTrack(kind, track) {
                for (const connection of this.connections)
                        await connection.setTrack(kind, track);
        }

        useRelays(iceServers) {
                this.rest.iceServers = iceServers;
        }

        close() {
                clearTimeout(this.timer);
                clearTimeout(this.codeTimer);
                for (const connection of this.connections)
                        connection.close();
                this.isClosed = true;
        }

        #send(signal) {
                this.sendData(JSON.stringify(signal));
        }

        #then(step) {
                this.turn = this.turn.then(() => this.isClosed || step()).catch((error) => {
                        if (!this.isClosed)
                                this.fault(error.message);
                });
        }

        get #newest() {
                return this.connections.at(-1);
        }

        #begin(number) {
                const on = {
                        description: (description) => this.#describe(number, description),
                        candidate: (candidate) => this.#send({ candidate, ...numbered(number) }),
                        changed: () => this.#connectionChanged(connection),
                };
                const connection = new Connection({ ...this.rest, number, on });

                /* One beside the one that works: the other side may ask for any number. */
                for (const attempt of this.connections.filter((one) => one !== this.current))
                        attempt.close();
                this.connections = this.connections.filter((one) => one === this.current);
                this.connections.push(connection);
                this.current ??= connection;
                return connection;
        }

        async #describe(number, { type, sdp }) {
                this.#send({
                        sdp: { type, sdp },
                        ...numbered(number),
                        ...await this.verification.send(sdp),
                });
        }

        async #take(signal) {
                if (signal.sdp || signal.nonce)
                        await this.#verify(signal);
                if (signal.sdp?.type === "offer" && !this.offers)
                        await this.#offerConnection(signal)?.takeOffer(signal.sdp);
                else if (signal.sdp?.type === "answer" && this.offers)
                        await this.#connectionOf(signal)?.takeAnswer(signal.sdp);
                else if (signal.candidate?.candidate)
                        await this.#connectionOf(signal)?.takeCandidate(signal.candidate);
                else if (signal.offer_wanted && this.offers)
                        await this.#offerWanted(signal.offer_wanted);
        }

        async #verify(signal) {
                const reply = await this.verification.take(signal);

                if (reply)
                        this.#send(reply);
                if (this.verification.code || this.verification.why)
                        this.changed();
        }

        #connectionOf({ connection }) {
                return this.connections.find(({ number }) => number === connection);
        }

        /* An offer with a higher number than before begins a new connection. */
        #offerConnection(signal) {
                const { connection } = signal;

                return connection > (this.#newest?.number ?? 0) ? this.#begin(connection)
                                                                : this.#connectionOf(signal);
        }

        async #offerWanted({ ice_restart: isRestart }) {
                if (!isRestart)
                        await this.#newest.offer(true);
                else if (this.#newest.isConnected || this.#newest === this.current)
                        await this.#begin(this.#newest.number + 1).offer();
        }

        /* Somebody in between could hold back the other side's part of the code. */
        #awaitCode() {
                this.codeTimer ??= setTimeout(() => {
                        this.verification.overdue();
                        this.changed();
                }, CODE_AFTER_MS);
        }

        #connectionChanged(connection) {
                if (connection.isConnected)
                        this.#awaitCode();
                if (connection.isConnected && connection === this.#newest) {
                        this.current = connection;
                        for (const old of this.connections.splice(0, this.connections.length - 1))
                                old.close();
                }
                if (connection === this.#newest)
                        this.#watch(connection.state);
                this.changed();
        }

        #watch(state) {
                clearTimeout(this.timer);
                if (state === "connected")
                        return;
                const wait = state === "failed" ? 0 : state === "disconnected" ? LOST_AFTER_MS
                        : this.connections.length > 1 ? AGAIN_AFTER_MS : FIRST_AFTER_MS;
                this.timer = setTimeout(() => this.#again(), wait);
        }

        /* There is no path: makes a new connection, or asks the other side for one. */
        #again() {
                if (this.offers)
                        this.#then(() => this.#begin(this.#newest.number + 1).offer());
                else
                        this.#send({ offer_wanted: { ice_restart: true } });
                this.timer = setTimeout(() => this.#again(), AGAIN_AFTER_MS);
        }
}

/* The first connection has no number on the wire. */
function numbered(number) {
        return number > 1 ? { connection: number } : {};
}
