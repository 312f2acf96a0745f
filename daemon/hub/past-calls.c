/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hub/past-calls.h"

#include <errno.h>
#include <stdlib.h>
#include <uthash.h>

#include "hub/call-history-internal.h"
#include "store/query.h"

typedef enum PastStatement {
        UNSETTLED_IDS,
        ANYBODYS,
        OWN,
        OWN_UNSETTLED,
        PAST_STATEMENT_COUNT,
} PastStatement;

static const char *const statements_sql[PAST_STATEMENT_COUNT] = {
        /*
         * Records enter the index in the order of their changes: the rest come after the last one
         * in it.
         */
        [UNSETTLED_IDS] = "SELECT session_id, uid, changed_at FROM history WHERE changed_at >"
                          " ifnull((SELECT changed_at FROM history WHERE settled"
                          "  ORDER BY changed_at DESC LIMIT 1), 0) AND NOT settled"
                          " ORDER BY changed_at",
        [ANYBODYS] = "SELECT 1 FROM history WHERE session_id = ?1 AND settled LIMIT 1",
        [OWN] = "SELECT json, unseen," METADATA
                " FROM history WHERE session_id = ?1 AND uid = ?2 AND settled",
        [OWN_UNSETTLED] = "SELECT json, unseen," METADATA " FROM history"
                          " WHERE changed_at = ?3 AND session_id = ?1 AND uid = ?2",
};

/* Hashed whole: bytes that no text uses are zero. An empty uid stands for anybody. */
typedef struct NotedKey {
        char session_id[UUID_LENGTH + 1], uid[UID_MAX + 1];
} NotedKey;

typedef struct Noted {
        NotedKey key;
        usec_t changed_at; /* of the user's last record: its row */
        UT_hash_handle hh;
} Noted;

struct PastCalls {
        Noted *noted;
        sqlite3_stmt *statements[PAST_STATEMENT_COUNT];
};

static Noted *find_noted(const PastCalls *calls, const char *session_id, const char *uid)
{
        NotedKey key = {0};
        Noted *noted;

        STR_SET(key.session_id, session_id);
        STR_SET(key.uid, uid);
        HASH_FIND(hh, calls->noted, &key, sizeof(key), noted);
        return noted;
}

static int note(PastCalls *calls, const char *session_id, const char *uid, usec_t changed_at)
{
        Noted *noted = find_noted(calls, session_id, uid);

        if (!noted) {
                noted = calloc(1, sizeof(*noted));
                if (!noted)
                        return -ENOMEM;
                STR_SET(noted->key.session_id, session_id);
                STR_SET(noted->key.uid, uid);
                HASH_ADD(hh, calls->noted, key, sizeof(noted->key), noted);
                if (!noted->hh.tbl) {
                        free(noted);
                        return -ENOMEM;
                }
        }
        noted->changed_at = changed_at;
        return 0;
}

int past_calls_note(PastCalls *calls, const char *session_id, const char *uid, usec_t changed_at)
{
        int r = note(calls, session_id, "", changed_at);

        return r < 0 ? r : note(calls, session_id, uid, changed_at);
}

void past_calls_settled(PastCalls *calls)
{
        Noted *noted, *next;

        HASH_ITER (hh, calls->noted, noted, next) {
                HASH_DEL(calls->noted, noted);
                free(noted);
        }
}

int past_calls_new(Database *database, PastCalls **ret)
{
        _cleanup_(past_calls_freep) PastCalls *calls = calloc(1, sizeof(*calls));
        sqlite3_stmt *ids;

        if (!calls)
                return -ENOMEM;
        int r = database_prepare(database, statements_sql, PAST_STATEMENT_COUNT, calls->statements);
        if (r < 0)
                return r;
        ids = calls->statements[UNSETTLED_IDS];
        QUERY_FOREACH (ids, r)
                r = past_calls_note(calls, query_text(ids, 0), query_text(ids, 1),
                                    (usec_t)sqlite3_column_int64(ids, 2));
        r = query_end(ids, r);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(calls);
        return 0;
}

/* The database owns the statements. */
PastCalls *past_calls_free(PastCalls *calls)
{
        if (!calls)
                return NULL;
        past_calls_settled(calls);
        free(calls);
        return NULL;
}

/* Returns 1 if there is such a row, 0, or negative errno. */
static int has_row(sqlite3_stmt *query, const char *session_id)
{
        query_bind(query, "s", session_id);
        return query_end(query, query_next(query));
}

/* For a query that is bound. An empty text stands for a record that its user has deleted. */
static int read_own(sqlite3_stmt *query, CallRecord *ret)
{
        int r = query_next(query);

        if (r > 0) {
                r = str_empty(query_text(query, 0)) ? 1 : call_history_read(query, 0, ret);
                r = r < 0 ? r : r == 0 ? PAST_CALL_OWN : PAST_CALL_OTHERS;
        }
        return query_end(query, r);
}

static int read_settled(PastCalls *calls, const char *session_id, const char *uid, CallRecord *ret)
{
        query_bind(calls->statements[OWN], "ss", session_id, uid);
        return read_own(calls->statements[OWN], ret);
}

static int read_unsettled(PastCalls *calls, const Noted *own, CallRecord *ret)
{
        query_bind(calls->statements[OWN_UNSETTLED], "sst", own->key.session_id, own->key.uid,
                   own->changed_at);
        return read_own(calls->statements[OWN_UNSETTLED], ret);
}

int past_calls_find(PastCalls *calls, const char *uid, const char *session_id, CallRecord *ret)
{
        int settled = has_row(calls->statements[ANYBODYS], session_id);
        const Noted *own;

        if (settled < 0 || (settled == 0 && !find_noted(calls, session_id, "")))
                return settled;
        own = find_noted(calls, session_id, uid);
        int r = own ? read_unsettled(calls, own, ret) : 0;
        if (r == 0 && settled)
                r = read_settled(calls, session_id, uid, ret);
        return r == 0 ? PAST_CALL_OTHERS : r;
}
