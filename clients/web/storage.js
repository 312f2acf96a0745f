/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the browser keeps. The token outlives the tab only if a person has said so; otherwise it is
 * the tab's, and survives a reload.
 */

const TOKEN = "tring.token";
const DEVICE = "tring.device";
const QUIET = "tring.do-not-disturb";

/* Storage may be forbidden: then the page works, and forgets. */
function quietly(action) {
        try {
                return action();
        } catch {
                return null;
        }
}

export function loadToken() {
        return quietly(() => sessionStorage.getItem(TOKEN)) ?? quietly(() => localStorage.getItem(TOKEN));
}

export function isRemembered() {
        return quietly(() => localStorage.getItem(TOKEN)) !== null;
}

export function saveToken(token, remember) {
        forgetToken();
        quietly(() => (remember ? localStorage : sessionStorage).setItem(TOKEN, token));
}

export function forgetToken() {
        quietly(() => sessionStorage.removeItem(TOKEN));
        quietly(() => localStorage.removeItem(TOKEN));
}

/* Names this browser among the user's devices: the same one each time, as long as it remembers. */
export function deviceId(makeId) {
        const kept = quietly(() => localStorage.getItem(DEVICE)) ?? quietly(() => sessionStorage.getItem(DEVICE));

        if (kept)
                return kept;
        const id = `web-${makeId().slice(0, 13)}`;
        const store = isRemembered() ? localStorage : sessionStorage;
        quietly(() => store.setItem(DEVICE, id));
        return id;
}

export function loadDoNotDisturb() {
        return quietly(() => localStorage.getItem(QUIET)) === "on";
}

export function saveDoNotDisturb(on) {
        quietly(() => localStorage.setItem(QUIET, on ? "on" : "off"));
}
