/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hub/call-history.h"

#include <errno.h>

#include "base/array.h"
#include "base/log.h"
#include "hub/call-history-internal.h"
#include "model/change-number.h"
#include "wire/stored.h"

/*
 * Records. Indexing many at once writes each index page once; one at a time they would write nearly
 * one page each.
 */
#define SETTLE_AT 2048
#define SETTLE_ROWS 32 /* between two looks at the clock */
/* Looked at in one go. */
#define PRUNE_USERS 64
#define PRUNE_ROWS 256

/* Each index ends with changed_at, which is the rowid. */
static const char *const statements_sql[HISTORY_STATEMENT_COUNT] = {
        [LAST_CHANGE] = "SELECT max(value, (SELECT ifnull(max(changed_at), 0) FROM history))"
                        " FROM counters WHERE name = 'last_change'",
        [KEEP_LAST_CHANGE] = "UPDATE counters SET value = max(value, ?1)"
                             " WHERE name = 'last_change'",
        [RUNNING] = "SELECT value FROM counters WHERE name = 'running'",
        [COUNT_RUNNING] = "UPDATE counters SET value = ?1 WHERE name = 'running'",
        [LAST_SETTLED] = "SELECT changed_at FROM history WHERE settled"
                         " ORDER BY changed_at DESC LIMIT 1",
        [PUT] = "INSERT INTO history"
                " (changed_at, uid, session_id, initiated_at, unseen, json, running, settled)"
                " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0)",
        [SETTLE_END] = "SELECT max(changed_at), count(*) FROM"
                       " (SELECT changed_at FROM history WHERE changed_at > ?1"
                       "  ORDER BY changed_at LIMIT ?2)",
        /* Runs in the order of changes, so that the later of two records of one call stays. */
        [SETTLE] = "UPDATE OR REPLACE history SET settled = 1"
                   " WHERE changed_at > ?1 AND changed_at <= ?2 AND NOT settled",
        [PAGE] = "SELECT json, unseen," METADATA ", initiated_at, session_id FROM history"
                 " WHERE uid = ?1 AND settled AND (initiated_at, session_id) < (?2, ?3)"
                 " ORDER BY initiated_at DESC, session_id DESC LIMIT ?4",
        [WALK] = "SELECT changed_at, json, unseen, initiated_at, session_id FROM history"
                 " WHERE uid = ?1 AND settled AND (initiated_at, session_id) < (?2, ?3)"
                 " ORDER BY initiated_at DESC, session_id DESC LIMIT ?4",
        [FIND] = "SELECT changed_at, json, unseen FROM history"
                 " WHERE session_id = ?2 AND uid = ?1 AND settled",
        [CHANGES] = "SELECT json, unseen," METADATA
                    ", changed_at FROM history INDEXED BY history_by_change"
                    " WHERE uid = ?1 AND settled AND changed_at > ?2 AND json <> ''"
                    " ORDER BY changed_at",
        [UNSETTLED] = "SELECT json, unseen," METADATA ", changed_at, session_id FROM history"
                      " WHERE changed_at > max(?2, ?3) AND NOT settled AND uid = ?1"
                      " ORDER BY changed_at",
        [DELETIONS] = "SELECT session_id FROM history INDEXED BY history_deleted"
                      " WHERE uid = ?1 AND settled AND changed_at > ?2 AND json = ''"
                      " ORDER BY changed_at DESC LIMIT ?3",
        [LATEST] = "SELECT uid, session_id FROM"
                   " (SELECT uid, session_id, changed_at FROM history"
                   "  ORDER BY changed_at DESC LIMIT ?1) ORDER BY changed_at",
        [SEE] = "UPDATE history SET unseen = 0, changed_at = ?2 WHERE changed_at = ?1"
                " RETURNING json, unseen," METADATA,
        [FORGET] = "UPDATE history SET json = '', unseen = 0, changed_at = ?2"
                   " WHERE changed_at = ?1 RETURNING session_id",
        [METADATA_PUT] = "INSERT INTO metadata (session_id, json) VALUES (?1, ?2)"
                         " ON CONFLICT DO NOTHING",
        /* A live call will have more records. */
        [METADATA_DROP] = "DELETE FROM metadata WHERE session_id = ?1"
                          " AND NOT EXISTS (SELECT 1 FROM history h WHERE h.session_id = ?1"
                          "  AND h.settled AND h.json <> '')"
                          " AND NOT EXISTS (SELECT 1 FROM live WHERE session_id = ?1)",
        [NEXT_USER] = "SELECT uid FROM users WHERE uid > ?1 ORDER BY uid LIMIT 1",
        /* A row that is old enough to go may have to stay: it was missed, or a clock was wrong. */
        [PRUNABLE] = "SELECT changed_at, initiated_at, session_id,"
                     " running < ?5 AND (NOT unseen OR initiated_at < ?6 AND running < ?7)"
                     " FROM history WHERE uid = ?1 AND settled"
                     " AND (initiated_at, session_id) > (?2, ?3) AND initiated_at < ?4"
                     " ORDER BY initiated_at, session_id LIMIT ?8",
        [PRUNE] = "DELETE FROM history WHERE changed_at = ?1 RETURNING session_id",
        [REMOVE_USER] = "DELETE FROM history WHERE uid = ?1 AND settled RETURNING session_id",
};

