/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Ring, ring-back and call waiting, synthesized by WebAudio, so that there is no file to load.
 * A tone is a few notes and the time until they repeat.
 */

const RING = [[659, 0], [831, 0.16], [988, 0.32], [831, 0.62], [988, 0.78]];

const TONES = {
        ring: { notes: RING, length: 0.5, every: 2.4, volume: 0.35 },
        waiting: { notes: [[988, 0], [784, 0.2]], length: 0.25, every: 4, volume: 0.15 },
        "ring-back": { notes: [[425, 0]], length: 1, every: 5, volume: 0.08, steady: true },
};

export class Tones {
        constructor() {
                this.context = null;
                this.name = "none";
                this.timer = 0;
                this.trying = 0;
        }

        /* Browsers allow sound only after a click or key press: called on each. */
        wake() {
                this.context ??= new AudioContext();
                if (this.context.state === "suspended")
                        this.context.resume().catch(() => {});
        }

        get canSound() {
                return this.context?.state === "running";
        }

        play(name) {
                if (name === this.name)
                        return;
                this.name = name;
                clearTimeout(this.timer);
                this.output?.disconnect();
                this.output = null;
                if (name !== "none")
                        this.#round(TONES[name]);
        }

        /* Plays the ring three times, for the person to check that it can be heard. */
        tryRing() {
                this.wake();
                this.play("ring");
                clearTimeout(this.trying);
                this.trying = setTimeout(() => this.play("none"), 3 * TONES.ring.every * 1000);
        }

        #round(tone) {
                this.timer = setTimeout(() => this.#round(tone), tone.every * 1000);
                if (!this.canSound) {
                        this.wake();
                        return;
                }
                this.output ??= this.#makeOutput(tone.volume);
                for (const [frequency, at] of tone.notes)
                        this.#note(frequency, this.context.currentTime + 0.02 + at, tone);
        }

        #makeOutput(volume) {
                const output = this.context.createGain();

                output.gain.value = volume;
                output.connect(this.context.destination);
                return output;
        }

        #note(frequency, at, { length, steady }) {
                const oscillator = this.context.createOscillator();
                const shape = this.context.createGain();

                oscillator.type = steady ? "sine" : "triangle";
                oscillator.frequency.value = frequency;
                shape.gain.setValueAtTime(0, at);
                shape.gain.linearRampToValueAtTime(1, at + 0.015);
                if (steady)
                        shape.gain.setValueAtTime(1, at + length - 0.015);
                shape.gain[steady ? "linearRampToValueAtTime" : "exponentialRampToValueAtTime"](
                        steady ? 0 : 0.001, at + length);
                oscillator.connect(shape).connect(this.output);
                oscillator.start(at);
                oscillator.stop(at + length + 0.02);
        }
}
