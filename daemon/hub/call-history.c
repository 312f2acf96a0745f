/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hub/call-history.h"

#include <errno.h>
#include <inttypes.h>

#include "base/array.h"
#include "base/log.h"
#include "model/change-number.h"
#include "store/query.h"
#include "wire/stored.h"

/*
 * Records. Indexing a few thousand at once writes each index page once; one at a time they would
 * write nearly one page each. A batch takes some milliseconds.
 */
#define SETTLE_AT 2048

typedef enum HistoryStatement {
        LAST_CHANGE,
        KEEP_LAST_CHANGE,
        RUNNING,
        COUNT_RUNNING,
        LAST_SETTLED,
        PUT,
        SETTLE,
        PAGE,
        CHANGES,
        DELETIONS,
        LATEST,
        SEE_ONE,
        SEE_ALL,
        FORGET_ONE,
        FORGET_ALL,
        PRUNE,
        REMOVE_USER,
        HISTORY_STATEMENT_COUNT,
} HistoryStatement;

/* The index finds a user's rows, and also holds changed_at, which is the rowid. */
static const char *const statements_sql[HISTORY_STATEMENT_COUNT] = {
        [LAST_CHANGE] = "SELECT max(value, (SELECT ifnull(max(changed_at), 0) FROM history))"
                        " FROM counters WHERE name = 'last_change'",
        /* Runs before rows are deleted. */
        [KEEP_LAST_CHANGE] = "UPDATE counters SET"
                             " value = max(value, (SELECT ifnull(max(changed_at), 0) FROM history))"
                             " WHERE name = 'last_change'",
        [RUNNING] = "SELECT value FROM counters WHERE name = 'running'",
        [COUNT_RUNNING] = "UPDATE counters SET value = ?1 WHERE name = 'running'",
        [LAST_SETTLED] = "SELECT changed_at FROM history WHERE settled"
                         " ORDER BY changed_at DESC LIMIT 1",
        [PUT] = "INSERT INTO history"
                " (changed_at, uid, session_id, initiated_at, unseen, json, running, settled)"
                " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0)",
        /* Runs in the order of changes, so that the later of two records of one call stays. */
        [SETTLE] = "UPDATE OR REPLACE history SET settled = 1"
                   " WHERE changed_at > ?1 AND NOT settled",
        [PAGE] = "SELECT json, unseen, initiated_at, session_id FROM history"
                 " WHERE uid = ?1 AND settled AND (initiated_at, session_id) < (?2, ?3)"
                 " AND json <> ''"
                 " ORDER BY initiated_at DESC, session_id DESC",
        [CHANGES] = "SELECT json, unseen FROM"
                    " (SELECT json, unseen, changed_at FROM history INDEXED BY history_by_date"
                    "  WHERE uid = ?1 AND settled AND changed_at > ?2 AND json <> ''"
                    "  UNION ALL SELECT json, unseen, changed_at FROM history"
                    "  WHERE changed_at > max(?2, ?3) AND NOT settled AND uid = ?1)"
                    " ORDER BY changed_at",
        [DELETIONS] = "SELECT session_id FROM history INDEXED BY history_by_date"
                      " WHERE uid = ?1 AND settled AND changed_at > ?2 AND json = ''"
                      " ORDER BY changed_at DESC",
        [LATEST] = "SELECT uid, session_id FROM"
                   " (SELECT uid, session_id, changed_at FROM history"
                   "  ORDER BY changed_at DESC LIMIT ?1) ORDER BY changed_at",
        [SEE_ONE] = "UPDATE history SET unseen = 0, changed_at = ?3"
                    " WHERE uid = ?1 AND settled AND session_id = ?2 AND unseen AND json <> ''"
                    " RETURNING json, unseen",
        [SEE_ALL] = "UPDATE history SET unseen = 0, changed_at = ?3 + old.n FROM"
                    " (SELECT changed_at AS at, row_number() OVER (ORDER BY changed_at) AS n"
                    "  FROM history WHERE uid = ?1 AND settled AND initiated_at <= ?2"
                    "  AND unseen AND json <> '') AS old"
                    " WHERE changed_at = old.at RETURNING json, unseen",
        [FORGET_ONE] = "UPDATE history SET json = '', unseen = 0, changed_at = ?3"
                       " WHERE uid = ?1 AND settled AND session_id = ?2 AND json <> ''",
        [FORGET_ALL] = "UPDATE history SET json = '', unseen = 0, changed_at = ?3 + old.n FROM"
                       " (SELECT changed_at AS at, row_number() OVER (ORDER BY changed_at) AS n"
                       "  FROM history WHERE uid = ?1 AND settled AND initiated_at <= ?2"
                       "  AND json <> '') AS old"
                       " WHERE changed_at = old.at",
        [PRUNE] = "DELETE FROM history WHERE changed_at IN"
                  " (SELECT h.changed_at FROM users u CROSS JOIN history h"
                  "  WHERE h.uid = u.uid AND h.settled AND h.initiated_at < ?1 AND h.running < ?2"
                  "  AND (NOT h.unseen OR h.initiated_at < ?3 AND h.running < ?4) LIMIT ?5)",
        [REMOVE_USER] = "DELETE FROM history WHERE uid = ?1 AND settled",
};

