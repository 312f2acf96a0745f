/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/history.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>

struct History {
        Database *database;
};

/* Statuses and the like are stored by their words, as everywhere. */
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
};
static const DatabaseSchema schema = {steps, ELEMENTSOF(steps)};

#define COLUMNS                                                                            \
        "session_id, direction, call_type, receiver_type, initiator_uid, initiator_name, " \
        "initiator_device, receiver_uid, receiver_name, receiver_device, status, reason, " \
        "initiated_at, ringing_since, answered_at, ended_at, duration, seen"

/*
 * A missed call that was looked at here stays so, even if the hub has not heard of it yet; but a
 * call that only now is missed begins unseen.
 */
#define PUT                                                                                     \
        "INSERT INTO calls (" COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, " \
        "?, ?, ?) ON CONFLICT (session_id) DO UPDATE SET "                                      \
        "direction = excluded.direction, call_type = excluded.call_type, "                      \
        "receiver_type = excluded.receiver_type, initiator_uid = excluded.initiator_uid, "      \
        "initiator_name = excluded.initiator_name, "                                            \
        "initiator_device = excluded.initiator_device, "                                        \
        "receiver_uid = excluded.receiver_uid, receiver_name = excluded.receiver_name, "        \
        "receiver_device = excluded.receiver_device, reason = excluded.reason, "                \
        "initiated_at = excluded.initiated_at, ringing_since = excluded.ringing_since, "        \
        "answered_at = excluded.answered_at, ended_at = excluded.ended_at, "                    \
        "duration = excluded.duration, seen = CASE WHEN status = 'missed' AND "                 \
        "excluded.status = 'missed' THEN max(seen, excluded.seen) ELSE excluded.seen END, "     \
        "status = excluded.status"

/* Each filter is off while its parameter is NULL. */
#define PAGE                                                                                 \
        "SELECT " COLUMNS " FROM calls WHERE (?1 IS NULL OR status = ?1) AND "               \
        "(?2 IS NULL OR direction = ?2) AND (?3 IS NULL OR call_type = ?3) AND "             \
        "(?4 IS NULL OR receiver_type = ?4) AND "                                            \
        "(?5 IS NULL OR CASE WHEN direction = 'outgoing' THEN receiver_uid = ?5 "            \
        "ELSE initiator_uid = ?5 OR receiver_type = 'group' AND receiver_uid = ?5 END) "     \
        "AND initiated_at BETWEEN ?6 AND ?7 AND (?8 = 0 OR status = 'missed' AND seen = 0) " \
        "AND (initiated_at, session_id) < (?9, ?10) "                                        \
        "ORDER BY initiated_at DESC, session_id DESC LIMIT ?11"

/* ---- statements ---- */

/*
 * They are prepared when they are needed: a call's history changes a few times, and statements kept
 * ready would cost memory all day.
 */
static int statement_new(History *history, const char *sql, sqlite3_stmt **ret)
{
        return database_errno(
                sqlite3_prepare_v2(database_handle(history->database), sql, -1, ret, NULL));
}
DEFINE_CLEANUP(sqlite3_stmt *, sqlite3_finalize);
#define _cleanup_statement_ _cleanup_(sqlite3_finalizep)

/* The strings outlive the statement's run. */
static void bind_text(sqlite3_stmt *statement, int i, const char *s)
{
        (void)sqlite3_bind_text(statement, i, s, -1, SQLITE_STATIC);
}

static void bind_number(sqlite3_stmt *statement, int i, uint64_t number)
{
        (void)sqlite3_bind_int64(statement, i, (sqlite3_int64)number);
}

/* Runs a statement that has no rows. */
static int statement_run(sqlite3_stmt *statement)
{
        int r = database_errno(sqlite3_step(statement));

        (void)sqlite3_reset(statement);
        return r;
}

