/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the person at this page has agreed to in one call: to be in its media, with the microphone
 * and with the camera (rule 22). Commands of this person alone raise it; what the hub and the
 * others say may lower it. After a reload it comes from what this tab has stored. tringd has the
 * same in C (daemon/phone/consent.h).
 */

/* How old may be what is stored: so long the hub waits for a lost party (GRACE_IN_CALL_US). */
const STORED_MAX_MS = 30000;

/*
 * The stored consents by session id; none if they are too old, or from the future. A browser gives
 * a tab its store back days later, and what the person agreed to ended with the call.
 */
export function freshConsents(stored, date) {
        const age = date - stored?.date;

        return age >= 0 && age <= STORED_MAX_MS ? stored.consents ?? {} : {};
}

export class Consent {
        /* Without `stored`: to nothing, as in a call that only the hub has told of. */
        constructor(stored) {
                this.join = stored?.join === true;
                this.camera = stored?.camera === true;
                this.muted = stored?.muted !== false;
        }

        /* The person places or answers a call, with a picture or without. */
        static given(camera) {
                return new Consent({ join: true, camera, muted: false });
        }

        /* The person joins the media again: that opens a microphone never agreed to before. */
        joinAgain() {
                if (!this.join)
                        this.muted = false;
                this.join = true;
        }

        /* The hub says of which type the call is. */
        limit(callType) {
                if (callType !== "video")
                        this.camera = false;
        }

        /* The media were left, or the call is over. */
        withdraw() {
                this.join = false;
        }
}
