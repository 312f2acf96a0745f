/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * This device's microphone and camera in one call. A device that was refused or is missing is tried
 * again when that may have changed: a device was plugged in, the permission was granted, or the
 * person asks for it. The browser's parts are passed in, so that tests need none.
 */

const WANTED = {
        audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
        video: { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 30 } },
};
const PERMISSIONS = { audio: "microphone", video: "camera" };

export class Capture {
        /*
         * `on`: changed(), and track(kind, track) for each track that comes or goes (null) after
         * open().
         */
        constructor({ on, devices = navigator.mediaDevices, permissions = navigator.permissions,
                      makeStream = () => new MediaStream() }) {
                this.on = on;
                this.devices = devices;
                this.permissions = permissions;
                this.stream = makeStream();
                this.wanted = { audio: true, video: false };
                this.faults = { audio: "", video: "" }; /* why there is none: a sentence */
                this.trying = { audio: null, video: null }; /* promises */
                this.watched = []; /* to forget at the end */
                this.isMuted = false;
                this.isStopped = false;
        }

        /* Opens the microphone, and the camera if it is wanted. */
        async open({ camera, muted }) {
                this.wanted.video = camera;
                this.isMuted = muted;
                if (!this.devices) {
                        this.#fault("audio", "This page was not loaded over https, so the " +
                                             `browser gives it no microphone. ${without("audio")}`);
                        return;
                }
                this.#watch(this.devices, "devicechange", () => this.#devicesChanged());
                for (const kind of Object.keys(PERMISSIONS))
                        this.#watchPermission(kind);
                /* Both at once, so that the browser asks once. */
                if (!camera || !await this.#take({ audio: WANTED.audio, video: WANTED.video }))
                        await Promise.all([this.try("audio"), this.try("video")]);
        }

        /* Tries to open a device that is wanted and not there. */
        try(kind) {
                this.trying[kind] ??= this.#try(kind).finally(() => {
                        this.trying[kind] = null;
                });
                return this.trying[kind];
        }

        track(kind) {
                return this.stream.getTracks().find((track) => track.kind === kind) ?? null;
        }

        setMuted(muted) {
                this.isMuted = muted;
                for (const track of this.stream.getAudioTracks())
                        track.enabled = !muted;
        }

        /* Off stops the track, so that the camera's light goes out. */
        async setCamera(on) {
                this.wanted.video = on;
                if (on) {
                        await this.try("video");
                        return;
                }
                const track = this.track("video");

                this.faults.video = "";
                track?.stop();
                if (track)
                        this.#lost(track);
                this.on.changed();
        }

        stop() {
                this.isStopped = true;
                for (const [target, event, listener] of this.watched.splice(0))
                        target.removeEventListener(event, listener);
                for (const track of this.stream.getTracks())
                        track.stop();
        }

        async #try(kind) {
                if (this.isStopped || !this.devices || !this.wanted[kind] || this.track(kind))
                        return;
                await this.#take({ [kind]: WANTED[kind] }, kind);
        }

        /* Returns whether the devices could be opened; if not, that is the fault of `kind`. */
        async #take(wanted, kind) {
                let stream;

                try {
                        stream = await this.devices.getUserMedia(wanted);
                } catch (error) {
                        if (kind && this.wanted[kind])
                                this.#fault(kind, captureSentence(kind, error));
                        return false;
                }
                for (const track of stream.getTracks())
                        this.#taken(track);
                return true;
        }

        #taken(track) {
                const { kind } = track;

                if (this.isStopped || !this.wanted[kind] || this.track(kind)) {
                        track.stop();
                        return;
                }
                if (kind === "audio")
                        track.enabled = !this.isMuted;
                this.stream.addTrack(track);
                track.onended = () => this.#ended(track);
                this.faults[kind] = "";
                this.on.track(kind, track);
                this.on.changed();
        }

        #lost(track) {
                this.stream.removeTrack(track);
                this.on.track(track.kind, null);
        }

        /* The device was unplugged, or the person revoked the permission in the browser's bar. */
        #ended(track) {
                if (this.isStopped || this.track(track.kind) !== track)
                        return;
                this.#lost(track);
                this.try(track.kind);
        }

        #fault(kind, sentence) {
                if (this.isStopped)
                        return;
                this.faults[kind] = sentence;
                this.on.changed();
        }

        #devicesChanged() {
                for (const kind of Object.keys(PERMISSIONS))
                        this.try(kind);
        }

        async #watchPermission(kind) {
                /* Some browsers do not know these permissions. */
                const status = await this.permissions?.query({ name: PERMISSIONS[kind] })
                        .catch(() => null);

                if (status && !this.isStopped)
                        this.#watch(status, "change", () => {
                                if (status.state === "granted")
                                        this.try(kind);
                        });
        }

        #watch(target, event, listener) {
                target.addEventListener?.(event, listener);
                this.watched.push([target, event, listener]);
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
}

function captureSentence(kind, error) {
        const what = PERMISSIONS[kind];

        switch (error.name) {
        case "NotAllowedError":
                return `The browser does not let this page use the ${what}: allow it in the ` +
                       `address bar. ${without(kind)}`;
        case "NotFoundError":
                return `There is no ${what} here. ${without(kind)}`;
        case "NotReadableError":
                return `Another program has the ${what}. ${without(kind)}`;
        default:
                return `The ${what} cannot be used (${error.message}). ${without(kind)}`;
        }
}

function without(kind) {
        return kind === "video" ? "The others cannot see you." : "You can listen.";
}