static int transaction_end(History *history, int r)
{
        if (r >= 0)
                r = database_run(history->database, "COMMIT");
        if (r < 0)
                (void)database_run(history->database, "ROLLBACK");
        return r;
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
        /* The daemon is small when idle: 64 KiB of pages, and no block for small allocations. */
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

static void bind_party(sqlite3_stmt *statement, int i, const Party *party)
{
        bind_text(statement, i, party->uid);
        bind_text(statement, i + 1, party->name);
        bind_text(statement, i + 2, party->device);
}

static int put_call(History *history, const CallRecord *record)
{
        _cleanup_statement_ sqlite3_stmt *statement = NULL;
        int r = statement_new(history, PUT, &statement);

        if (r < 0)
                return r;
        bind_text(statement, 1, record->session_id);
        bind_text(statement, 2, call_direction_to_string(record->direction));
        bind_text(statement, 3, call_type_to_string(record->type));
        bind_text(statement, 4, receiver_type_to_string(record->receiver_type));
        bind_party(statement, 5, &record->initiator);
        bind_party(statement, 8, &record->receiver);
        bind_text(statement, 11, call_status_to_string(record->status));
        bind_text(statement, 12, record->reason);
        bind_number(statement, 13, record->initiated_at);
        bind_number(statement, 14, record->ringing_since);
        bind_number(statement, 15, record->answered_at);
        bind_number(statement, 16, record->ended_at);
        bind_number(statement, 17, record->duration_s);
        bind_number(statement, 18, record->seen);
        return statement_run(statement);
}

static int put_metadata(History *history, const CallRecord *record)
{
        _cleanup_statement_ sqlite3_stmt *forget = NULL, *put = NULL;
        int r = statement_new(history, "DELETE FROM metadata WHERE session_id = ?", &forget);

        if (r < 0)
                return r;
        bind_text(forget, 1, record->session_id);
        r = statement_run(forget);
        if (r < 0 || record->metadata.count == 0)
                return r;

        r = statement_new(history, "INSERT INTO metadata VALUES (?, ?, ?, ?)", &put);
        for (size_t i = 0; r >= 0 && i < record->metadata.count; i++) {
                bind_text(put, 1, record->session_id);
                bind_number(put, 2, i);
                bind_text(put, 3, record->metadata.entries[i].key);
                bind_text(put, 4, record->metadata.entries[i].value);
                r = statement_run(put);
        }
        return r;
}

int history_put(History *history, const CallRecord *record)
{
        int r = database_run(history->database, "BEGIN IMMEDIATE");

        if (r < 0)
                return r;
        r = put_call(history, record);
        if (r >= 0)
                r = put_metadata(history, record);
        return transaction_end(history, r);
}

/* Runs `all`, or `one` for each session id, and counts the records that it changed. */
static int change_records(History *history, const char *all, const char *one,
                          const char (*session_ids)[UUID_LENGTH + 1], size_t count,
                          size_t *ret_changed)
{
        _cleanup_statement_ sqlite3_stmt *statement = NULL;
        sqlite3 *handle = database_handle(history->database);
        size_t changed = 0;
        int r = database_run(history->database, "BEGIN IMMEDIATE");

        if (r < 0)
                return r;
        r = statement_new(history, count == 0 ? all : one, &statement);
        for (size_t i = 0; r >= 0 && i < MAX_OF(count, (size_t)1); i++) {
                if (count > 0)
                        bind_text(statement, 1, session_ids[i]);
                r = statement_run(statement);
                changed += (size_t)sqlite3_changes(handle);
        }
        r = transaction_end(history, r);
        if (r >= 0 && ret_changed)
                *ret_changed = changed;
        return r;
}

int history_mark_seen(History *history, const char (*session_ids)[UUID_LENGTH + 1], size_t count,
                      size_t *ret_changed)
{
        return change_records(history,
                              "UPDATE calls SET seen = 1 WHERE status = 'missed' AND seen = 0",
                              "UPDATE calls SET seen = 1 WHERE session_id = ? AND seen = 0",
                              session_ids, count, ret_changed);
}

int history_forget(History *history, const char (*session_ids)[UUID_LENGTH + 1], size_t count,
                   size_t *ret_changed)
{
        return change_records(history, "DELETE FROM calls WHERE 1",
                              "DELETE FROM calls WHERE session_id = ?", session_ids, count,
                              ret_changed);
}

int history_clear(History *history)
{
        int r = database_run(history->database, "BEGIN IMMEDIATE");

        if (r < 0)
                return r;
        r = database_run(history->database, "DELETE FROM calls; DELETE FROM settings");
        return transaction_end(history, r);
}

/* ---- reading ---- */

static int column_text(sqlite3_stmt *statement, int i, char *buffer, size_t size)
{
        const char *s = (const char *)sqlite3_column_text(statement, i);

        return s ? str_copy(buffer, size, s) : -ENOMEM;
}

static int column_party(sqlite3_stmt *statement, int i, Party *party)
{
        int r = column_text(statement, i, party->uid, sizeof(party->uid));

        if (r >= 0)
                r = column_text(statement, i + 1, party->name, sizeof(party->name));
        if (r >= 0)
                r = column_text(statement, i + 2, party->device, sizeof(party->device));
        return r;
}

static uint64_t column_number(sqlite3_stmt *statement, int i)
{
        return (uint64_t)sqlite3_column_int64(statement, i);
}

#define COLUMN_WORD(object, statement, i, ret)                                           \
        ({                                                                               \
                const char *_word = (const char *)sqlite3_column_text((statement), (i)); \
                _word ? object##_from_string(_word, (ret)) : -ENOMEM;                    \
        })

static int read_words(sqlite3_stmt *statement, CallRecord *record)
{
        int r = COLUMN_WORD(call_direction, statement, 1, &record->direction);

        if (r >= 0)
                r = COLUMN_WORD(call_type, statement, 2, &record->type);
        if (r >= 0)
                r = COLUMN_WORD(receiver_type, statement, 3, &record->receiver_type);
        if (r >= 0)
                r = COLUMN_WORD(call_status, statement, 10, &record->status);
        return r;
}

static int read_metadata(History *history, CallRecord *record)
{
        _cleanup_statement_ sqlite3_stmt *statement = NULL;
        int result, r = statement_new(history,
                                      "SELECT key, value FROM metadata WHERE session_id = ? "
                                      "ORDER BY position",
                                      &statement);

        if (r < 0)
                return r;
        bind_text(statement, 1, record->session_id);
        while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
                const char *key = (const char *)sqlite3_column_text(statement, 0);
                const char *value = (const char *)sqlite3_column_text(statement, 1);

                r = key && value ? metadata_add(&record->metadata, key, value) : -ENOMEM;
                if (r < 0)
                        return r;
        }
        return database_errno(result);
}

