/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The call history of all users: one record for each call and user, in the hub's database.
 *
 * Each change of a record has a number of its own (model/change-number.h): a device catches up by
 * asking for all changes after the last one it knows. A record that a user deleted stays behind as
 * an empty one until it expires, so that devices that were away learn of the deletion too.
 *
 * Two counters outlive rows and restarts: the number of the last change, since its row may be
 * deleted, and the time that the hub has run, which retention needs (model/retention.h).
 *
 * call_history_put() stores a record at once. Its entry in the index follows later, many records
 * together: when a page is asked for, or when call_history_is_unsettled() says that it is time.
 * A login reads the changes without the index, and so writes nothing, unless they do not
 * fit, or some are deletions.
 */

#include "model/message.h"
#include "model/retention.h"
#include "store/database.h"

typedef struct CallHistory CallHistory;

/* The time of a change, by both clocks. */
typedef struct HistoryTime {
        usec_t now;  /* CLOCK_BOOTTIME; the hub has run since the first one that it gave */
        usec_t date; /* CLOCK_REALTIME */
} HistoryTime;

HistoryTime history_time_now(void);

int call_history_new(Database *database, CallHistory **ret);
CallHistory *call_history_free(CallHistory *history);
DEFINE_CLEANUP(CallHistory *, call_history_free);

/*
 * The number of the last change that is stored: the `since` of a device that has been told of all.
 * It goes out, so it must not be one that a rollback or a crash may take back.
 */
int call_history_last_change(CallHistory *history, usec_t *ret);

/* `json` is the record by wire_encode_record(); it replaces the one of the same call. */
int call_history_put(CallHistory *history, const HistoryTime *time, const char *uid,
                     const char *session_id, usec_t initiated_at, bool unseen, const char *json);

/*
 * Indexes all records. Call it outside a transaction, which might be rolled back. Functions for a
 * page, marking as seen, forgetting and pruning begin with it. Returns 0 or negative errno.
 */
int call_history_settle(CallHistory *history);
/* True when so many records wait for their index entry that it is time to settle. */
bool call_history_is_unsettled(const CallHistory *history);

/*
 * Newest first, as many as `limit` and `budget` (bytes of JSON) allow, but at least one. `cursor`
 * is the `next` of a page, or empty. -EINVAL: not a valid cursor.
 */
int call_history_page(CallHistory *history, const char *uid, uint32_t limit, const char *cursor,
                      size_t budget, ReplyHistory *ret);

/*
 * Records changed after `since`, oldest change first; *ret_complete is false if some are left.
 * A `since` after the last change means from the beginning, here and below.
 */
int call_history_changes(CallHistory *history, const char *uid, usec_t since, size_t budget,
                         CallRecord **ret, size_t *ret_n, bool *ret_complete);
/* The newest SESSION_IDS_MAX calls that were deleted after `since`. */
int call_history_deletions(CallHistory *history, const char *uid, usec_t since,
                           MessageSessions *ret);

/*
 * An empty `sessions` means all calls up to its `until`, here and below. *ret has the records that
 * have changed; the caller frees them.
 */
int call_history_mark_seen(CallHistory *history, const HistoryTime *time, const char *uid,
                           const MessageSessions *sessions, CallRecord **ret, size_t *ret_n);
int call_history_forget(CallHistory *history, const HistoryTime *time, const char *uid,
                        const MessageSessions *sessions, size_t *ret_changed);

/* Stores the time that the hub has run: now and then, since what was not stored is lost. */
int call_history_count_running(CallHistory *history, const HistoryTime *time);
/* Deletes at most `max` of the records that `days` (at least 1) says are to go. */
int call_history_prune(CallHistory *history, const HistoryTime *time, uint32_t days, uint32_t max,
                       size_t *ret_deleted);

/*
 * Calls `each` for the calls whose records, deleted ones included, changed last: at most `max`, in
 * the order of their changes. Stops at the first non-zero result of `each`, which is returned.
 */
int call_history_latest(CallHistory *history, uint32_t max,
                        int (*each)(const char *uid, const char *session_id, void *),
                        void *userdata);

/* Removes all records of a user, in the caller's transaction. Settle before that begins. */
int call_history_remove_user(CallHistory *history, const char *uid);
