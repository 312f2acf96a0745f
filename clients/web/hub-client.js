/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The connection to the hub (daemon/wire/PROTOCOL.md): one WebSocket at a time, replaced when it is
 * lost. Sends hello, gives requests their ids, stores requests without a reply and sends them again
 * on the next connection, checks the order of events and acknowledges them. phone.js interprets the
 * messages.
 *
 * Socket and timers are passed in, so that tests need neither a hub nor real time.
 */

const VERSION = 1;
const HELLO_ID = 1;
const HELLO_MS = 15000; /* for connecting and the welcome */
const ACK_MS = 200; /* an acknowledgement waits so long for a request to carry it */
const RETRY_FIRST_MS = 500;
const RETRY_LAST_MS = 60000;
const RETRY_ANEW_MS = 10000; /* a connection that has lasted so long was a success */
/* Rule 20: waits after a refusal by a hub that has welcomed this token before. */
const REFUSED_MS = [1 * 60000, 5 * 60000, 30 * 60000];
/* Pages do not see pings: after so much silence send the hub a request. */
const PROBE_AFTER_MS = 45000;
const PROBE_REPLY_MS = 8000;
const CLOSE_EVENTS_MISSING = 3000;

/* Close codes by which the hub refuses this device. */
const REFUSED = {
        4001: "The hub does not accept this token.",
        4002: "Tring was opened elsewhere with this device: in another tab or window.",
        4006: "This token is no longer valid: it was revoked, or the user removed.",
        4007: "The hub and this page do not speak the same version. Reload the page.",
};
/* These pass if the hub has welcomed the token before: it runs with a wrong folder, or was rolled
 * back. After 4002 the person decides which tab it shall be. */
const PASSING = [4001, 4007];

/*
 * The WebSocket of the hub that serves this page. It is below the folder of the page, which may be
 * below a path of a proxy: of /tring/ it is /tring/v1/ws.
 */
export function hubAddress(page) {
        const address = new URL("v1/ws", page);

        address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
        return address.href;
}

export class HubClient {
        /*
         * `on`: state(state, sentence, code), welcome(welcome), event(event),
         * reply(request, ok, error), isWanted(request): whether a request without a reply should
         * be sent again on a connection that was not resumed.
         */
        constructor({ open, on, timers = globalThis, random = Math.random, clock = Date.now }) {
                this.openSocket = open;
                this.on = on;
                this.timers = timers;
                this.random = random;
                this.clock = clock;
                this.hello = null; /* token, device, device_name */
                this.socket = null;
                this.isWelcome = false;
                this.nextId = HELLO_ID + 1;
                this.pending = []; /* requests without a reply, in order */
                this.resume = "";
                this.seq = 0;
                this.acked = 0;
                this.retryMs = RETRY_FIRST_MS;
                this.timer = {}; /* by purpose */
        }

        /* `wasWelcome`: a hub has welcomed this token before, on an earlier page. */
        connect(hello, wasWelcome = false) {
                this.disconnect();
                this.hello = hello;
                this.wasWelcome = wasWelcome;
                this.refusals = 0;
                this.pending = [];
                this.resume = "";
                this.#dial();
        }

        /* Disconnects until the next connect(). */
        disconnect() {
                this.hello = null;
                this.#drop(1000);
        }

        /*
         * The network is back, or the lid was opened: connects now instead of after the back-off.
         */
        hurry() {
                if (!this.hello)
                        return;
                this.retryMs = RETRY_FIRST_MS;
                if (this.isWelcome)
                        this.#probe();
                else if (!this.socket)
                        this.#dial();
        }

        request(request) {
                request.id = 0;
                this.pending.push(request);
                if (this.isWelcome)
                        this.#send(request);
        }

        /* Says something once, without waiting for the reply or saying it again. */
        say(op) {
                if (this.isWelcome)
                        this.#send({ op, members: {} });
        }

        #dial() {
                this.#cancel("retry");
                this.on.state("connecting", "");
                const socket = this.openSocket();