HistoryTime history_time_now(void)
{
        return (HistoryTime){.now = clock_boottime(), .date = clock_realtime()};
}

int call_history_new(Database *database, CallHistory **ret)
{
        _cleanup_(call_history_freep) CallHistory *history = calloc(1, sizeof(*history));

        if (!history)
                return -ENOMEM;
        history->database = database;
        int r = database_prepare(database, statements_sql, HISTORY_STATEMENT_COUNT,
                                 history->statements);
        if (r >= 0)
                r = past_calls_new(database, &history->past);
        if (r >= 0)
                r = query_number(history->statements[LAST_CHANGE], &history->last_change);
        if (r >= 0)
                r = query_number(history->statements[RUNNING], &history->running);
        if (r >= 0)
                r = query_number(history->statements[LAST_SETTLED], &history->last_settled);
        if (r < 0)
                return r;
        history->n_unsettled = history->last_settled < history->last_change;
        *ret = TAKE_PTR(history);
        return 0;
}

/* The database owns the statements. */
PastCalls *call_history_past(CallHistory *history)
{
        return history->past;
}

CallHistory *call_history_free(CallHistory *history)
{
        if (history)
                past_calls_free(history->past);
        free(history);
        return NULL;
}

int call_history_last_change(CallHistory *history, usec_t *ret)
{
        return query_number(history->statements[LAST_CHANGE], ret);
}

usec_t call_history_next_change(CallHistory *history, const HistoryTime *time)
{
        history->last_change = change_number_next(history->last_change, time->date);
        return history->last_change;
}

/* The time that the hub has run, with that of earlier starts. */
static usec_t running_at(CallHistory *history, const HistoryTime *time)
{
        if (history->started == 0)
                history->started = time->now;
        return history->running + time->now - history->started;
}

int call_history_put(CallHistory *history, const HistoryTime *time, const HistoryEntry *entry)
{
        usec_t changed_at = call_history_next_change(history, time);
        int r = past_calls_note(history->past, entry->session_id, entry->uid, changed_at);

        if (r >= 0 && entry->metadata)
                r = query_run(history->statements[METADATA_PUT], "ss", entry->session_id,
                              entry->metadata);
        if (r < 0)
                return r;
        history->n_unsettled++;
        return query_run(history->statements[PUT], "tsstbst", changed_at, entry->uid,
                         entry->session_id, entry->initiated_at, entry->unseen, entry->json,
                         running_at(history, time));
}

/* Settles the next few rows. Returns 1 if there may be more, 0, or negative errno. */
static int settle_rows(CallHistory *history, usec_t *last_settled, size_t *n_unsettled)
{
        sqlite3_stmt *end = history->statements[SETTLE_END];
        usec_t until = 0;
        size_t n = 0;

        query_bind(end, "tu", *last_settled, SETTLE_ROWS);
        int r = query_next(end);
        if (r > 0) {
                until = (usec_t)sqlite3_column_int64(end, 0);
                n = (size_t)sqlite3_column_int64(end, 1);
        }
        r = query_end(end, MIN_OF(r, 0));
        if (r >= 0 && n > 0)
                r = query_run(history->statements[SETTLE], "tt", *last_settled, until);
        if (r < 0)
                return r;
        bool all = n < SETTLE_ROWS;
        *last_settled = all ? history->last_change : until;
        /* After a start the number is not known, and 1 means any. */
        *n_unsettled = all ? 0 : MAX_OF(*n_unsettled, n + 1) - n;
        return !all;
}

