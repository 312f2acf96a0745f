/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The page: ties together the hub connection, the phone, the media and the views. Each turn is the
 * same: the phone takes an event, its actions are carried out, and the page is brought up to date.
 */

import { Alerts, showNotice } from "./alerts.js";
import { Capture } from "./capture.js";
import { byId, setShown, setText } from "./dom.js";
import { isUnseen, peerOf } from "./history.js";
import { HubClient, hubAddress } from "./hub-client.js";
import { Media } from "./media.js";
import { Phone } from "./phone.js";
import * as storage from "./storage.js";
import { Tones } from "./tones.js";
import { CallView } from "./view-call.js";
import { RingView } from "./view-ring.js";
import { SideView } from "./view-side.js";
import { nameOf, sentence } from "./words.js";

const SUBPROTOCOL = "tring.v1";

function makeUuid() {
        if (crypto.randomUUID)
                return crypto.randomUUID();
        /* Browsers have randomUUID() only for pages from https. */
        const bytes = crypto.getRandomValues(new Uint8Array(16));
        bytes[6] = (bytes[6] & 0x0f) | 0x40;
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
        return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

function browserName() {
        const brands = navigator.userAgentData?.brands?.map(({ brand }) => brand) ?? [];
        const known = brands.find((brand) => !/not.?a.?brand/i.test(brand)) ??
                      /(Firefox|Edg|Chrome|Safari)/.exec(navigator.userAgent)?.[1] ?? "Browser";

        const platform = navigator.userAgentData?.platform || navigator.platform || "the web";

        return `${known} on ${platform}`;
}

const now = () => performance.now();
const phone = new Phone(makeUuid, storage.loadConsents());
const tones = new Tones();
const alerts = new Alerts();

const media = new Media({
        signal: (peer, data) => turn(() => phone.session.signal(peer, data)),
        changed: () => turn(() => {}),
        flows: (flows) => turn(() => phone.session.setFlows(flows)),
        missing: (kind, isMissing) => turn(() => phone.session.setMissing(kind, isMissing)),
        fault: (id, text) => {
                const other = phone.session.others.get(id);
                const name = other && nameOf(other);

                if (name)
                        showNotice(`Media with ${name}: ${sentence(text)}`, { isError: true });
        },
});

const hub = new HubClient({
        open: () => new WebSocket(hubAddress(location.href), SUBPROTOCOL),
        on: {
                state: (state, text, code) => turn(() => connectionChanged(state, text, code)),
                welcome: (welcome) => turn(() => phone.welcome(welcome, now(), Date.now())),
                event: (event) => turn(() => phone.event(event, now())),
                reply: (request, ok, error) => turn(() => phone.reply(request, ok, error, now())),
                isWanted: (request) => phone.isWanted(request),
        },
});

/* ---- turns ---- */

let depth = 0;
let deadline = 0;

function turn(action) {
        depth++;
        try {
                action();
                for (const next of phone.takeActions())
                        carryOut(next);
        } finally {
                depth--;
        }
        if (depth === 0)
                show();
}

function carryOut(action) {
        switch (action.type) {
        case "request":
                hub.request(action.request);
                break;
        case "notice":
                showNotice(sentence(action.text), { isError: true });
                break;
        case "rings":
                rings(action.call);
                break;
        case "missed":
                missed(action.record);
                break;
        case "media-start":
                media.start(action);
                break;
        case "media-join":
                media.join(action);
                break;
        case "media-joined":
                media.joined(action.participant);
                break;
        case "media-left":
                media.left(action.id);
                break;
        case "media-relays":
                media.useRelays(action.iceServers);
                break;
        case "media-signal":
                media.signal(action.peer, action.data);
                break;
        case "media-mute":
                media.setMuted(action.muted);
                break;
        case "media-camera":
                media.setCamera(action.camera);
                break;
        case "media-stop":
                media.stop();
                break;
        }
}

function missed(record) {
        const peer = peerOf(record);

        alerts.notify(record.session_id, `Missed call from ${nameOf(peer)}`, "", false);
}

/* Reports alerting only if there is sound, or something visible. */
function rings(call) {
        const kind = call.callType === "video" ? "Video call" : "Call";
        const notified = alerts.notify(call.id, `${call.callerName} is calling`,
                                       call.isGroup ? `${kind} to ${call.peerName}` : kind, true);

        tones.wake();
        if (notified || tones.canSound || document.visibilityState === "visible")
                turn(() => phone.alerted(call.id));
}

function connectionChanged(state, text, code) {
        phone.connectionChanged(state, text);
        if (state === "online")
                storage.saveWelcome();
        if (state !== "refused")
                return;
        if (code !== 4002)
                storage.forgetToken();
        showLogin(text, code === 4002);
}

/* ---- sound and views ---- */

function show() {
        const ringing = phone.ringing;
        const unseen = phone.history.unseen.length;
        const shown = phone.shown;
        const isSignedIn = phone.user !== null;

        storeConsents();
        tones.play(phone.tone);
        for (const id of alerts.shown.keys())
                if (!ringing.some((call) => call.id === id) && !isMissed(id))
                        alerts.unnotify(id);
        if (isSignedIn) {
                setShown(byId("login"), false);
                setShown(byId("app"), true);
        }
        side.update(phone);
        ring.update(ringing, phone.isInCall);
        call.update(phone, media, now());
        updateMenu();
        const count = unseen > 0 ? `(${unseen}) ` : "";
        const title = shown?.isLive ? `${shown.peerName} – Tring` : "Tring";
        alerts.title(count + title,
                     ringing.length > 0 ? `☎ ${ringing[0].callerName} is calling` : "");
        arm();
}

function storeConsents() {
        storage.saveConsents(phone.stored(Date.now()));
}

function isMissed(id) {
        const record = phone.history.records.get(id);

        return record && isUnseen(record);
}

function updateMenu() {
        const dnd = byId("dnd");
        const waiting = byId("waiting");
        const who = byId("who-may-ring");

        dnd.checked = phone.doNotDisturb;
        waiting.checked = phone.whenBusy === "ring";
        waiting.disabled = phone.connection !== "online";
        who.value = phone.whoMayRing;
        who.disabled = phone.connection !== "online";
        setShown(who.parentElement, phone.whoMayRing !== "");
        setShown(byId("notify"), alerts.mayAskToNotify);
}

function arm() {
        const wait = phone.nextDeadline - now();

        clearTimeout(deadline);
        if (wait !== Infinity)
                deadline = setTimeout(() => turn(() => phone.tick(now())), Math.max(0, wait) + 5);
}

setInterval(() => {
        call.updateTime(now());
        /* So that what is stored is as old as the page that is gone, however it went. */
        if (phone.live.length > 0)
                storeConsents();
}, 1000);

/* ---- commands of the person ---- */

async function place(peer, receiverType, callType) {
        tones.wake();
        /* A second click while the browser asks for permission is the same command. */
        if (place.isAsking)
                return;
        place.isAsking = true;
        await Capture.askPermission(callType === "video");
        place.isAsking = false;
        turn(() => phone.place(peer, receiverType, callType, now()));
}

async function accept(id, withVideo) {
        tones.wake();
        turn(() => phone.accept(id, withVideo));
        await Capture.askPermission(withVideo);
}

const side = new SideView({
        place,
        seen: () => turn(() => phone.markSeen()),
        older: () => turn(() => phone.moreHistory()),
});

const ring = new RingView({
        accept,
        reject: (id) => turn(() => phone.reject(id)),
        silence: (id) => turn(() => phone.silence(id)),
});

const call = new CallView({
        hangUp: (id) => turn(() => phone.hangUp(id)),
        mute: (muted) => turn(() => phone.session.setMuted(muted)),
        camera: (camera) => turn(() => phone.session.setCamera(camera)),
        tryAgain: (kind) => media.tryAgain(kind),
        rejoin: (id) => turn(() => phone.rejoin(id)),
        unsilence: () => media.unsilence(),
        again: (ended) => place(ended.peer, ended.receiverType, ended.callType),
        dismiss: (id) => turn(() => phone.dismiss(id)),
});

byId("dnd").addEventListener("change", ({ target }) => {
        storage.saveDoNotDisturb(target.checked);
        turn(() => phone.setDoNotDisturb(target.checked));
});
byId("waiting").addEventListener("change", ({ target }) =>
        turn(() => phone.setWhenBusy(target.checked ? "ring" : "reject")));
byId("who-may-ring").addEventListener("change", ({ target }) =>
        turn(() => phone.setWhoMayRing(target.value)));
byId("notify").addEventListener("click", async () => {
        await alerts.askToNotify();
        turn(() => {});
});
byId("try-ring").addEventListener("click", () => tones.tryRing());
byId("sign-out").addEventListener("click", () => signOut());
/* Escape closes the menu, as it does elsewhere. */
byId("menu").addEventListener("keydown", (event) => {
        if (event.key !== "Escape")
                return;
        byId("menu").open = false;
        byId("menu").querySelector("summary").focus();
});
addEventListener("pointerdown", (event) => {
        tones.wake();
        if (!byId("menu").contains(event.target))
                byId("menu").open = false;
});
addEventListener("keydown", () => tones.wake());
/* The browser asks whether to leave; the sentence is its own. */
addEventListener("beforeunload", (event) => {
        if (phone.isInCall)
                event.preventDefault();
});
/* Nobody should wait long for a page that was closed. One that is reloaded is soon back. */
addEventListener("pagehide", () => {
        storeConsents();
        if (phone.isInCall)
                hub.say("going");
});
addEventListener("online", () => hub.hurry());
document.addEventListener("visibilitychange", () => {
        if (document.visibilityState !== "visible")
                return;
        hub.hurry();
        for (const one of phone.ringing)
                turn(() => phone.alerted(one.id));
});

/* ---- signing in and out ---- */

function showLogin(text = "", isElsewhere = false) {
        setText(byId("login-error"), text);
        setText(byId("sign-in"), isElsewhere ? "Use it here" : "Sign in");
        byId("token").value = isElsewhere ? storage.loadToken() ?? "" : "";
        byId("remember").checked = storage.isRemembered();
        byId("sign-in").disabled = false;
        byId("menu").open = false;
        setShown(byId("app"), false);
        setShown(byId("login"), true);
        byId(isElsewhere ? "sign-in" : "token").focus();
}

function signIn(token) {
        phone.setDoNotDisturb(storage.loadDoNotDisturb());
        hub.connect({ token, device: storage.deviceId(makeUuid), device_name: browserName() },
                    storage.wasWelcome());
}

function signOut() {
        turn(() => phone.logout());
        storage.forgetToken();
        hub.disconnect();
        turn(() => phone.connectionChanged("logged-out", ""));
        showLogin();
}

byId("login-form").addEventListener("submit", (event) => {
        const token = byId("token").value.trim();

        event.preventDefault();
        tones.wake();
        if (!/^[!-~]{1,128}$/.test(token)) {
                setText(byId("login-error"), "A token is one word, without spaces.");
                byId("token").focus();
                return;
        }
        storage.saveToken(token, byId("remember").checked);
        setText(byId("login-error"), "");
        byId("sign-in").disabled = true;
        signIn(token);
});

const storedToken = storage.loadToken();
if (storedToken) {
        setShown(byId("app"), true);
        signIn(storedToken);
} else {
        showLogin();
}
if (!isSecureContext)
        showNotice("This page was not loaded over https, so the browser gives it neither " +
                   "microphone nor camera.", { isError: true });
