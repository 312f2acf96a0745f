/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One connection of the page, to another side that sends whatever it likes. */

import assert from "node:assert/strict";
import { test } from "node:test";

globalThis.MediaStream = class {};
globalThis.RTCPeerConnection = class {
        remoteDescription = {};
        taken = 0;

        async addIceCandidate() {
                this.taken++;
        }
};

const { CANDIDATES_MAX, Connection } = await import("../../../clients/web/connection.js");

test("candidates of the other side are taken up to a number", async () => {
        const connection = new Connection({ number: 1, on: {} });

        for (let n = 1; n <= CANDIDATES_MAX + 1; n++) {
                await connection.takeCandidate({ candidate: "candidate:1" });
                assert.equal(connection.pc.taken, Math.min(n, CANDIDATES_MAX));
        }
});
