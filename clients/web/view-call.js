/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The right half: the ongoing call, the one being placed or one that has just ended; or that there
 * is none.
 */

import { announce } from "./alerts.js";
import { byId, fromTemplate, part, setAttribute, setIcon, setShown, setText,
         syncChildren } from "./dom.js";
import { callState, endSentence, initials, list, nameOf } from "./words.js";

const MEMBER_STATES = {
        waiting: "is being called",
        ringing: "is ringing",
        rejected: "declined",
        busy: "busy",
        missed: "did not answer",
        left: "left",
};

export class CallView {
        /*
         * `commands`: hangUp(id), mute(bool), camera(bool), tryAgain("audio" or "video"),
         * rejoin(id), unsilence(), again(call), dismiss(id).
         */
        constructor(commands) {
                this.call = null;
                this.announced = "";
                const click = (id, action) => byId(id).addEventListener("click", action);

                click("hang-up", () => commands.hangUp(this.call.id));
                click("mute", () => this.session.missing.audio
                        ? commands.tryAgain("audio") : commands.mute(!this.session.isMuted));
                click("camera", () => this.session.missing.video
                        ? commands.tryAgain("video") : commands.camera(!this.session.hasCamera));
                click("rejoin", () => commands.rejoin(this.call.id));
                click("unsilence", () => commands.unsilence());
                click("call-again", () => commands.again(this.call));
                click("dismiss", () => commands.dismiss(this.call.id));
        }

        update(phone, media, now) {
                const call = phone.shown;
                const before = this.call;

                this.call = call;
                this.session = phone.session;
                byId("app").classList.toggle("in-call", call !== null);
                setShown(byId("nobody"), call === null);
                setShown(byId("call"), call !== null);
                if (call) {
                        this.#updateTitle(call, now);
                        this.#updateTiles(call, media);
                        this.#updateSelf(call, media);
                        this.#updateFaults(call, media);
                        this.#updateBar(call, media);
                }
                this.#moveFocus(before, call);
        }

        /* Updates the duration, once a second. */
        updateTime(now) {
                if (this.call?.isLive)
                        this.#updateState(this.call, now);
        }

        #updateState(call, now) {
                const seconds = call.answeredAt ? (now - call.answeredAt) / 1000 : 0;

