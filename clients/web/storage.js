/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the browser stores. The token outlives the tab only if the person chose that; otherwise it
 * belongs to the tab, and survives a reload. The browser may forbid storage: then the page works,
 * but forgets.
 */

const TOKEN = "tring.token";
const WELCOME = "tring.welcome";
const DEVICE = "tring.device";
const CONSENTS = "tring.consents";
const QUIET = "tring.do-not-disturb";

function quietly(action) {
        try {
                return action();
        } catch {
                return null;
        }
}

const ofTab = {
        get: (key) => quietly(() => sessionStorage.getItem(key)),
        set: (key, value) => quietly(() => sessionStorage.setItem(key, value)),
        remove: (key) => quietly(() => sessionStorage.removeItem(key)),
};
const ofBrowser = {
        get: (key) => quietly(() => localStorage.getItem(key)),
        set: (key, value) => quietly(() => localStorage.setItem(key, value)),
        remove: (key) => quietly(() => localStorage.removeItem(key)),
};

export function loadToken() {
        return ofTab.get(TOKEN) ?? ofBrowser.get(TOKEN);
}

export function isRemembered() {
        return ofBrowser.get(TOKEN) !== null;
}

export function saveToken(token, remember) {
        forgetToken();
        (remember ? ofBrowser : ofTab).set(TOKEN, token);
}

export function forgetToken() {
        for (const key of [TOKEN, WELCOME]) {
                ofTab.remove(key);
                ofBrowser.remove(key);
        }
}

/* The hub has welcomed the stored token: a later refusal may pass. */
export function saveWelcome() {
        (isRemembered() ? ofBrowser : ofTab).set(WELCOME, "yes");
}

export function wasWelcome() {
        return (ofTab.get(WELCOME) ?? ofBrowser.get(WELCOME)) !== null;
}

/* The id of this browser among the user's devices, the same as long as the browser stores it. */
export function deviceId(makeId) {
        const stored = ofBrowser.get(DEVICE) ?? ofTab.get(DEVICE);

        if (stored)
                return stored;
        const id = `web-${makeId().slice(0, 13)}`;
        (isRemembered() ? ofBrowser : ofTab).set(DEVICE, id);
        return id;
}

/*
 * What the person has agreed to in the calls of this tab, and when it was so (Phone.stored()): for
 * the tab alone, since another one has asked nobody.
 */
export function loadConsents() {
        return quietly(() => JSON.parse(ofTab.get(CONSENTS)));
}

export function saveConsents(stored) {
        ofTab.set(CONSENTS, JSON.stringify(stored));
}

export function loadDoNotDisturb() {
        return ofBrowser.get(QUIET) === "on";
}

export function saveDoNotDisturb(on) {
        ofBrowser.set(QUIET, on ? "on" : "off");
}
