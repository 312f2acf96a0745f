/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <inttypes.h>

#include "store/history-internal.h"

/* A parameter that is NULL turns its filter off. */
#define PAGE                                                                                 \
        "SELECT " HISTORY_COLUMNS " FROM calls WHERE (?1 IS NULL OR status = ?1) AND "       \
        "(?2 IS NULL OR direction = ?2) AND (?3 IS NULL OR call_type = ?3) AND "             \
        "(?4 IS NULL OR receiver_type = ?4) AND "                                            \
        "(?5 IS NULL OR CASE WHEN direction = 'outgoing' THEN receiver_uid = ?5 "            \
        "ELSE initiator_uid = ?5 OR receiver_type = 'group' AND receiver_uid = ?5 END) "     \
        "AND initiated_at BETWEEN ?6 AND ?7 AND (?8 = 0 OR status = 'missed' AND seen = 0) " \
        "AND (initiated_at, session_id) < (?9, ?10) "                                        \
        "ORDER BY initiated_at DESC, session_id DESC LIMIT ?11"

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
        int r = history_statement(history,
                                  "SELECT key, value FROM metadata WHERE session_id = ? "
                                  "ORDER BY position",
                                  &statement);

        if (r < 0)
                return r;
        query_bind(statement, "s", record->session_id);
        QUERY_FOREACH (statement, r) {
                const char *key = (const char *)sqlite3_column_text(statement, 0);
                const char *value = (const char *)sqlite3_column_text(statement, 1);

                r = key && value ? metadata_add(&record->metadata, key, value) : -ENOMEM;
        }
        return r;
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

/* Parses a cursor: date and session id of the last record of a page. */
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

/* Binds the parameters of PAGE; NULL turns a filter off. */
static void bind_page(sqlite3_stmt *statement, const HistoryFilter *filter, usec_t before,
                      const char *before_id, uint32_t limit)
{
        usec_t until = filter->until == 0 ? INT64_MAX : filter->until;

        query_bind(statement, "sssssttbtsu",
                   filter->has_status ? call_status_to_string(filter->status) : NULL,
                   filter->has_direction ? call_direction_to_string(filter->direction) : NULL,
                   filter->has_type ? call_type_to_string(filter->type) : NULL,
                   filter->has_receiver_type ? receiver_type_to_string(filter->receiver_type)
                                             : NULL,
                   str_empty(filter->peer) ? NULL : filter->peer,
                   MIN_OF(filter->since, (usec_t)INT64_MAX), MIN_OF(until, (usec_t)INT64_MAX),
                   filter->unseen, before, before_id, limit);
}

/* Reads up to `limit` records. *ret_more: more records follow. */
static int read_page(History *history, sqlite3_stmt *statement, uint32_t limit, HistoryPage *page,
                     bool *ret_more)
{
        int r;

        page->records = calloc(limit, sizeof(CallRecord));
        if (!page->records)
                return -ENOMEM;
        while ((r = query_next(statement)) > 0 && page->n_records < limit) {
                r = read_record(history, statement, &page->records[page->n_records]);
                if (r < 0)
                        return r;
                page->n_records++;
        }
        *ret_more = r > 0;
        return MIN_OF(r, 0);
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
        r = history_statement(history, PAGE, &statement);
        if (r < 0)
                return r;
        bind_page(statement, filter, date, session_id, limit + 1);
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
        int r = history_statement(history,
                                  "SELECT count(*) FROM calls WHERE status = 'missed' AND seen = 0",
                                  &statement);

        if (r < 0)
                return r;
        r = query_next(statement);
        if (r > 0)
                *ret = (uint32_t)column_number(statement, 0);
        return MIN_OF(r, 0);
}
