/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What writing (history.c) and reading (history-page.c) share.
 */

#include "store/history.h"

struct History {
        Database *database;
};

#define HISTORY_COLUMNS                                                                    \
        "session_id, direction, call_type, receiver_type, initiator_uid, initiator_name, " \
        "initiator_device, receiver_uid, receiver_name, receiver_device, status, reason, " \
        "initiated_at, ringing_since, answered_at, ended_at, duration, seen"

DEFINE_CLEANUP(sqlite3_stmt *, sqlite3_finalize);
#define _cleanup_statement_ _cleanup_(sqlite3_finalizep)

/*
 * Statements are prepared when they are needed: a call's history changes a few times, and
 * statements kept ready would cost memory all day.
 */
int history_statement(History *history, const char *sql, sqlite3_stmt **ret);
/* The string outlives the statement's run. */
void history_bind_text(sqlite3_stmt *statement, int i, const char *s);
void history_bind_number(sqlite3_stmt *statement, int i, uint64_t number);
/* Runs a statement that has no rows. */
int history_statement_run(sqlite3_stmt *statement);
/* Commits, unless `r` is an error: then what was begun is undone. Returns r, or what came of it. */
int history_transaction_end(History *history, int r);
