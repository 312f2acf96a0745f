/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The inside of the history, for call-history.c, history-task.c and past-calls.c only. */

#include "hub/call-history.h"
#include "store/query.h"

typedef enum HistoryStatement {
        LAST_CHANGE,
        KEEP_LAST_CHANGE,
        RUNNING,
        COUNT_RUNNING,
        LAST_SETTLED,
        PUT,
        SETTLE_END,
        SETTLE,
        PAGE,
        WALK,
        FIND,
        CHANGES,
        UNSETTLED,
        DELETIONS,
        LATEST,
        SEE,
        FORGET,
        METADATA_PUT,
        METADATA_DROP,
        NEXT_USER,
        PRUNABLE,
        PRUNE,
        REMOVE_USER,
        HISTORY_STATEMENT_COUNT,
} HistoryStatement;

/* Rows of this user up to this one, and all of the users before, were looked at. */
typedef struct PrunePlace {
        char uid[UID_MAX + 1]; /* empty: it begins */
        usec_t date;
        char session_id[UUID_LENGTH + 1];
} PrunePlace;

struct CallHistory {
        Database *database;
        usec_t last_change;  /* or a later number, that was not stored in the end */
        usec_t running;      /* as stored when the hub started */
        usec_t started;      /* CLOCK_BOOTTIME; 0: not yet */
        usec_t last_settled; /* only rows after this one may be missing from the indexes */
        PrunePlace pruned;
        size_t n_unsettled; /* rows missing from them; after a start, 1 means any number */
        PastCalls *past;
        sqlite3_stmt *statements[HISTORY_STATEMENT_COUNT];
};

/* Of a record's call; NULL: none, or in the record itself (an older hub's). */
#define METADATA " (SELECT m.json FROM metadata m WHERE m.session_id = history.session_id)"

/* A number for the next change. */
usec_t call_history_next_change(CallHistory *history, const HistoryTime *time);

/*
 * Reads the record's json, unseen and the call's metadata, in columns that begin at `column`.
 * Returns 0, -ENOMEM, or 1 for an unreadable record, which is left out.
 */
int call_history_read(sqlite3_stmt *row, int column, CallRecord *ret);

typedef struct Records {
        CallRecord *records; /* owned */
        size_t n, budget;    /* bytes of JSON left */
        uint32_t limit;
} Records;

/* Drops the metadata of those calls of which no record is left. In the caller's transaction. */
int call_history_drop_metadata(CallHistory *history, const char (*session_ids)[UUID_LENGTH + 1],
                               size_t n);

void records_done(Records *records);
/*
 * Takes the row's record, from the columns of call_history_read(). Returns 0, 1 when it no longer
 * fits, or negative errno.
 */
int records_add(Records *records, sqlite3_stmt *row, int column);
