/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The connection to the hub: hello, ids, order, acknowledgement, and what follows a loss. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { HubClient, hubAddress } from "../../../clients/web/hub-client.js";

test("the hub is below the folder of its page", () => {
        const pages = [
                ["https://hub.example.org/", "wss://hub.example.org/v1/ws"],
                ["https://hub.example.org/index.html?x=1#y", "wss://hub.example.org/v1/ws"],
                ["http://localhost:8746/", "ws://localhost:8746/v1/ws"],
                ["https://example.org/tring/", "wss://example.org/tring/v1/ws"],
                ["https://example.org/tring/index.html", "wss://example.org/tring/v1/ws"],
        ];

        for (const [page, address] of pages)
                assert.equal(hubAddress(page), address);
});

const HELLO = { token: "t", device: "d", device_name: "D" };

class Net {
        constructor() {
                this.now = 0;
                this.ahead = 0; /* of its clock, which may be set */
                this.timers = new Map();
                this.sockets = [];
                this.heard = [];
                const note = (what) => (...values) => this.heard.push([what, ...values]);

                this.client = new HubClient({
                        open: () => this.#open(),
                        timers: {
                                setTimeout: (action, ms) => this.#setTimeout(action, ms),
                                clearTimeout: (id) => this.timers.delete(id),
                        },
                        random: () => 1,
                        clock: () => this.now + this.ahead,
                        on: {
                                state: note("state"),
                                welcome: note("welcome"),
                                event: note("event"),
                                reply: note("reply"),
                                isWanted: ({ op }) => op !== "signal",
                        },
                });
                this.client.connect(HELLO);
        }

        #open() {
                const socket = {
                        readyState: 1, sent: [],
                        send(text) {
                                this.sent.push(JSON.parse(text));
                        },
                        close(code) {
                                this.closed = code;
                        },
                };

                this.sockets.push(socket);
                return socket;
        }

        #setTimeout(action, ms) {
                const id = this.timers.size + 1000 * this.now + 1;

                this.timers.set(id, { action, at: this.now + ms });
                return id;
        }

        get socket() {
                return this.sockets.at(-1);
        }

        send(message) {
                this.socket.onmessage({ data: JSON.stringify(message) });
        }

        welcome(more = {}) {
                this.socket.onopen();
                this.send({ id: 1, ok: { kind: "welcome", link: "l-1", resumed: false, ...more } });
        }

        sleep(ms) {
                this.now += ms;
                for (const [id, { action, at }] of [...this.timers])
                        if (at <= this.now && this.timers.delete(id))
                                action();
        }

        take() {
                return this.socket.sent.splice(0);
        }

        state() {
                return this.heard.filter(([what]) => what === "state").at(-1);
        }
}

test("hello is the first message, and requests wait for the welcome", () => {
        const net = new Net();

        net.client.request({ op: "accept", members: { session_id: "s" } });
        net.socket.onopen();
        assert.deepEqual(net.take(), [{ id: 1, op: "hello", version: 1, ...HELLO }]);
        net.send({ id: 1, ok: { link: "l-1", resumed: false } });
        assert.deepEqual(net.take(), [{ id: 2, op: "accept", session_id: "s" }]);
        assert.equal(net.state()[1], "online");
});

test("what is said once is not said again, and its reply is nobody's", () => {
        const net = new Net();

        net.client.say("going");
        net.welcome();
        net.take();
        net.client.say("going");
        const [said] = net.take();
        assert.equal(said.op, "going");
        net.send({ id: said.id, error: { name: "NotSupported", message: "an older hub" } });
        assert.deepEqual(net.heard.filter(([what]) => what === "reply"), []);
        net.client.request({ op: "a", members: {} });
        assert.deepEqual(net.take().map(({ op }) => op), ["a"]);
});

test("each reply finds its request, in whatever order they come", () => {
        const net = new Net();

        net.welcome();
        net.client.request({ op: "a", members: {} });
        net.client.request({ op: "b", members: {} });
        net.send({ id: 3, ok: { x: 1 } });
        net.send({ id: 2, error: { name: "N", message: "m" } });
        net.send({ id: 2, ok: {} });
        const replies = net.heard.filter(([what]) => what === "reply");
        assert.deepEqual(replies.map(([, { op }, ok, error]) => [op, ok, error?.name]),
                         [["b", { x: 1 }, undefined], ["a", null, "N"]]);
});

test("events are acknowledged soon, or by the next request", () => {
        const net = new Net();

        net.welcome();
        net.take();
        net.send({ seq: 1, event: "x" });
        net.send({ seq: 2, event: "x" });
        assert.deepEqual(net.take(), []);
        net.sleep(200);
        assert.deepEqual(net.take(), [{ op: "ack", ack: 2 }]);
        net.send({ seq: 3, event: "x" });
        net.client.request({ op: "a", members: {} });
        assert.equal(net.take()[0].ack, 3);
        net.sleep(200);
        assert.deepEqual(net.take(), []);
});

test("a gap ends the connection, and the next one resumes", () => {
        const net = new Net();

        net.welcome();
        net.send({ seq: 1, event: "x" });
        net.send({ seq: 3, event: "x" });
        assert.equal(net.socket.closed, 3000);
        assert.equal(net.state()[1], "offline");
        assert.equal(net.heard.filter(([what]) => what === "event").length, 1);
        net.sleep(500);
        net.socket.onopen();
        const [hello] = net.take();
        assert.equal(hello.resume, "l-1");
        assert.equal(hello.resume_seq, 1);
        net.send({ id: 1, ok: { link: "l-2", resumed: true } });
        net.send({ seq: 2, event: "x" });
        assert.equal(net.heard.filter(([what]) => what === "event").length, 2);
});

