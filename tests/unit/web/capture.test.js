/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Microphone and camera of a call: refused, missing, unplugged, and there again. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Capture } from "../../../clients/web/capture.js";

class Track {
        constructor(kind) {
                this.kind = kind;
                this.enabled = true;
                this.isLive = true;
        }

        stop() {
                this.isLive = false;
        }
}

class Stream {
        constructor() {
                this.tracks = [];
        }

        getTracks() {
                return [...this.tracks];
        }

        getAudioTracks() {
                return this.tracks.filter(({ kind }) => kind === "audio");
        }

        addTrack(track) {
                this.tracks.push(track);
        }

        removeTrack(track) {
                this.tracks = this.tracks.filter((one) => one !== track);
        }
}

/* A browser in which the test allows, plugs in and unplugs. */
class Browser extends EventTarget {
        constructor(errors = {}) {
                super();
                this.errors = errors; /* by kind: why there is none */
                this.asked = [];
                this.given = [];
                this.told = [];
                this.statuses = {};
                this.permissions = { query: async ({ name }) => this.#status(name) };
        }

        async getUserMedia(wanted) {
                const kinds = ["audio", "video"].filter((kind) => wanted[kind]);

                this.asked.push(kinds.join("+"));
                await null;
                for (const kind of kinds)
                        if (this.errors[kind])
                                throw Object.assign(new Error("no"), { name: this.errors[kind] });
                const tracks = kinds.map((kind) => new Track(kind));
                this.given.push(...tracks);
                return { getTracks: () => tracks };
        }

        #status(name) {
                if (this.forbidsQueries)
                        throw new TypeError("unknown permission");
                this.statuses[name] ??= Object.assign(new EventTarget(), { state: "prompt" });
                return this.statuses[name];
        }

        capture() {
                return new Capture({
                        devices: this,
                        permissions: this.permissions,
                        makeStream: () => new Stream(),
                        on: {
                                changed: () => {},
                                track: (kind, track) => this.told.push([kind, Boolean(track)]),
                        },
                });
        }

        async plug(kind) {
                delete this.errors[kind];
                this.dispatchEvent(new Event("devicechange"));
                await settled();
        }

        async unplug(kind) {
                this.errors[kind] = "NotFoundError";
                const track = this.given.findLast((one) => one.kind === kind && one.isLive);
                track.isLive = false;
                track.onended();
                await settled();
        }

        async allow(kind, name) {
                delete this.errors[kind];
                this.statuses[name].state = "granted";
                this.statuses[name].dispatchEvent(new Event("change"));
                await settled();
        }
}

function settled() {
        return new Promise((done) => {
                setImmediate(done);
        });
}

async function opened(errors, { camera = false, muted = false } = {}) {
        const browser = new Browser(errors);
        const capture = browser.capture();

        await capture.open({ camera, muted });
        await settled();
        return { browser, capture };
}

test("microphone and camera are asked for at once", async () => {
        const { browser, capture } = await opened({}, { camera: true });

        assert.deepEqual(browser.asked, ["audio+video"]);
        assert.ok(capture.track("audio") && capture.track("video"));
        assert.deepEqual(capture.faults, { audio: "", video: "" });
});

test("a missing camera does not take the microphone along", async () => {
        const { capture } = await opened({ video: "NotFoundError" }, { camera: true });

        assert.ok(capture.track("audio"));
        assert.match(capture.faults.video, /There is no camera here.*cannot see you/);
        assert.equal(capture.faults.audio, "");
});

test("a microphone that is allowed in the call is used", async () => {
        const { browser, capture } = await opened({ audio: "NotAllowedError" });

        assert.match(capture.faults.audio, /allow it in the address bar/);
        await browser.allow("audio", "microphone");
        assert.ok(capture.track("audio"));
        assert.equal(capture.faults.audio, "");
        assert.deepEqual(browser.told, [["audio", true]]);
});

test("a camera that is allowed in the call is used", async () => {
        const { browser, capture } = await opened({ video: "NotAllowedError" }, { camera: true });

        await browser.allow("video", "camera");
        assert.ok(capture.track("video"));
        assert.equal(capture.faults.video, "");
});

test("a microphone that is plugged in during the call is used", async () => {
        const { browser, capture } = await opened({ audio: "NotFoundError" }, { muted: true });

        assert.match(capture.faults.audio, /There is no microphone here/);
        await browser.plug("audio");
        assert.equal(capture.track("audio").enabled, false);
        assert.equal(capture.faults.audio, "");
});

test("a microphone that is unplugged and plugged in again is used again", async () => {
        const { browser, capture } = await opened({});

        await browser.unplug("audio");
        assert.equal(capture.track("audio"), null);
        assert.match(capture.faults.audio, /There is no microphone here/);
        await browser.plug("audio");
        assert.ok(capture.track("audio"));
        assert.deepEqual(browser.told, [["audio", true], ["audio", false], ["audio", true]]);
});

test("another microphone takes the place of one that was unplugged", async () => {
        const { browser, capture } = await opened({});
        const track = capture.track("audio");

        track.onended();
        await settled();
        assert.notEqual(capture.track("audio"), track);
        assert.equal(capture.faults.audio, "");
        assert.equal(browser.asked.length, 2);
});

test("a device that is there is not opened again", async () => {
        const { browser } = await opened({}, { camera: false });

        await browser.plug("audio");
        await browser.allow("audio", "microphone");
        assert.deepEqual(browser.asked, ["audio"]);
});

test("a camera that is not wanted is never opened", async () => {
        const { browser, capture } = await opened({}, { camera: true });

        await capture.setCamera(false);
        assert.equal(capture.track("video"), null);
        await browser.plug("video");
        await capture.try("video");
        assert.equal(capture.track("video"), null);
        await capture.setCamera(true);
        assert.ok(capture.track("video"));
});

test("a camera that is switched off is no fault", async () => {
        const { capture } = await opened({ video: "NotReadableError" }, { camera: true });

        assert.match(capture.faults.video, /Another program has the camera/);
        await capture.setCamera(false);
        assert.equal(capture.faults.video, "");
});

test("a click tries again, and several clicks try once", async () => {
        const { browser, capture } = await opened({ audio: "NotReadableError" });

        browser.errors = {};
        await Promise.all([capture.try("audio"), capture.try("audio")]);
        assert.deepEqual(browser.asked, ["audio", "audio"]);
        assert.ok(capture.track("audio"));
});

test("nothing stays open after the call, not even what was granted late", async () => {
        const { browser, capture } = await opened({ audio: "NotFoundError" });

        browser.errors = {};
        const trying = capture.try("audio");
        capture.stop();
        await trying;
        await browser.plug("audio");
        assert.deepEqual(browser.given.filter(({ isLive }) => isLive), []);
        assert.equal(browser.asked.length, 2);
});

test("a page without devices says that it was not loaded over https", async () => {
        const capture = new Capture({
                devices: null, permissions: null, makeStream: () => new Stream(),
                on: { changed: () => {}, track: () => {} },
        });

        await capture.open({ camera: false, muted: false });
        assert.match(capture.faults.audio, /not loaded over https.*You can listen/);
        await capture.try("audio");
});

test("a browser that knows no such permission is asked all the same", async () => {
        const browser = new Browser({ audio: "NotFoundError" });

        browser.forbidsQueries = true;
        const capture = browser.capture();
        await capture.open({ camera: false, muted: false });
        await browser.plug("audio");
        assert.ok(capture.track("audio"));
});
