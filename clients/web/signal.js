/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads the signals of other participants, who are strangers: what is not as PROTOCOL.md says is
 * no signal. tring-media reads them by the same rules (daemon/wire/media-signal.c).
 */

const LENGTH_MAX = 49152; /* bytes of a signal's data: PROTOCOL.md, Limits */
const MID_MAX = 64; /* bytes; browsers' have 1-8 */
const MLINE_MAX = 63; /* index of an m= section */
const CONNECTION_MAX = 9999;
const HEX = /^[0-9a-f]{64}$/;

/* Returns the signal with the members that it may have and no others; null: it is none. */
export function readSignal(data) {
        const signal = parse(data);
        const kinds = ["sdp", "candidate", "offer_wanted"].filter((kind) => kind in signal);
        const { connection = 1, commitment, nonce } = signal;

        if (!isNumber(connection, 1, CONNECTION_MAX) || !isHex(commitment) || !isHex(nonce))
                return null;
        if (kinds.length === 0)
                return nonce === undefined ? null : { nonce };
        if (kinds.length > 1)
                return null;
        const value = readers[kinds[0]](signal[kinds[0]]);

        return value === null ? null : {
                [kinds[0]]: value, connection,
                ...(commitment && { commitment }), ...(nonce && { nonce }),
        };
}

/* The end of the candidates is a candidate without a line. */
const readers = {
        sdp(description) {
                const { type, sdp } = description ?? {};

                return ["offer", "answer"].includes(type) && typeof sdp === "string"
                        ? { type, sdp } : null;
        },

        candidate(one) {
                const { candidate: line, sdpMid = null, sdpMLineIndex = null } = one ?? {};
                const isMid = sdpMid === null ||
                              (typeof sdpMid === "string" && sdpMid.length <= MID_MAX);
                const isIndex = sdpMLineIndex === null || isNumber(sdpMLineIndex, 0, MLINE_MAX);

                if (one === null)
                        return { candidate: "" };
                if (typeof line !== "string" || !isMid || !isIndex)
                        return null;
                /* Browsers refuse a candidate that names neither. */
                return { candidate: line, sdpMid,
                         sdpMLineIndex: sdpMid === null ? sdpMLineIndex ?? 0 : sdpMLineIndex };
        },

        offer_wanted(wanted) {
                const { ice_restart: isRestart = false } = wanted ?? {};

                return isObject(wanted) && typeof isRestart === "boolean"
                        ? { ice_restart: isRestart } : null;
        },
};

function parse(data) {
        try {
                const value = data.length <= LENGTH_MAX ? JSON.parse(data) : null;

                return isObject(value) ? value : {};
        } catch {
                return {};
        }
}

function isObject(value) {
        return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isNumber(value, min, max) {
        return Number.isInteger(value) && value >= min && value <= max;
}

function isHex(value) {
        return value === undefined || (typeof value === "string" && HEX.test(value));
}