int call_history_settle(CallHistory *history, usec_t budget)
{
        usec_t begin = clock_boottime(), last_settled = history->last_settled;
        size_t n_unsettled = history->n_unsettled;

        if (n_unsettled == 0)
                return 0;
        int left, r = database_begin(history->database);
        if (r < 0)
                return r;
        do
                left = settle_rows(history, &last_settled, &n_unsettled);
        while (left > 0 && clock_boottime() - begin < budget);
        r = database_end(history->database, MIN_OF(left, 0));
        if (r < 0)
                return r;
        history->last_settled = last_settled;
        history->n_unsettled = n_unsettled;
        if (n_unsettled == 0)
                past_calls_settled(history->past);
        return left;
}

bool call_history_is_unsettled(const CallHistory *history)
{
        return history->n_unsettled >= SETTLE_AT;
}

/* The record's own ones, if an older hub has written it. */
static int read_metadata(const char *json, CallRecord *record)
{
        CallRecord holder;
        int r = json && record->metadata.count == 0 ? wire_decode_metadata(json, &holder)
                                                    : -EBADMSG;

        if (r == 0)
                record->metadata = holder.metadata;
        return r == -ENOMEM ? r : 0;
}

int call_history_read(sqlite3_stmt *row, int column, CallRecord *ret)
{
        const char *json = (const char *)sqlite3_column_text(row, column);

        if (!json)
                return -ENOMEM;
        int r = wire_decode_record(json, ret);
        if (r == -ENOMEM)
                return r;
        if (r < 0) {
                log_error("cannot read a history record, which is left out: %s", strerror(-r));
                return 1;
        }
        ret->seen = !sqlite3_column_int(row, column + 1);
        r = read_metadata((const char *)sqlite3_column_text(row, column + 2), ret);
        if (r < 0)
                call_record_done(ret);
        return r;
}

void records_done(Records *records)
{
        call_records_free(TAKE_PTR(records->records), records->n);
        records->n = 0;
}

int records_add(Records *records, sqlite3_stmt *row, int column)
{
        size_t length = (size_t)sqlite3_column_bytes(row, column) +
                        (size_t)sqlite3_column_bytes(row, column + 2);
        CallRecord record = {0};

        if (records->n == records->limit || (records->n > 0 && length > records->budget))
                return 1;
        int r = call_history_read(row, column, &record);
        if (r != 0)
                return r < 0 ? r : 0;
        r = ARRAY_GROW(&records->records, records->n);
        if (r < 0) {
                call_record_done(&record);
                return r;
        }
        records->records[records->n++] = record;
        records->budget -= MIN_OF(length, records->budget);
        return 0;
}

/*
 * Takes as many rows as fit. Returns 1 if some are left, from the change *ret_left on; on an error
 * takes none.
 */
static int records_collect(Records *records, sqlite3_stmt *rows, usec_t *ret_left)
{
        int r;

        QUERY_FOREACH (rows, r) {
                r = records_add(records, rows, 0);
                *ret_left = (usec_t)sqlite3_column_int64(rows, 3);
        }
        if (r < 0)
                records_done(records);
        return query_end(rows, r);
}

/* Returns a `since` that this history has given out, or 0. */
static int known_since(CallHistory *history, usec_t since, usec_t *ret)
{
        usec_t last = 0;
        int r = call_history_last_change(history, &last);

        if (r >= 0)
                *ret = change_number_since(since, last);
        return r;
}

static sqlite3_stmt *unsettled_of(CallHistory *history, const char *uid, usec_t since)
{
        query_bind(history->statements[UNSETTLED], "stt", uid, since, history->last_settled);
        return history->statements[UNSETTLED];
}

static void records_drop(Records *records, const char *session_id)
{
        size_t n = 0;

        for (size_t i = 0; i < records->n; i++) {
                if (str_eq(records->records[i].session_id, session_id))
                        call_record_done(&records->records[i]);
                else
                        records->records[n++] = records->records[i];
        }
        records->n = n;
}

/* Drops the records of calls that have a later one, which had no room. */
static int drop_replaced(CallHistory *history, const char *uid, usec_t left, Records *records)
{
        sqlite3_stmt *rows = unsettled_of(history, uid, left - 1);
        int r;

        QUERY_FOREACH (rows, r) {
                records_drop(records, query_text(rows, 4));
                r = 0;
        }
        return query_end(rows, r);
}

