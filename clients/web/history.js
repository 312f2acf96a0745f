/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The part of the user's history that has been requested: the newest page, what is logged while the
 * page is open, and older pages that the person asked for.
 */

export class History {
        constructor() {
                this.records = new Map(); /* by session id */
                this.cursor = ""; /* of the next older page */
                this.isKnown = false;
        }

        /* Takes a page from the hub; `first`: the newest page, which replaces all records. */
        takePage(records, next, first) {
                if (first)
                        this.records.clear();
                for (const record of records ?? [])
                        this.put(record);
                this.cursor = next ?? "";
                this.isKnown = true;
        }

        /* Returns whether the record is new, and not only changed. */
        put(record) {
                const isNew = !this.records.has(record.session_id);

                if (this.isAnothers(record))
                        return false;
                this.records.set(record.session_id, record);
                return isNew;
        }

        /* Whether the id is that of a call of other people, or the other way round (rule 1). */
        isAnothers(record) {
                const known = this.records.get(record.session_id);

                return known !== undefined && !isSameCall(known, record);
        }

        /* Without ids: forgets all records, or those initiated up to `until`. */
        forget(ids, until) {
                if (!ids)
                        this.cursor = "";
                for (const [id, record] of this.records)
                        if (ids ? ids.includes(id) : !until || record.initiated_at <= until)
                                this.records.delete(id);
        }

        markSeen() {
                for (const record of this.records.values())
                        record.seen = true;
        }

        /* Newest first. */
        get list() {
                return [...this.records.values()].sort((a, b) => b.initiated_at - a.initiated_at);
        }

        get unseen() {
                return [...this.records.values()].filter(isUnseen);
        }

        /* The people of the last calls, latest first, as suggestions to call. */
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

function isSameCall(a, b) {
        return a.direction === b.direction && a.receiver_type === b.receiver_type &&
               a.initiator.uid === b.initiator.uid && a.receiver.uid === b.receiver.uid;
}

export function isUnseen(record) {
        return record.status === "missed" && !record.seen;
}

export function peerOf(record) {
        return record.receiver_type === "group" || record.direction === "outgoing"
                ? record.receiver : record.initiator;
}