                setText(byId("call-state"), callState(call, this.session, seconds));
        }

        #updateTitle(call, now) {
                setText(byId("stage-title"), call.peerName);
                if (call.isLive)
                        this.#updateState(call, now);
                else
                        setText(byId("call-state"), endSentence(call));
                /* Not the duration: screen readers would never stop reading it. */
                const text = !call.isLive ? endSentence(call)
                        : call.isOngoing ? `In a call with ${call.peerName}.` : "";
                if (text && text !== this.announced)
                        announce(text);
                this.announced = text;
        }

        #updateTiles(call, media) {
                const isIn = this.session.isOf(call) && this.session.isOpen;
                const others = isIn ? [...this.session.others.values()] : [];
                const tiles = others.length > 0 || call.isGroup ? others
                        : [{ id: "peer", uid: call.peer.uid, name: call.peer.name }];

                syncChildren(byId("tiles"), tiles, (tile) => tile.id, () => fromTemplate("t-tile"),
                     (tile, other) => {
                             this.#updateTile(tile, other, media.peers.get(other.id));
                             tile.classList.toggle("alone", !call.isGroup && !other.muted);
                     });
                this.#updateCode(tiles, media);
                const members = call.isLive ? call.members : [];
                const waiting = members.filter((one) => MEMBER_STATES[one.state]);
                setText(byId("call-members"), waiting.map((one) =>
                        `${nameOf(one)} ${MEMBER_STATES[one.state]}`).join(" · "));
        }

        #updateTile(tile, other, peer) {
                const name = nameOf(other);
                const isSpeaking = Boolean(peer?.isSpeaking) && !other.muted;
                const states = [];

                if (other.muted)
                        states.push("muted");
                if (isSpeaking)
                        states.push("speaking");
                if (peer && !peer.isConnected)
                        states.push("connecting");
                setText(part(tile, "name"), name);
                setText(part(tile, "face"), initials(name));
                const why = peer?.whyNoCode ? `not verifiable: ${peer.whyNoCode}` : "";
                const code = peer?.code || why;
                setText(part(tile, "code"), this.session.others.size > 1 ? code : "");
                setText(part(tile, "state"), states.length > 0 ? `, ${list(states)}` : "");
                setShown(part(tile, "muted-icon"), Boolean(other.muted));
                tile.classList.toggle("speaking", isSpeaking);
                tile.classList.toggle("seen", Boolean(peer?.hasPicture) && !other.video_paused);
                if (!peer)
                        return;
                if (peer.picture.parentNode !== tile)
                        part(tile, "face").after(peer.picture);
                peer.picture.setAttribute("aria-label", `Picture of ${name}`);
                setShown(peer.picture, peer.hasPicture && !other.video_paused);
        }

        /*
         * The code of the only other participant, or why there is none; with several, each tile
         * shows its own.
         */
        #updateCode(tiles, media) {
                const peer = tiles.length === 1 ? media.peers.get(tiles[0].id) : null;
                const code = peer?.code ?? "";
                const why = peer?.whyNoCode ?? "";

                setShown(byId("call-code"), code !== "");
                setText(byId("code"), code);
                setShown(byId("call-no-code"), why !== "");
                setText(byId("no-code"), why);
        }

        #updateSelf(call, media) {
                const picture = byId("self-picture");
                const shown = call.isOngoing && media.hasOwnPicture;
                const stream = shown ? media.capture.stream : null;

                if (picture.srcObject !== stream)
                        picture.srcObject = stream;
                setShown(byId("self"), shown);
        }

        /* What is missing here is shown for as long as it is missing. */
        #updateFaults(call, media) {
                const isIn = call.isOngoing && this.session.isOf(call) && this.session.isOpen;
                const faults = isIn ? ["audio", "video"].map((kind) => media.fault(kind)) : [];

                setText(byId("call-faults"), faults.filter(Boolean).join(" "));
        }

        #updateBar(call, media) {
                const { session } = this;
                const isIn = call.isOngoing && session.isOf(call) && session.isOpen;
                const isSilent = session.isMuted || session.missing.audio;
                const isDark = !session.hasCamera || session.missing.video;

                setShown(byId("mute"), isIn);
                setShown(byId("camera"), isIn && call.callType === "video");
                setShown(byId("rejoin"), call.isOngoing && !isIn && !call.decision);
                setShown(byId("unsilence"), isIn && media.isSilenced);
                setShown(byId("hang-up"), call.isLive);
                setShown(byId("call-again"), !call.isLive);
                setShown(byId("dismiss"), !call.isLive);
                this.#toggle("mute", "Mute", session.isMuted, isSilent ? "mic-off" : "mic");
                this.#toggle("camera", "Camera", session.hasCamera,
                             isDark ? "video-off" : "video");
                if (session.missing.audio)
                        this.#offerAgain("mute", "No microphone: try again");
                if (session.missing.video)
                        this.#offerAgain("camera", "No camera: try again");
                byId("mute").classList.toggle("off", isSilent);
                byId("camera").classList.toggle("off", isDark);
                byId("mute").classList.toggle("missing", session.missing.audio);
                byId("camera").classList.toggle("missing", session.missing.video);
                const hangUp = !call.isOngoing ? "Cancel the call"
                        : call.isGroup ? "Leave the call" : "Hang up";
                setAttribute(byId("hang-up"), "aria-label", hangUp);
        }

        #toggle(id, label, pressed, icon) {
                setAttribute(byId(id), "aria-label", label);
                setAttribute(byId(id), "title", label);
                setAttribute(byId(id), "aria-pressed", pressed);
                setIcon(byId(id), icon);
        }

        /* There is nothing to switch: the button opens the device. */
        #offerAgain(id, label) {
                setAttribute(byId(id), "aria-label", label);
                setAttribute(byId(id), "title", label);
                byId(id).removeAttribute("aria-pressed");
        }

        /* Keeps the keyboard focus on the call when the focused button disappears. */
        #moveFocus(before, call) {
                const lost = !document.activeElement || document.activeElement === document.body;

                if (byId("incoming").open || (!lost && document.activeElement.offsetParent))
                        return;
                if (call)
                        byId("stage").focus();
                else if (before)
                        byId("dial").focus({ preventScroll: true });
        }
}