/* All settled rows are older than the others. */
int call_history_changes(CallHistory *history, const char *uid, usec_t since, size_t budget,
                         CallRecord **ret, size_t *ret_n, bool *ret_complete)
{
        sqlite3_stmt *settled = history->statements[CHANGES];
        Records records = {.budget = budget, .limit = UINT32_MAX};
        usec_t left = 0;
        int r = known_since(history, since, &since);

        if (r < 0)
                return r;
        query_bind(settled, "st", uid, since);
        r = records_collect(&records, settled, &left);
        if (r == 0)
                r = records_collect(&records, unsettled_of(history, uid, since), &left);
        if (r < 0)
                return r;
        *ret_complete = r == 0;
        if (r == 1)
                r = drop_replaced(history, uid, left, &records);
        if (r < 0) {
                records_done(&records);
                return r;
        }
        *ret = records.records;
        *ret_n = records.n;
        return 0;
}

static void sessions_drop(MessageSessions *sessions, const char *session_id)
{
        size_t n = 0;

        for (size_t i = 0; i < sessions->count; i++)
                if (!str_eq(sessions->session_ids[i], session_id))
                        memmove(sessions->session_ids[n++], sessions->session_ids[i],
                                sizeof(*sessions->session_ids));
        sessions->count = n;
}

static int deletions_collect(CallHistory *history, const char *uid, usec_t since,
                             MessageSessions *sessions)
{
        sqlite3_stmt *deletions = history->statements[DELETIONS];
        int r;

        query_bind(deletions, "stu", uid, since, SESSION_IDS_MAX);
        QUERY_FOREACH (deletions, r) {
                r = STR_SET(sessions->session_ids[sessions->count], query_text(deletions, 0));
                sessions->count += r == 0;
        }
        r = query_end(deletions, r);
        if (r < 0 || sessions->count == 0)
                return r;
        /* A member of a group's call may have joined it again since, and have a record again. */
        sqlite3_stmt *rows = unsettled_of(history, uid, since);
        QUERY_FOREACH (rows, r) {
                sessions_drop(sessions, query_text(rows, 4));
                r = 0;
        }
        return query_end(rows, r);
}

int call_history_deletions(CallHistory *history, const char *uid, usec_t since,
                           MessageSessions *ret)
{
        MessageSessions sessions = {0};
        int r = known_since(history, since, &since);

        if (r < 0)
                return r;
        sessions.session_ids = calloc(SESSION_IDS_MAX, UUID_LENGTH + 1);
        if (!sessions.session_ids)
                return -ENOMEM;
        r = deletions_collect(history, uid, since, &sessions);
        if (r < 0)
                free(sessions.session_ids);
        else
                *ret = sessions;
        return r;
}

int call_history_latest(CallHistory *history, uint32_t max,
                        int (*each)(const char *uid, const char *session_id, void *),
                        void *userdata)
{
        sqlite3_stmt *latest = history->statements[LATEST];
        int r;

        query_bind(latest, "u", max);
        QUERY_FOREACH (latest, r)
                r = each(query_text(latest, 0), query_text(latest, 1), userdata);
        return query_end(latest, r);
}

int call_history_count_running(CallHistory *history, const HistoryTime *time)
{
        int r = query_run(history->statements[COUNT_RUNNING], "t", running_at(history, time));

        return MIN_OF(r, 0);
}

int call_history_drop_metadata(CallHistory *history, const char (*session_ids)[UUID_LENGTH + 1],
                               size_t n)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < n; i++)
                r = query_run(history->statements[METADATA_DROP], "s", session_ids[i]);
        return MIN_OF(r, 0);
}

/*
 * Runs a statement that deletes rows and returns their session ids. Returns the number of rows, or
 * negative errno.
 */
static int delete_rows(CallHistory *history, sqlite3_stmt *statement)
{
        _cleanup_free_ char(*session_ids)[UUID_LENGTH + 1] = NULL;
        size_t n = 0;
        int r;

        QUERY_FOREACH (statement, r) {
                r = ARRAY_GROW(&session_ids, n);
                if (r == 0)
                        STR_SET(session_ids[n++], query_text(statement, 0));
        }
        r = query_end(statement, r);
        if (r >= 0)
                r = call_history_drop_metadata(history, session_ids, n);
        return r < 0 ? r : (int)n;
}

