/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "store/history-internal.h"

#define TRIM_STEP 64 /* calls: a megabyte of the largest */

/* Statuses and other enums are stored as words. */
static const char *const steps[] = {
        "CREATE TABLE calls ("
        " session_id TEXT PRIMARY KEY, direction TEXT NOT NULL, call_type TEXT NOT NULL,"
        " receiver_type TEXT NOT NULL,"
        " initiator_uid TEXT NOT NULL, initiator_name TEXT NOT NULL,"
        " initiator_device TEXT NOT NULL,"
        " receiver_uid TEXT NOT NULL, receiver_name TEXT NOT NULL, receiver_device TEXT NOT NULL,"
        " status TEXT NOT NULL, reason TEXT NOT NULL,"
        " initiated_at INTEGER NOT NULL, ringing_since INTEGER NOT NULL,"
        " answered_at INTEGER NOT NULL, ended_at INTEGER NOT NULL, duration INTEGER NOT NULL,"
        " seen INTEGER NOT NULL"
        ") WITHOUT ROWID;"
        "CREATE INDEX calls_by_date ON calls (initiated_at, session_id);"
        "CREATE INDEX calls_unseen ON calls (session_id) WHERE status = 'missed' AND seen = 0;"
        "CREATE TABLE metadata ("
        " session_id TEXT NOT NULL REFERENCES calls ON DELETE CASCADE, position INTEGER NOT NULL,"
        " key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (session_id, position)"
        ") WITHOUT ROWID;"
        "CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;",
        "CREATE TABLE kept (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;",
};
static const DatabaseSchema schema = {steps, ELEMENTSOF(steps)};

/*
 * A missed call that was marked seen here stays seen, even before the hub knows that. A call that
 * becomes missed starts unseen.
 */
#define PUT                                                                                 \
        "INSERT INTO calls (" HISTORY_COLUMNS                                               \
        ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "                           \
        "?, ?, ?) ON CONFLICT (session_id) DO UPDATE SET "                                  \
        "call_type = excluded.call_type, "                                                  \
        "initiator_name = excluded.initiator_name, "                                        \
        "initiator_device = excluded.initiator_device, "                                    \
        "receiver_name = excluded.receiver_name, "                                          \
        "receiver_device = excluded.receiver_device, reason = excluded.reason, "            \
        "initiated_at = excluded.initiated_at, ringing_since = excluded.ringing_since, "    \
        "answered_at = excluded.answered_at, ended_at = excluded.ended_at, "                \
        "duration = excluded.duration, seen = CASE WHEN status = 'missed' AND "             \
        "excluded.status = 'missed' THEN max(seen, excluded.seen) ELSE excluded.seen END, " \
        "status = excluded.status"                                                          \
        " WHERE direction = excluded.direction AND receiver_type = excluded.receiver_type"  \
        " AND initiator_uid = excluded.initiator_uid AND receiver_uid = excluded.receiver_uid"

int history_statement(History *history, const char *sql, sqlite3_stmt **ret)
{
        return database_errno(
                sqlite3_prepare_v2(database_handle(history->database), sql, -1, ret, NULL));
}

int history_open(const char *path, History **ret, char **ret_text)
{
        _cleanup_(history_freep) History *history = calloc(1, sizeof(*history));

        if (!history) {
                *ret_text = NULL;
                return -ENOMEM;
        }
        int opened = database_open(path, &schema, &history->database, ret_text);
        if (opened < 0 && opened != -EUCLEAN)
                return opened;
        /* To save memory while idle: 64 KiB of page cache, and no lookaside block. */
        (void)sqlite3_db_config(database_handle(history->database), SQLITE_DBCONFIG_LOOKASIDE, NULL,
                                0, 0);
        (void)database_run(history->database, "PRAGMA cache_size = -64");
        *ret = TAKE_PTR(history);
        return opened;
}

History *history_free(History *history)
{
        if (!history)
                return NULL;
        database_free(history->database);
        free(history);
        return NULL;
}

