/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The call history of all users: one record for each call and user, in the hub's database.
 *
 * Each change of a record has a number of its own (model/change-number.h): a device catches up by
 * asking for all changes after the last one it knows. A record that a user deleted stays behind as
 * an empty one until it expires, so that devices that were away learn of the deletion too.
 *
 * The metadata of a call are stored once, for the records of all of its parties, and go with the
 * last of these.
 *
 * Two counters outlive rows and restarts: the number of the last change, since its row may be
 * deleted, and the time that the hub has run, which retention needs (model/retention.h).
 *
 * call_history_put() stores a record at once. Its entries in the indexes follow later, many records
 * together: when a task needs them (history-task.h), or when call_history_is_unsettled() says that
 * it is time. A login reads the changes without them, and so writes nothing.
 */

#include "hub/past-calls.h"
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

/* Which session ids the history has. Owned by the history. */
PastCalls *call_history_past(CallHistory *history);

/*
 * The number of the last change that is stored: the `since` of a device that has been told of all.
 * It goes out, so it must not be one that a rollback or a crash may take back.
 */
int call_history_last_change(CallHistory *history, usec_t *ret);

typedef struct HistoryEntry {
        const char *uid, *session_id;
        usec_t initiated_at;
        bool unseen;
        const char *json;     /* the record without metadata, by wire_encode_record() */
        const char *metadata; /* of the call, by wire_encode_metadata(); NULL: none, or stored */
} HistoryEntry;

/* The record replaces the one of the same call and user. */
int call_history_put(CallHistory *history, const HistoryTime *time, const HistoryEntry *entry);

/*
 * Indexes records, for about `budget` (in µs), but some at least; USEC_NEVER: all. Call it outside
 * a transaction, which might be rolled back. Returns 0, 1 if some may be left, or negative errno.
 */
int call_history_settle(CallHistory *history, usec_t budget);
/* True when so many records wait for their index entry that it is time to settle. */
bool call_history_is_unsettled(const CallHistory *history);

/*
 * Records changed after `since`, oldest change first; *ret_complete is false if some are left.
 * A `since` after the last change means from the beginning, here and below.
 */
int call_history_changes(CallHistory *history, const char *uid, usec_t since, size_t budget,
                         CallRecord **ret, size_t *ret_n, bool *ret_complete);
/* The newest SESSION_IDS_MAX calls that were deleted after `since`. */
int call_history_deletions(CallHistory *history, const char *uid, usec_t since,
                           MessageSessions *ret);

/* Stores the time that the hub has run: now and then, since what was not stored is lost. */
int call_history_count_running(CallHistory *history, const HistoryTime *time);
/*
 * Deletes at most `max` of the records that `days` (at least 1) says are to go, among some rows of
 * some users. Returns 0 when it has looked at all users; 1 if there is more to do (it also takes
 * time to settle first: `budget` as in call_history_settle()); or negative errno.
 */
int call_history_prune(CallHistory *history, const HistoryTime *time, uint32_t days, uint32_t max,
                       usec_t budget, size_t *ret_deleted);

/*
 * Calls `each` for the calls whose records, deleted ones included, changed last: at most `max`, in
 * the order of their changes. Stops at the first non-zero result of `each`, which is returned.
 */
int call_history_latest(CallHistory *history, uint32_t max,
                        int (*each)(const char *uid, const char *session_id, void *),
                        void *userdata);

/* Removes all records of a user, in the caller's transaction. Settle all before that begins. */
int call_history_remove_user(CallHistory *history, const char *uid);
