/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Shared by history.c, which writes, and history-page.c, which reads.
 */

#include "store/history.h"
#include "store/query.h"

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
 * Prepares a statement for one use. History rarely changes, so an idle daemon holds no prepared
 * statements.
 */
int history_statement(History *history, const char *sql, sqlite3_stmt **ret);
