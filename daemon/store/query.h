/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Runs statements that database_prepare() made. A statement holds a lock until its reset.
 * query_run() and the last query_next() reset it; a function that stops before the last row calls
 * query_end().
 */

#include <sqlite3.h>
#include <stdint.h>

/*
 * Binds values, starting with ?1. `types` has a letter for each, as in sd_bus_message_append(): s
 * is a text, which must live until the reset; t is uint64_t, x is int64_t, u is uint32_t, b is
 * bool.
 */
void query_bind(sqlite3_stmt *query, const char *types, ...);

/* Binds values and runs a statement. Returns the number of changed rows, or negative errno. */
int query_run(sqlite3_stmt *query, const char *types, ...);

/* Steps to the next row. Returns 1, 0 after the last row, or negative errno. */
int query_next(sqlite3_stmt *query);
/* Resets the statement. Returns `r`. */
int query_end(sqlite3_stmt *query, int r);

/*
 * Runs the body for each row, until it sets r to something else than 0. Afterwards r is that value,
 * 0, or an error of query_next().
 */
#define QUERY_FOREACH(query, r) for (r = 0; r == 0 && (r = query_next(query)) > 0;)

/*
 * Runs a statement and reads the number in its first row, or 0 if it has none. Returns 0 or
 * negative errno.
 */
int query_number(sqlite3_stmt *query, uint64_t *ret);

/* The text of a column; empty for NULL. */
const char *query_text(sqlite3_stmt *row, int column);