/* ---- writing ---- */

static int put_call(History *history, const CallRecord *record)
{
        _cleanup_statement_ sqlite3_stmt *statement = NULL;
        int r = history_statement(history, PUT, &statement);

        if (r < 0)
                return r;
        return query_run(statement, "ssssssssssssttttub", record->session_id,
                         call_direction_to_string(record->direction),
                         call_type_to_string(record->type),
                         receiver_type_to_string(record->receiver_type), record->initiator.uid,
                         record->initiator.name, record->initiator.device, record->receiver.uid,
                         record->receiver.name, record->receiver.device,
                         call_status_to_string(record->status), record->reason,
                         record->initiated_at, record->ringing_since, record->answered_at,
                         record->ended_at, record->duration_s, record->seen);
}

static int put_metadata(History *history, const CallRecord *record)
{
        _cleanup_statement_ sqlite3_stmt *forget = NULL, *put = NULL;
        int r = history_statement(history, "DELETE FROM metadata WHERE session_id = ?", &forget);

        if (r < 0)
                return r;
        r = query_run(forget, "s", record->session_id);
        if (r < 0 || record->metadata.count == 0)
                return r;

        r = history_statement(history, "INSERT INTO metadata VALUES (?, ?, ?, ?)", &put);
        for (size_t i = 0; r >= 0 && i < record->metadata.count; i++)
                r = query_run(put, "stss", record->session_id, (uint64_t)i,
                              record->metadata.entries[i].key, record->metadata.entries[i].value);
        return r;
}

int history_put(History *history, const CallRecord *record)
{
        int r = database_begin(history->database);

        if (r < 0)
                return r;
        r = put_call(history, record);
        if (r == 0)
                r = -EEXIST;
        if (r >= 0)
                r = put_metadata(history, record);
        return database_end(history->database, MIN_OF(r, 0));
}

/* What the file has in use. Pages that were freed are used again first. */
#define SIZE                                                                         \
        "SELECT (SELECT page_size FROM pragma_page_size) * ((SELECT page_count FROM" \
        " pragma_page_count) - (SELECT freelist_count FROM pragma_freelist_count))"

static int read_number(History *history, const char *sql, uint64_t *ret)
{
        _cleanup_statement_ sqlite3_stmt *statement = NULL;
        int r = history_statement(history, sql, &statement);

        return r < 0 ? r : query_number(statement, ret);
}

static int delete_oldest(History *history, uint64_t n)
{
        _cleanup_statement_ sqlite3_stmt *statement = NULL;
        int r = history_statement(history,
                                  "DELETE FROM calls WHERE session_id IN (SELECT session_id FROM"
                                  " calls ORDER BY initiated_at, session_id LIMIT ?)",
                                  &statement);

        return r < 0 ? r : query_run(statement, "t", n);
}

int history_trim(History *history)
{
        uint64_t n_calls = 0, size = 0;
        int r = read_number(history, "SELECT count(*) FROM calls", &n_calls);

        if (r >= 0 && n_calls > HISTORY_CALLS_MAX)
                r = delete_oldest(history, n_calls - HISTORY_CALLS_MAX);
        while (r >= 0 && (r = read_number(history, SIZE, &size)) >= 0 && size > HISTORY_BYTES_MAX) {
                r = delete_oldest(history, TRIM_STEP);
                /* The file is full of something else. */
                if (r == 0)
                        break;
        }
        return MIN_OF(r, 0);
}

/* Runs `all`, or `one` for each session id, and counts the records that it changed. */
static int change_records(History *history, const char *all, const char *one,
                          const MessageSessions *sessions, size_t *ret_changed)
{
        _cleanup_statement_ sqlite3_stmt *statement = NULL;
        size_t changed = 0;
        int r = database_begin(history->database);

        if (r < 0)
                return r;
        r = history_statement(history, sessions->count == 0 ? all : one, &statement);
        if (r >= 0 && sessions->count == 0)
                r = query_run(statement, "t", sessions->until ?: (usec_t)INT64_MAX);
        changed += (size_t)MAX_OF(r, 0);
        for (size_t i = 0; r >= 0 && i < sessions->count; i++) {
                r = query_run(statement, "s", sessions->session_ids[i]);
                changed += (size_t)MAX_OF(r, 0);
        }
        r = database_end(history->database, MIN_OF(r, 0));
        if (r >= 0 && ret_changed)
                *ret_changed = changed;
        return r;
}

