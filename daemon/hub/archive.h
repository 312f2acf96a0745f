/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The history of all users: one record for each call and user, as the keeper's file has it.
 *
 * Each change of a record has a date of its own, which never goes back: "all changes since the last
 * that I know of" is how a device catches up. A record that a user deleted stays behind as an empty
 * one, so that devices that were away learn of that too; it goes when its time has come.
 *
 * What is put is stored at once, but takes its place in the index later, many records together:
 * when a page of them is asked for, or when it is time (archive_is_unsettled()). Who logs in is
 * told of them without that: then nothing needs to be written.
 */

#include "model/message.h"
#include "store/database.h"

typedef struct Archive Archive;

int archive_new(Database *database, Archive **ret);
Archive *archive_free(Archive *archive);
DEFINE_CLEANUP(Archive *, archive_free);

/* CLOCK_REALTIME, but never before the date of a change: what to compare changes with. */
usec_t archive_date(Archive *archive);

/* `json` is the record by wire_encode_record(); it replaces that of the same call. */
int archive_put(Archive *archive, const char *uid, const char *session_id, usec_t initiated_at,
                bool unseen, const char *json);

/*
 * All have their places. What is below sees to that by itself, but for archive_remove_user(). Not
 * within a transaction, which might be rolled back. 0 or negative errno.
 */
int archive_settle(Archive *archive);
/* There are so many that have not, that it is to be done now. */
bool archive_is_unsettled(const Archive *archive);

/*
 * Newest first, as many as `limit` and `budget` (bytes of JSON) allow, but one at least. `cursor`
 * is a page's `next`, or empty. -EINVAL: not a cursor of ours.
 */
int archive_page(Archive *archive, const char *uid, uint32_t limit, const char *cursor,
                 size_t budget, ReplyHistory *ret);

/* Records changed after `since`, oldest change first; *ret_complete is false if some are left. */
int archive_changes(Archive *archive, const char *uid, usec_t since, size_t budget,
                    CallRecord **ret, size_t *ret_n, bool *ret_complete);
/* The newest SESSION_IDS_MAX that were deleted after `since`. */
int archive_deletions(Archive *archive, const char *uid, usec_t since, MessageSessions *ret);

/*
 * `sessions` without any means all. `each` is told of every record that has changed; what it
 * returns, if not zero, is returned, with the changes made.
 */
int archive_mark_seen(Archive *archive, const char *uid, const MessageSessions *sessions,
                      int (*each)(const CallRecord *, void *), void *userdata);
int archive_forget(Archive *archive, const char *uid, const MessageSessions *sessions,
                   size_t *ret_changed);

/*
 * Deletes at most `max` records of calls from before `before`; of missed ones that nobody has seen,
 * those from before `missed_before`.
 */
int archive_prune(Archive *archive, usec_t before, usec_t missed_before, uint32_t max,
                  size_t *ret_deleted);

/*
 * Calls whose records were changed within `span` before the last change of all, deleted ones
 * included; of more than `max` the latest, in the order of their changes. Ends at the first
 * non-zero of `each`, which is returned.
 */
int archive_latest(Archive *archive, usec_t span, uint32_t max,
                   int (*each)(const char *uid, const char *session_id, void *), void *userdata);

/* Everything of one user, in the caller's transaction, before which all has been settled. */
int archive_remove_user(Archive *archive, const char *uid);