                this.socket = socket;
                this.heardAt = this.clock();
                this.#after("hello", HELLO_MS, () => this.#lost("The hub does not answer."));
                socket.onopen = () => {
                        const resume = this.resume
                                ? { resume: this.resume, resume_seq: this.seq } : {};
                        const hello = { id: HELLO_ID, op: "hello", version: VERSION };

                        socket.send(JSON.stringify({ ...hello, ...this.hello, ...resume }));
                };
                socket.onmessage = (message) => {
                        if (socket === this.socket)
                                this.#take(message.data);
                };
                socket.onclose = (closed) => {
                        if (socket === this.socket)
                                this.#closed(closed.code, closed.reason);
                };
        }

        #take(data) {
                let message;

                this.heardAt = this.clock();
                this.isHeard = true;
                try {
                        message = JSON.parse(data);
                } catch {
                        this.#lost("The hub sent something that is not JSON.");
                        return;
                }
                if (typeof message !== "object" || message === null)
                        this.#lost("The hub sent something that is no message.");
                else if (message.event !== undefined)
                        this.#takeEvent(message);
                else if (message.id === HELLO_ID && !this.isWelcome)
                        this.#takeWelcome(message);
                else
                        this.#takeReply(message);
        }

        #takeWelcome({ ok, error }) {
                if (error) {
                        this.refusal = error.message; /* the hub closes the connection next */
                        return;
                }
                if (!ok) {
                        this.#lost("The hub sent something that is no welcome.");
                        return;
                }
                this.#cancel("hello");
                /* A welcome alone is no success yet: what follows may end the connection again. */
                this.#after("anew", RETRY_ANEW_MS, () => (this.retryMs = RETRY_FIRST_MS));
                this.isWelcome = true;
                this.wasWelcome = true;
                this.refusals = 0;
                this.resume = ok.link;
                if (!ok.resumed) {
                        this.seq = 0;
                        this.acked = 0;
                }
                this.on.state("online", "");

                const before = this.pending;

                this.pending = [];
                this.on.welcome(ok);
                for (const request of before)
                        if (ok.resumed || this.on.isWanted(request))
                                this.request(request);
                this.#after("probe", PROBE_AFTER_MS, () => this.#watch());
        }

        #takeEvent(event) {
                if (event.seq !== this.seq + 1) {
                        this.#lost("Events of the hub are missing.", CLOSE_EVENTS_MISSING);
                        return;
                }
                this.seq = event.seq;
                this.retryMs = RETRY_FIRST_MS;
                this.on.event(event);
                if (this.acked < this.seq && !this.timer.ack)
                        this.#after("ack", ACK_MS, () => this.#acknowledge());
        }

        #takeReply({ id, ok, error }) {
                const request = this.pending.find((one) => one.id === id);

                if (!request)
                        return;
                this.pending.splice(this.pending.indexOf(request), 1);
                if (!request.isProbe)
                        this.on.reply(request, ok ?? null, error ?? null);
        }

        #send(request) {
                const ack = this.acked < this.seq ? { ack: this.seq } : {};

                request.id = this.nextId++;
                this.acked = this.seq;
                this.#cancel("ack");
                this.socket.send(JSON.stringify({
                        id: request.id, op: request.op, ...request.members, ...ack,
                }));
        }

        #acknowledge() {
                this.timer.ack = null;
                if (!this.isWelcome || this.acked === this.seq)
                        return;
                this.acked = this.seq;
                this.socket.send(JSON.stringify({ op: "ack", ack: this.seq }));
        }

        /*
         * The wall clock goes on while the machine sleeps, which timers do not. It may also be set:
         * where it went back, nobody knows for how long the hub was silent.
         */
        #watch() {
                const silent = this.clock() - this.heardAt;
                const isKnown = silent >= 0;

                if (!isKnown || silent >= PROBE_AFTER_MS)
                        this.#probe();
                this.#after("probe",
                            Math.max(PROBE_AFTER_MS - (isKnown ? silent : 0), PROBE_REPLY_MS),
                            () => this.#watch());
        }

        /* Sends a request that any hub answers. */
        #probe() {
                this.isHeard = false;
                this.request({ op: "history", members: { limit: 1 }, isProbe: true });
                this.#after("answer", PROBE_REPLY_MS, () => {
                        if (!this.isHeard)
                                this.#lost("The hub does not answer.");
                });
        }

        #closed(code, reason) {
                const refused = REFUSED[code];
                const why = this.refusal || reason;

                this.refusal = "";
                this.#drop();
                if (refused && this.wasWelcome && PASSING.includes(code)) {
                        this.#retryMuchLater(refused);
                } else if (refused) {
                        this.hello = null;
                        this.on.state("refused", refused, code);
                } else {
                        this.#retryLater(why && `The hub closed the connection: ${why}.`);
                }
        }

        #retryMuchLater(sentence) {
                const wait = REFUSED_MS[Math.min(this.refusals++, REFUSED_MS.length - 1)];

                this.on.state("offline", `${sentence} Trying again from time to time.`);
                this.#after("retry", wait, () => this.#dial());
        }

        #lost(sentence, code = 1000) {
                this.#drop(code);
                this.#retryLater(sentence);
        }

        #retryLater(sentence) {
                const wait = this.retryMs * (0.5 + this.random() / 2);

                this.retryMs = Math.min(this.retryMs * 2, RETRY_LAST_MS);
                this.on.state("offline", sentence || "There is no connection to the hub.");
                this.#after("retry", wait, () => this.#dial());
        }

        #drop(code = 1000) {
                const socket = this.socket;

                this.socket = null;
                this.isWelcome = false;
                for (const what of Object.keys(this.timer))
                        this.#cancel(what);
                this.pending = this.pending.filter((request) => !request.isProbe);
                if (socket && socket.readyState <= 1)
                        socket.close(code);
        }

        #after(what, ms, action) {
                this.#cancel(what);
                this.timer[what] = this.timers.setTimeout(() => {
                        this.timer[what] = null;
                        action();
                }, ms);
        }

        #cancel(what) {
                if (this.timer[what])
                        this.timers.clearTimeout(this.timer[what]);
                this.timer[what] = null;
        }
}
