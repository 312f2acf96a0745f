/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The history of all users: one record for each call and user, as the database's file has it.
 *
 * Each change of a record has a date of its own, which never goes back: "all changes since the last
 * that I know of" is how a device catches up. A record that a user deleted stays behind as an empty
 * one, so that devices that were away learn of that too; it goes when its time has come.
 *
 * What is put is stored at once, but takes its place in the index later, many records together:
 * when a page of them is asked for, or when it is time (call_history_is_unsettled()). Who logs in
 * is told of them without that: then nothing needs to be written.
 */

#include "model/message.h"
#include "store/database.h"

typedef struct CallHistory CallHistory;

int call_history_new(Database *database, CallHistory **ret);
CallHistory *call_history_free(CallHistory *history);
DEFINE_CLEANUP(CallHistory *, call_history_free);

/* CLOCK_REALTIME, but never before the date of a change: what to compare changes with. */
usec_t call_history_date(CallHistory *history);

/* `json` is the record by wire_encode_record(); it replaces that of the same call. */
int call_history_put(CallHistory *history, const char *uid, const char *session_id,
                     usec_t initiated_at, bool unseen, const char *json);

/*
 * All have their places. What is below sees to that by itself, but for call_history_remove_user().
 * Not within a transaction, which might be rolled back. 0 or negative errno.
 */
int call_history_settle(CallHistory *history);
/* There are so many that have not, that it is to be done now. */
bool call_history_is_unsettled(const CallHistory *history);

/*
 * Newest first, as many as `limit` and `budget` (bytes of JSON) allow, but one at least. `cursor`
 * is a page's `next`, or empty. -EINVAL: not a cursor of ours.
 */
int call_history_page(CallHistory *history, const char *uid, uint32_t limit, const char *cursor,
                      size_t budget, ReplyHistory *ret);

/* Records changed after `since`, oldest change first; *ret_complete is false if some are left. */
int call_history_changes(CallHistory *history, const char *uid, usec_t since, size_t budget,
                         CallRecord **ret, size_t *ret_n, bool *ret_complete);
/* The newest SESSION_IDS_MAX that were deleted after `since`. */
int call_history_deletions(CallHistory *history, const char *uid, usec_t since,
                           MessageSessions *ret);

/*
 * `sessions` without any means all. `each` is told of every record that has changed; what it
 * returns, if not zero, is returned, with the changes made.
 */
int call_history_mark_seen(CallHistory *history, const char *uid, const MessageSessions *sessions,
                           int (*each)(const CallRecord *, void *), void *userdata);
int call_history_forget(CallHistory *history, const char *uid, const MessageSessions *sessions,
                        size_t *ret_changed);

/*
 * Deletes at most `max` records of calls from before `before`; of missed ones that nobody has seen,
 * those from before `missed_before`.
 */
int call_history_prune(CallHistory *history, usec_t before, usec_t missed_before, uint32_t max,
                       size_t *ret_deleted);

/*
 * Calls whose records were changed within `span` before the last change of all, deleted ones
 * included; of more than `max` the latest, in the order of their changes. Ends at the first
 * non-zero of `each`, which is returned.
 */
int call_history_latest(CallHistory *history, usec_t span, uint32_t max,
                        int (*each)(const char *uid, const char *session_id, void *),
                        void *userdata);

/* Everything of one user, in the caller's transaction, before which all has been settled. */
int call_history_remove_user(CallHistory *history, const char *uid);
