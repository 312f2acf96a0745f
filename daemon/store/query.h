/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Running statements that database_prepare() made. A statement that is still open keeps a lock, so
 * every use ends with a reset: query_run() and the last query_next() do that, and query_end() does
 * it for a function that stops early.
 */

#include <sqlite3.h>

/*
 * Binds values from ?1 on. `types` has a letter for each, as in sd_bus_message_append(): s is a
 * text, which must live until the reset; t is uint64_t, x is int64_t, u is uint32_t, b is bool.
 */
void query_bind(sqlite3_stmt *query, const char *types, ...);

/* Binds, and runs a statement without rows. Returns how many rows it changed, or negative errno. */
int query_run(sqlite3_stmt *query, const char *types, ...);

/* Steps to the next row. Returns 1, 0 after the last row, or negative errno. */
int query_next(sqlite3_stmt *query);
/* Returns r. */
int query_end(sqlite3_stmt *query, int r);

/* For each row as long as the body sets r to 0. Afterwards r is the body's, 0, or an error. */
#define QUERY_FOREACH(query, r) for (r = 0; r == 0 && (r = query_next(query)) > 0;)

/* Never NULL. */
const char *query_text(sqlite3_stmt *row, int column);