/* The row of the last change may be among those that were deleted; `last` is its number. */
static int keep_last_change(CallHistory *history, usec_t last)
{
        int r = query_run(history->statements[KEEP_LAST_CHANGE], "t", last);

        return MIN_OF(r, 0);
}

/* Goes on to the next user's oldest row. Returns 1, 0 if there is no other user. */
static int next_user(CallHistory *history, PrunePlace *place)
{
        sqlite3_stmt *next = history->statements[NEXT_USER];

        query_bind(next, "s", place->uid);
        int r = query_next(next);
        *place = (PrunePlace){.date = 0};
        if (r > 0)
                STR_SET(place->uid, query_text(next, 0));
        return query_end(next, r);
}

/* What one go of it may do, and has done. */
typedef struct PruneWork {
        uint32_t users, rows, deleted; /* that are left to look at, or to delete */
        usec_t changed_at[PRUNE_ROWS]; /* rows to delete */
        size_t n;
} PruneWork;

/* Looks at the next rows of one user. Returns 1 if there may be more of them. */
static int find_prunable(CallHistory *history, const Retention *retention, PrunePlace *place,
                         PruneWork *work)
{
        sqlite3_stmt *rows = history->statements[PRUNABLE];
        const PrunePlace after = *place;
        int r;

        query_bind(rows, "ststtttu", after.uid, after.date, after.session_id,
                   retention->record.date, retention->record.running, retention->missed.date,
                   retention->missed.running, work->rows);
        QUERY_FOREACH (rows, r) {
                place->date = (usec_t)sqlite3_column_int64(rows, 1);
                STR_SET(place->session_id, query_text(rows, 2));
                if (sqlite3_column_int(rows, 3)) {
                        work->changed_at[work->n++] = (usec_t)sqlite3_column_int64(rows, 0);
                        work->deleted--;
                }
                work->rows--;
                r = work->rows == 0 || work->deleted == 0;
        }
        return query_end(rows, r);
}

static int prune_found(CallHistory *history, const PruneWork *work)
{
        sqlite3_stmt *prune = history->statements[PRUNE];
        usec_t last;
        int r = call_history_last_change(history, &last);

        for (size_t i = 0; r >= 0 && i < work->n; i++) {
                query_bind(prune, "t", work->changed_at[i]);
                r = delete_rows(history, prune);
        }
        return r >= 0 && work->n > 0 ? keep_last_change(history, last) : r;
}

/* Looks at the history of some users. Returns 1 if there is more to do. */
static int prune_some(CallHistory *history, const Retention *retention, PrunePlace *place,
                      PruneWork *work)
{
        int r = 1;

        while (r > 0 && work->rows > 0 && work->deleted > 0 && work->users > 0) {
                r = find_prunable(history, retention, place, work);
                if (r == 0) {
                        r = next_user(history, place); /* if all are done, the first again */
                        work->users--;
                }
        }
        if (r < 0)
                return r;
        int pruned = prune_found(history, work);
        return pruned < 0 ? pruned : r;
}

int call_history_prune(CallHistory *history, const HistoryTime *time, uint32_t days, uint32_t max,
                       usec_t budget, size_t *ret_deleted)
{
        Retention retention = retention_at(days, time->date, running_at(history, time));
        PruneWork work = {.users = PRUNE_USERS, .rows = PRUNE_ROWS, .deleted = max};
        PrunePlace place = history->pruned;
        int r = call_history_settle(history, budget);

        if (r == 0)
                r = database_begin(history->database);
        else
                *ret_deleted = 0;
        if (r != 0)
                return r;
        int left = prune_some(history, &retention, &place, &work);
        r = database_end(history->database, MIN_OF(left, 0));
        if (r < 0)
                return r;
        history->pruned = place;
        *ret_deleted = work.n;
        return left;
}

int call_history_remove_user(CallHistory *history, const char *uid)
{
        usec_t last;
        int r = call_history_last_change(history, &last);

        if (r < 0)
                return r;
        query_bind(history->statements[REMOVE_USER], "s", uid);
        r = delete_rows(history, history->statements[REMOVE_USER]);
        return r < 0 ? r : keep_last_change(history, last);
}
