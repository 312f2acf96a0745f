/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The left half: the user, whom to call, groups, and past calls. */

import { byId, fromTemplate, option, part, setAttribute, setIcon, setShown, setText,
         syncChildren } from "./dom.js";
import { isUnseen, peerOf } from "./history.js";
import { nameOf, recordKind, recordOutcome, when } from "./words.js";

const CONNECTION = {
        connecting: "Connecting …",
        online: "Connected",
        offline: "Not connected, trying again",
};

export class SideView {
        /* `commands`: place(peer, receiverType, callType), seen(), older(). */
        constructor(commands) {
                this.commands = commands;
                byId("dial-form").addEventListener("submit", (event) => {
                        event.preventDefault();
                        this.#dial("audio");
                });
                byId("dial-video").addEventListener("click", () => this.#dial("video"));
                byId("dial").addEventListener("input", () => setText(byId("dial-error"), ""));
                byId("seen").addEventListener("click", () => {
                        commands.seen();
                        byId("dial").focus();
                });
                byId("older").addEventListener("click", () => commands.older());
        }

        #dial(callType) {
                const uid = byId("dial").value.trim();

                if (!uid) {
                        setText(byId("dial-error"), "Enter a user to call.");
                        byId("dial").focus();
                } else if (!/^[A-Za-z0-9._@+-]+$/.test(uid)) {
                        setText(byId("dial-error"),
                                "A user name has only letters, digits and . _ @ + -");
                        byId("dial").focus();
                } else {
                        byId("dial").value = "";
                        this.commands.place({ uid }, "user", callType);
                }
        }

        update(phone) {
                const { user, connection, history } = phone;

                setText(byId("me"), user ? nameOf(user) : "Tring");
                setText(byId("connection"), CONNECTION[connection] ?? "");
                setAttribute(byId("connection"), "data-state", connection);
                setAttribute(byId("connection"), "title", phone.connectionText);
                this.#updateGroups(phone.groups);
                syncChildren(byId("people"), history.people, (peer) => peer.uid,
                     (peer) => option(peer.uid, nameOf(peer)), () => {});
                this.#updateHistory(history);
        }

        #updateGroups(groups) {
                setShown(byId("groups"), groups.length > 0);
                syncChildren(byId("group-list"), groups, (group) => group.guid,
                     (group) => this.#makeGroup(group), (row, group) => {
                             const name = nameOf(group);

                             setText(part(row, "name"), name);
                             setAttribute(part(row, "audio"), "aria-label", `Call ${name}`);
                             setAttribute(part(row, "video"), "aria-label",
                                          `Video call with ${name}`);
                     });
        }

        #makeGroup({ guid, name }) {
                const row = fromTemplate("t-group");
                const peer = { uid: guid, name };

                part(row, "audio").onclick = () => this.commands.place(peer, "group", "audio");
                part(row, "video").onclick = () => this.commands.place(peer, "group", "video");
                return row;
        }

        #updateHistory(history) {
                const records = history.list;

                setShown(byId("history-empty"), history.isKnown && records.length === 0);
                setShown(byId("older"), history.cursor !== "");
                setShown(byId("seen"), history.unseen.length > 0);
                syncChildren(byId("history"), records, (record) => record.session_id,
                     () => fromTemplate("t-record"),
                     (row, record) => this.#updateRecord(row, record));
        }

        #updateRecord(row, record) {
                const peer = peerOf(record);
                const name = nameOf(peer);
                const isMissed = record.status === "missed";
                const isVideo = record.call_type === "video";
                const back = part(row, "back");

                row.classList.toggle("missed", isMissed);
                row.classList.toggle("new", isUnseen(record));
                const way = record.direction === "incoming" ? "in" : "out";
                setIcon(part(row, "badge"), isMissed ? "missed" : way);
                setText(part(row, "kind"), recordKind(record));
                setText(part(row, "name"), name);
                setText(part(row, "outcome"), (isVideo ? "Video · " : "") + recordOutcome(record));
                setText(part(row, "when"), when(record.initiated_at));
                setAttribute(part(row, "when"), "datetime",
                             new Date(record.initiated_at / 1000).toISOString());
                setIcon(back, isVideo ? "video" : "phone");
                setAttribute(back, "aria-label", `Call ${name} back`);
                back.onclick = () =>
                        this.commands.place(peer, record.receiver_type, record.call_type);
        }
}