test("requests without a reply are sent again, without resume only those still wanted", () => {
        for (const resumed of [true, false]) {
                const net = new Net();

                net.welcome();
                net.client.request({ op: "end", members: {} });
                net.client.request({ op: "signal", members: {} });
                net.socket.onclose({ code: 1006, reason: "" });
                net.sleep(500);
                net.take();
                net.welcome({ resumed });
                const ops = net.take().slice(1).map(({ op }) => op);
                assert.deepEqual(ops, resumed ? ["end", "signal"] : ["end"]);
        }
});

test("the wait doubles up to a minute, and ends when the network is back", () => {
        const net = new Net();
        const waits = [];

        for (let i = 0; i < 9; i++) {
                const before = net.sockets.length;

                net.socket.onclose({ code: 1006, reason: "" });
                const [{ at }] = [...net.timers.values()];
                waits.push(at - net.now);
                net.sleep(at - net.now);
                assert.equal(net.sockets.length, before + 1);
        }
        assert.deepEqual(waits, [500, 1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000]);
        net.socket.onclose({ code: 1006, reason: "" });
        net.client.hurry();
        assert.equal(net.sockets.length, 11);
});

test("a hub of which only the welcome works is tried as slowly as one that is gone", () => {
        const net = new Net();

        for (const wait of [500, 1000, 2000, 4000]) {
                net.welcome();
                net.send({ seq: 2, event: "groups", groups: [] }); /* one is missing */
                const [{ at }] = [...net.timers.values()];
                assert.equal(at - net.now, wait);
                net.sleep(wait);
        }
});

test("the waits begin anew after an event, and after ten seconds", () => {
        for (const works of [
                (net) => net.send({ seq: 1, event: "groups", groups: [] }),
                (net) => net.sleep(10000),
        ]) {
                const net = new Net();

                net.socket.onclose({ code: 1006, reason: "" });
                net.sleep(500);
                net.welcome();
                works(net);
                net.socket.onclose({ code: 1006, reason: "" });
                const [{ at }] = [...net.timers.values()];
                assert.equal(at - net.now, 500);
        }
});

test("a refused token, a revoked one and a device elsewhere are not tried again", () => {
        for (const code of [4001, 4002, 4006, 4007]) {
                const net = new Net();

                net.socket.onclose({ code, reason: "no" });
                assert.equal(net.state()[1], "refused");
                assert.equal(net.state()[3], code);
                net.sleep(100000);
                net.client.hurry();
                assert.equal(net.sockets.length, 1);
        }
});

test("a hub that has welcomed this token before is tried again slowly", () => {
        for (const code of [4001, 4007]) {
                const net = new Net();
                const waits = [];

                net.welcome();
                for (let i = 0; i < 4; i++) {
                        net.socket.onclose({ code, reason: "no" });
                        assert.equal(net.state()[1], "offline");
                        const [{ at }] = [...net.timers.values()];
                        waits.push((at - net.now) / 60000);
                        net.sleep(at - net.now);
                        assert.equal(net.sockets.length, i + 2);
                }
                assert.deepEqual(waits, [1, 5, 30, 30]);
                net.welcome();
                net.socket.onclose({ code, reason: "no" });
                assert.equal([...net.timers.values()][0].at - net.now, 60000);
        }
});

test("a token that was welcomed on an earlier page is tried again, a revoked one is not", () => {
        for (const code of [4001, 4002, 4006, 4007]) {
                const net = new Net();

                net.client.connect(HELLO, true);
                net.socket.onclose({ code, reason: "no" });
                const isFinal = code === 4002 || code === 4006;
                assert.equal(net.state()[1], isFinal ? "refused" : "offline");
        }
});

test("a silent hub is probed, and given up if it does not answer", () => {
        const net = new Net();

        net.welcome();
        net.take();
        net.sleep(45000);
        assert.equal(net.take()[0].op, "history");
        net.sleep(8000);
        assert.equal(net.state()[1], "offline");
        net.sleep(500);
        net.welcome();
        /* A probe is not sent again. */
        assert.deepEqual(net.take().map(({ op }) => op), ["hello"]);
});

test("a clock that is set back hides no silent hub, and makes none of one that answers", () => {
        const net = new Net();

        net.welcome();
        net.take();
        net.ahead = -3600000;
        net.sleep(45000);
        const [probe] = net.take();
        assert.equal(probe.op, "history");
        net.send({ id: probe.id, ok: { kind: "history" } });
        net.sleep(8000);
        assert.equal(net.state()[1], "online");
        net.ahead = -7200000;
        net.sleep(45000);
        net.sleep(8000);
        assert.equal(net.state()[1], "offline");
});

test("text that is not JSON, or a hub without a welcome, ends the connection", () => {
        const net = new Net();

        net.socket.onmessage({ data: "{" });
        assert.equal(net.state()[1], "offline");
        net.sleep(500);
        net.sleep(15000);
        assert.equal(net.state()[1], "offline");
});

test("nothing comes after disconnect()", () => {
        const net = new Net();
        const socket = net.socket;

        net.welcome();
        net.client.disconnect();
        const heard = net.heard.length;
        socket.onmessage({ data: '{"seq":1,"event":"x"}' });
        socket.onclose({ code: 1000, reason: "" });
        net.sleep(100000);
        assert.equal(net.heard.length, heard);
        assert.equal(net.sockets.length, 1);
});