static int read_record(History *history, sqlite3_stmt *statement, CallRecord *ret)
{
        _cleanup_(call_record_done) CallRecord record = {
                .initiated_at = column_number(statement, 12),
                .ringing_since = column_number(statement, 13),
                .answered_at = column_number(statement, 14),
                .ended_at = column_number(statement, 15),
                .duration_s = (uint32_t)column_number(statement, 16),
                .seen = column_number(statement, 17) != 0,
        };
        int r = column_text(statement, 0, record.session_id, sizeof(record.session_id));

        if (r >= 0)
                r = column_party(statement, 4, &record.initiator);
        if (r >= 0)
                r = column_party(statement, 7, &record.receiver);
        if (r >= 0)
                r = column_text(statement, 11, record.reason, sizeof(record.reason));
        if (r >= 0)
                r = read_words(statement, &record);
        if (r >= 0)
                r = read_metadata(history, &record);
        if (r < 0)
                return r;
        *ret = record;
        record = (CallRecord){0};
        return 0;
}

/* A cursor is date and session id of the last record of its page. */
static int cursor_parse(const char *cursor, uint64_t *ret_date, const char **ret_session_id)
{
        char *end;

        if (str_empty(cursor)) {
                *ret_date = INT64_MAX;
                *ret_session_id = "";
                return 0;
        }
        if (*cursor < '0' || *cursor > '9')
                return -EINVAL;
        errno = 0;
        uint64_t date = strtoull(cursor, &end, 10);
        if (errno != 0 || date > INT64_MAX || *end != '.' || !uuid_is_valid(end + 1))
                return -EINVAL;
        *ret_date = date;
        *ret_session_id = end + 1;
        return 0;
}

