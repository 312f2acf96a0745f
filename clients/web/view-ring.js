/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Incoming calls. The dialog covers the page and takes the focus, but on no button: a person who is
 * typing answers or declines nothing by accident, and Escape does neither. During a call the dialog
 * stays beside it.
 */

import { announce } from "./alerts.js";
import { byId, fromTemplate, part, setShown, setText, syncChildren } from "./dom.js";
import { initials, list, nameOf } from "./words.js";

export class RingView {
        /* `commands`: accept(id, withVideo), reject(id), silence(id). */
        constructor(commands) {
                this.commands = commands;
                this.dialog = byId("incoming");
                this.ringing = [];
                this.announced = "";
                this.dialog.addEventListener("cancel", (event) => event.preventDefault());
                this.dialog.addEventListener("keydown", (event) => {
                        if (event.key === "Escape")
                                event.preventDefault();
                });
                /* A browser may close the dialog all the same: show it again while a call rings. */
                this.dialog.addEventListener("close",
                                             () => this.update(this.ringing, this.isAside));
        }

        update(ringing, isAside) {
                this.ringing = ringing;
                this.isAside = isAside;
                syncChildren(byId("incoming-list"), ringing, (call) => call.id,
                     (call) => this.#make(call), (row, call) => this.#updateRow(row, call));
                if (ringing.length === 0 && this.dialog.open) {
                        this.dialog.close();
                        this.#giveFocusBack();
                } else if (ringing.length > 0 && !this.dialog.open) {
                        this.#open(isAside);
                }
                const text = ringing.map((call) => this.#spoken(call)).join(" ");
                if (text && text !== this.announced)
                        announce(text, true);
                this.announced = text;
        }

        #open(isAside) {
                this.before = document.activeElement;
                this.dialog.classList.toggle("aside", isAside);
                if (isAside)
                        this.dialog.show();
                else
                        this.dialog.showModal();
                byId("incoming-title").focus();
        }

        #giveFocusBack() {
                const lost = !document.activeElement || document.activeElement === document.body;

                if (lost && this.before?.isConnected && this.before.offsetParent)
                        this.before.focus();
        }

        #make({ id }) {
                const row = fromTemplate("t-incoming");

                part(row, "answer").onclick = () => this.commands.accept(id, false);
                part(row, "video").onclick = () => this.commands.accept(id, true);
                part(row, "decline").onclick = () => this.commands.reject(id);
                part(row, "silence").onclick = () => {
                        this.commands.silence(id);
                        byId("incoming-title").focus();
                };
                return row;
        }

        #spoken(call) {
                const kind = call.callType === "video" ? "video call" : "call";

                const to = call.isGroup ? ` to ${call.peerName}` : "";

                return `Incoming ${kind}${to} from ${call.callerName}.`;
        }

        #updateRow(row, call) {
                const isVideo = call.callType === "video";
                const kind = isVideo ? "Incoming video call" : "Incoming call";

                setText(part(row, "face"), initials(call.callerName));
                part(row, "face").classList.toggle("ringing", !call.silent);
                setText(part(row, "name"), call.callerName);
                const joined = call.members.filter((one) => one.state === "joined");
                const others = list(joined.map(nameOf));
                const to = call.isGroup ? ` to ${call.peerName}` : "";

                setText(part(row, "what"), kind + to + (others && `, with ${others}`));
                setShown(part(row, "video"), isVideo);
                setShown(part(row, "silence"), !call.silent);
                part(row, "answer").lastChild.textContent = isVideo ? "Audio" : "Answer";
                setText(part(row, "ends"),
                        this.isAside ? "Answering ends the call that you are in." : "");
        }
}