struct CallHistory {
        Database *database;
        usec_t last_change;  /* or a later number, that was not stored in the end */
        usec_t running;      /* as stored when the hub started */
        usec_t started;      /* CLOCK_BOOTTIME; 0: not yet */
        usec_t last_settled; /* only rows after this one may be missing from the index */
        size_t n_unsettled;  /* rows missing from the index; after a start, 1 means any number */
        sqlite3_stmt *statements[HISTORY_STATEMENT_COUNT];
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
CallHistory *call_history_free(CallHistory *history)
{
        free(history);
        return NULL;
}

int call_history_last_change(CallHistory *history, usec_t *ret)
{
        return query_number(history->statements[LAST_CHANGE], ret);
}

static usec_t next_change(CallHistory *history, const HistoryTime *time)
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

int call_history_put(CallHistory *history, const HistoryTime *time, const char *uid,
                     const char *session_id, usec_t initiated_at, bool unseen, const char *json)
{
        history->n_unsettled++;
        return query_run(history->statements[PUT], "tsstbst", next_change(history, time), uid,
                         session_id, initiated_at, unseen, json, running_at(history, time));
}

int call_history_settle(CallHistory *history)
{
        if (history->n_unsettled == 0)
                return 0;
        int r = query_run(history->statements[SETTLE], "t", history->last_settled);
        if (r < 0)
                return r;
        history->last_settled = history->last_change;
        history->n_unsettled = 0;
        return 0;
}

bool call_history_is_unsettled(const CallHistory *history)
{
        return history->n_unsettled >= SETTLE_AT;
}

/* Reads the columns json and unseen. Returns 1 for an unreadable record, which is skipped. */
static int read_record(sqlite3_stmt *row, CallRecord *ret)
{
        const char *json = (const char *)sqlite3_column_text(row, 0);

        if (!json)
                return -ENOMEM;
        int r = wire_decode_record(json, ret);
        if (r == -ENOMEM)
                return r;
        if (r < 0) {
                log_error("cannot read a history record, which is left out: %s", strerror(-r));
                return 1;
        }
        ret->seen = !sqlite3_column_int(row, 1);
        return 0;
}

typedef struct Records {
        CallRecord *records;
        size_t n, budget; /* bytes of JSON left */
        uint32_t limit;
} Records;

static void records_done(Records *records)
{
        call_records_free(TAKE_PTR(records->records), records->n);
        records->n = 0;
}

/* Takes the row's record. Returns 0, 1 when it no longer fits, or negative errno. */
static int records_add(Records *records, sqlite3_stmt *row)
{
        size_t length = (size_t)sqlite3_column_bytes(row, 0);
        CallRecord record = {0};

        if (records->n == records->limit || (records->n > 0 && length > records->budget))
                return 1;
        int r = read_record(row, &record);
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

/* Takes as many rows as fit. Returns 1 if some are left; on an error takes none. */
static int records_collect(Records *records, sqlite3_stmt *rows)
{
        int r;

        QUERY_FOREACH (rows, r)
                r = records_add(records, rows);
        if (r < 0)
                records_done(records);
        return query_end(rows, r);
}

static int parse_cursor(const char *cursor, usec_t *ret_date, char ret_id[static UUID_LENGTH + 1])
{
        int end = 0;

        if (sscanf(cursor, "%" SCNu64 ":%36s%n", ret_date, ret_id, &end) != 2 ||
            cursor[end] != '\0' || !uuid_is_valid(ret_id) || *ret_date > INT64_MAX)
                return -EINVAL;
        return 0;
}

int call_history_page(CallHistory *history, const char *uid, uint32_t limit, const char *cursor,
                      size_t budget, ReplyHistory *ret)
{
        sqlite3_stmt *page = history->statements[PAGE];
        Records records = {.budget = budget,
                           .limit = limit == 0 ? HISTORY_PAGE_DEFAULT
                                               : MIN_OF(limit, HISTORY_PAGE_MAX)};
        char before_id[UUID_LENGTH + 1] = "";
        usec_t before = INT64_MAX;

        if (!str_empty(cursor) && parse_cursor(cursor, &before, before_id) < 0)
                return -EINVAL;
        int r = call_history_settle(history);
        if (r < 0)
                return r;
        query_bind(page, "sts", uid, before, before_id);
        r = records_collect(&records, page);
        if (r < 0)
                return r;
        *ret = (ReplyHistory){.records = records.records, .n_records = records.n};
        if (r == 1) {
                const CallRecord *last = &records.records[records.n - 1];

                snprintf(ret->next, sizeof(ret->next), "%" PRIu64 ":%s", last->initiated_at,
                         last->session_id);
        }
        return 0;
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

int call_history_changes(CallHistory *history, const char *uid, usec_t since, size_t budget,
                         CallRecord **ret, size_t *ret_n, bool *ret_complete)
{
        sqlite3_stmt *changes = history->statements[CHANGES];
        Records records = {.budget = budget, .limit = UINT32_MAX};
        int r = known_since(history, since, &since);

        if (r < 0)
                return r;
        query_bind(changes, "stt", uid, since, history->last_settled);
        r = records_collect(&records, changes);
        /* A record may be among these while the one that replaces it has no room. */
        if (r == 1 && history->n_unsettled > 0 && call_history_settle(history) == 0) {
                records_done(&records);
                records.budget = budget;
                query_bind(changes, "stt", uid, since, history->last_settled);
                r = records_collect(&records, changes);
        }
        if (r < 0)
                return r;
        *ret = records.records;
        *ret_n = records.n;
        *ret_complete = r == 0;
        return 0;
}

static int deletions_collect(CallHistory *history, const char *uid, usec_t since,
                             MessageSessions *sessions)
{
        sqlite3_stmt *deletions = history->statements[DELETIONS];
        int r;

        sessions->count = 0;
        query_bind(deletions, "st", uid, since);
        QUERY_FOREACH (deletions, r) {
                r = sessions->count == SESSION_IDS_MAX;
                if (r == 0 &&
                    STR_SET(sessions->session_ids[sessions->count], query_text(deletions, 0)) == 0)
                        sessions->count++;
        }
        return query_end(deletions, MIN_OF(r, 0));
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
        /* A member of a group's call may have joined it again since, and have a record again. */
        if (r == 0 && sessions.count > 0 && history->n_unsettled > 0 &&
            call_history_settle(history) == 0)
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

/* Takes the records that the statement changes, if it returns them, and counts them. */
static int change(CallHistory *history, sqlite3_stmt *statement, Records *records, size_t *n)
{
        int r = records_collect(records, statement);
        size_t n_changed = (size_t)sqlite3_changes(database_handle(history->database));

        /* The statement has given each of them a number of its own. */
        history->last_change += n_changed;
        *n += n_changed;
        return r;
}

/* Runs `one` for each session or, if none is given, `all` for the calls up to sessions->until. */
static int change_sessions(CallHistory *history, HistoryStatement one, HistoryStatement all,
                           const HistoryTime *time, const char *uid,
                           const MessageSessions *sessions, Records *records, size_t *n)
{
        sqlite3_stmt *statement = history->statements[sessions->count > 0 ? one : all];
        int r = call_history_settle(history);

        if (r >= 0)
                r = database_begin(history->database);
        if (r < 0)
                return r;
        if (sessions->count == 0) {
                query_bind(statement, "stt", uid, sessions->until ?: (usec_t)INT64_MAX,
                           next_change(history, time));
                r = change(history, statement, records, n);
        }
        for (size_t i = 0; r == 0 && i < sessions->count; i++) {
                query_bind(statement, "sst", uid, sessions->session_ids[i],
                           next_change(history, time));
                r = change(history, statement, records, n);
        }
        return database_end(history->database, r);
}

int call_history_mark_seen(CallHistory *history, const HistoryTime *time, const char *uid,
                           const MessageSessions *sessions, CallRecord **ret, size_t *ret_n)
{
        Records records = {.budget = SIZE_MAX, .limit = UINT32_MAX};
        size_t n = 0;
        int r = change_sessions(history, SEE_ONE, SEE_ALL, time, uid, sessions, &records, &n);

        if (r < 0) {
                records_done(&records);
                return r;
        }
        *ret = records.records;
        *ret_n = records.n;
        return 0;
}

int call_history_forget(CallHistory *history, const HistoryTime *time, const char *uid,
                        const MessageSessions *sessions, size_t *ret_changed)
{
        Records none = {0};
        size_t n = 0;
        int r = change_sessions(history, FORGET_ONE, FORGET_ALL, time, uid, sessions, &none, &n);

        if (r >= 0)
                *ret_changed = n;
        return r;
}

int call_history_count_running(CallHistory *history, const HistoryTime *time)
{
        int r = query_run(history->statements[COUNT_RUNNING], "t", running_at(history, time));

        return MIN_OF(r, 0);
}

/* Runs a statement that deletes rows, in a transaction. Returns their number, or negative errno. */
static int delete_rows(CallHistory *history, sqlite3_stmt *statement)
{
        int r = query_run(history->statements[KEEP_LAST_CHANGE], "");

        return r < 0 ? r : query_run(statement, "");
}

int call_history_prune(CallHistory *history, const HistoryTime *time, uint32_t days, uint32_t max,
                       size_t *ret_deleted)
{
        Retention retention = retention_at(days, time->date, running_at(history, time));
        sqlite3_stmt *prune = history->statements[PRUNE];
        int r = call_history_settle(history);

        if (r >= 0)
                r = database_begin(history->database);
        if (r < 0)
                return r;
        query_bind(prune, "ttttu", retention.record.date, retention.record.running,
                   retention.missed.date, retention.missed.running, max);
        int deleted = delete_rows(history, prune);
        r = database_end(history->database, MIN_OF(deleted, 0));
        if (r >= 0)
                *ret_deleted = (size_t)deleted;
        return r;
}

int call_history_remove_user(CallHistory *history, const char *uid)
{
        query_bind(history->statements[REMOVE_USER], "s", uid);
        int r = delete_rows(history, history->statements[REMOVE_USER]);

        return MIN_OF(r, 0);
}