static void bind_filter(sqlite3_stmt *statement, const HistoryFilter *filter)
{
        if (filter->has_status)
                bind_text(statement, 1, call_status_to_string(filter->status));
        if (filter->has_direction)
                bind_text(statement, 2, call_direction_to_string(filter->direction));
        if (filter->has_type)
                bind_text(statement, 3, call_type_to_string(filter->type));
        if (filter->has_receiver_type)
                bind_text(statement, 4, receiver_type_to_string(filter->receiver_type));
        if (!str_empty(filter->peer))
                bind_text(statement, 5, filter->peer);
        bind_number(statement, 6, MIN_OF(filter->since, (usec_t)INT64_MAX));
        bind_number(statement, 7,
                    filter->until == 0 ? INT64_MAX : MIN_OF(filter->until, (usec_t)INT64_MAX));
        bind_number(statement, 8, filter->unseen);
}

/* Up to `limit` records, and whether there is one more. */
static int read_page(History *history, sqlite3_stmt *statement, uint32_t limit, HistoryPage *page,
                     bool *ret_more)
{
        int result, r;

        page->records = calloc(limit, sizeof(CallRecord));
        if (!page->records)
                return -ENOMEM;
        while ((result = sqlite3_step(statement)) == SQLITE_ROW && page->n_records < limit) {
                r = read_record(history, statement, &page->records[page->n_records]);
                if (r < 0)
                        return r;
                page->n_records++;
        }
        *ret_more = result == SQLITE_ROW;
        return database_errno(result);
}

int history_page(History *history, const HistoryFilter *filter, uint32_t limit, const char *cursor,
                 HistoryPage *ret)
{
        _cleanup_statement_ sqlite3_stmt *statement = NULL;
        _cleanup_(history_page_done) HistoryPage page = {0};
        const char *session_id;
        uint64_t date;
        bool more;
        int r = cursor_parse(cursor, &date, &session_id);

        if (r < 0)
                return r;
        limit = limit == 0 ? HISTORY_PAGE_DEFAULT : MIN_OF(limit, (uint32_t)HISTORY_PAGE_MAX);
        r = statement_new(history, PAGE, &statement);
        if (r < 0)
                return r;
        bind_filter(statement, filter);
        bind_number(statement, 9, date);
        bind_text(statement, 10, session_id);
        bind_number(statement, 11, (uint64_t)limit + 1);
        r = read_page(history, statement, limit, &page, &more);
        if (r < 0)
                return r;
        if (more) {
                const CallRecord *last = &page.records[page.n_records - 1];

                (void)snprintf(page.next, sizeof(page.next), "%" PRIu64 ".%s", last->initiated_at,
                               last->session_id);
        }
        *ret = page;
        page = (HistoryPage){0};
        return 0;
}

void history_page_done(HistoryPage *page)
{
        for (size_t i = 0; i < page->n_records; i++)
                call_record_done(&page->records[i]);
        free(page->records);
        *page = (HistoryPage){0};
}

int history_unseen_missed(History *history, uint32_t *ret)
{
        _cleanup_statement_ sqlite3_stmt *statement = NULL;
        int r = statement_new(history,
                              "SELECT count(*) FROM calls WHERE status = 'missed' AND seen = 0",
                              &statement);

        if (r < 0)
                return r;
        int result = sqlite3_step(statement);
        if (result != SQLITE_ROW)
                return database_errno(result);
        *ret = (uint32_t)column_number(statement, 0);
        return 0;
}

/* ---- settings ---- */

int history_setting_put(History *history, const char *key, const char *value)
{
        _cleanup_statement_ sqlite3_stmt *statement = NULL;
        int r = statement_new(history, "INSERT OR REPLACE INTO settings VALUES (?, ?)", &statement);

        if (r < 0)
                return r;
        bind_text(statement, 1, key);
        bind_text(statement, 2, value);
        return statement_run(statement);
}

int history_setting_get(History *history, const char *key, char **ret)
{
        _cleanup_statement_ sqlite3_stmt *statement = NULL;
        int r = statement_new(history, "SELECT value FROM settings WHERE key = ?", &statement);

        if (r < 0)
                return r;
        bind_text(statement, 1, key);
        int result = sqlite3_step(statement);
        if (result != SQLITE_ROW)
                return result == SQLITE_DONE ? -ENOENT : database_errno(result);

        const char *value = (const char *)sqlite3_column_text(statement, 0);
        char *copy = value ? strdup(value) : NULL;
        if (!copy)
                return -ENOMEM;
        *ret = copy;
        return 0;
}
