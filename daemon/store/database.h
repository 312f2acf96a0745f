/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * An SQLite file, opened as both programs want it: WAL, a schema with a version, a bounded wait for
 * locks. A broken file is moved aside (name.broken-<date>) and replaced by an empty one: the
 * program goes on, and reports it.
 */

#include <sqlite3.h>
#include <stdbool.h>

#include "base/cleanup.h"

typedef struct Database Database;

typedef struct DatabaseSchema {
        const char *const *steps; /* SQL that leads from version i to i + 1 */
        int n_steps;              /* the version that the program wants */
} DatabaseSchema;

/*
 * Opens or creates `path` (mode 0600) in an existing folder; NULL: in memory only. Returns 0;
 * -EUCLEAN when a broken file was moved aside and a fresh one is open (*ret is set); negative errno
 * otherwise: -EROFS, -EACCES, -ENOSPC, and -EPROTO for a schema newer than ours. With anything but
 * 0, *ret_text is a sentence (NULL when out of memory; the caller frees).
 */
int database_open(const char *path, const DatabaseSchema *schema, Database **ret, char **ret_text);
Database *database_free(Database *database);
DEFINE_CLEANUP(Database *, database_free);

sqlite3 *database_handle(Database *database);

/* Runs statements without results. Negative errno (database_errno()) on failure. */
int database_run(Database *database, const char *sql);

int database_begin(Database *database);
/* Commits the transaction if `outcome` is 0, else rolls back. Returns `outcome` or the error. */
int database_end(Database *database, int outcome);

/* Prepares `n` statements, for query.h. The database owns them. */
int database_prepare(Database *database, const char *const *sql, size_t n, sqlite3_stmt **ret);

/* An SQLite result code as negative errno. */
int database_errno(int result);
