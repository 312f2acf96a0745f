/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the person at this page has agreed to in one call: to be in its media, with the microphone
 * and with the camera (rule 22). Commands of this person alone raise it; what the hub and the
 * others say may lower it. After a reload it comes from what this tab has stored. tringd has the
 * same in C (daemon/phone/consent.h).
 */

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