int history_mark_seen(History *history, const MessageSessions *sessions, size_t *ret_changed)
{
        return change_records(history,
                              "UPDATE calls SET seen = 1"
                              " WHERE status = 'missed' AND seen = 0 AND initiated_at <= ?",
                              "UPDATE calls SET seen = 1 WHERE session_id = ? AND seen = 0",
                              sessions, ret_changed);
}

int history_is_anothers(History *history, const CallRecord *record)
{
        _cleanup_statement_ sqlite3_stmt *statement = NULL;
        int r = history_statement(history,
                                  "SELECT 1 FROM calls WHERE session_id = ? AND NOT (direction = ?"
                                  " AND receiver_type = ? AND initiator_uid = ?"
                                  " AND receiver_uid = ?)",
                                  &statement);

        if (r < 0)
                return r;
        query_bind(statement, "sssss", record->session_id,
                   call_direction_to_string(record->direction),
                   receiver_type_to_string(record->receiver_type), record->initiator.uid,
                   record->receiver.uid);
        return query_end(statement, query_next(statement));
}

int history_forget(History *history, const MessageSessions *sessions, size_t *ret_changed)
{
        return change_records(history, "DELETE FROM calls WHERE initiated_at <= ?",
                              "DELETE FROM calls WHERE session_id = ?", sessions, ret_changed);
}

int history_newest(History *history, bool unseen, MessageSessions *ret)
{
        _cleanup_statement_ sqlite3_stmt *statement = NULL;
        MessageSessions newest = {0};
        int r = history_statement(history,
                                  "SELECT session_id FROM calls"
                                  " WHERE ?1 = 0 OR status = 'missed' AND seen = 0"
                                  " ORDER BY initiated_at DESC, session_id DESC LIMIT ?2",
                                  &statement);

        if (r < 0)
                return r;
        newest.session_ids = calloc(SESSION_IDS_MAX, UUID_LENGTH + 1);
        if (!newest.session_ids)
                return -ENOMEM;
        query_bind(statement, "bu", unseen, (uint32_t)SESSION_IDS_MAX);
        QUERY_FOREACH (statement, r)
                r = STR_SET(newest.session_ids[newest.count++], query_text(statement, 0));
        if (r < 0)
                free(newest.session_ids);
        else
                *ret = newest;
        return r;
}

int history_clear(History *history)
{
        int r = database_begin(history->database);

        if (r < 0)
                return r;
        r = database_run(history->database, "DELETE FROM calls; DELETE FROM settings");
        return database_end(history->database, r);
}

/* ---- settings ---- */

int history_setting_put(History *history, const char *key, const char *value)
{
        _cleanup_statement_ sqlite3_stmt *statement = NULL;
        int r = history_statement(history, "INSERT OR REPLACE INTO settings VALUES (?, ?)",
                                  &statement);

        if (r >= 0)
                r = query_run(statement, "ss", key, value);
        return MIN_OF(r, 0);
}

int history_setting_get(History *history, const char *key, char **ret)
{
        _cleanup_statement_ sqlite3_stmt *statement = NULL;
        int r = history_statement(history, "SELECT value FROM settings WHERE key = ?", &statement);

        if (r < 0)
                return r;
        query_bind(statement, "s", key);
        r = query_next(statement);
        if (r <= 0)
                return r == 0 ? -ENOENT : r;

        const char *value = (const char *)sqlite3_column_text(statement, 0);
        char *copy = value ? strdup(value) : NULL;
        if (!copy)
                return -ENOMEM;
        *ret = copy;
        return 0;
}
