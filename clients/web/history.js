/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The user's history, as much of it as has been asked for: the newest page, what is logged while
 * the page is open, and older pages when somebody looks for them.
 */

export class History {
        constructor() {
                this.records = new Map(); /* by session id */
                this.cursor = ""; /* of the next older page */
                this.isKnown = false;
        }

        /* A page of the hub's; `first`: the newest, in place of all that was here. */
        takePage(records, next, first) {
                if (first)
                        this.records.clear();
                for (const record of records ?? [])
                        this.records.set(record.session_id, record);
                this.cursor = next ?? "";
                this.isKnown = true;
        }

        /* Returns whether it is news: not only a change of what was there. */
        put(record) {
                const isNew = !this.records.has(record.session_id);

                this.records.set(record.session_id, record);
                return isNew;
        }

        /* None named: all, or all that were initiated up to `until`. */
        forget(ids, until) {
                if (!ids)
                        this.cursor = "";
                for (const [id, record] of this.records)
                        if (ids ? ids.includes(id) : !until || record.initiated_at <= until)
                                this.records.delete(id);
        }

        markSeen(ids) {
                for (const record of this.records.values())
                        if (!ids || ids.includes(record.session_id))
                                record.seen = true;
        }

        /* Newest first. */
        get list() {
                return [...this.records.values()].sort((a, b) => b.initiated_at - a.initiated_at);
        }

        get unseen() {
                return [...this.records.values()].filter(isUnseen);
        }

        /* Who was called and who has called, the latest first: people to call again. */
        get people() {
                const people = new Map();

                for (const record of this.list) {
                        const peer = peerOf(record);

                        if (record.receiver_type === "user" && !people.has(peer.uid))
                                people.set(peer.uid, peer);
                }
                return [...people.values()];
        }
}

export function isUnseen(record) {
        return record.status === "missed" && !record.seen;
}

export function peerOf(record) {
        return record.receiver_type === "group" || record.direction === "outgoing"
                ? record.receiver : record.initiator;
}
