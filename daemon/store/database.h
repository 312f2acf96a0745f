/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * An SQLite file, as hub and tringd use it: in WAL mode, with a schema version and a bounded wait
 * for locks. A broken file is moved aside (name.broken-<date>) and replaced by an empty one: the
 * program reports that, and goes on.
 */

#include <sqlite3.h>
#include <stdbool.h>

#include "base/cleanup.h"

typedef struct Database Database;

typedef struct DatabaseSchema {
        const char *const *steps; /* steps[i]: SQL that upgrades version i to i + 1 */
        int n_steps;              /* also the version that this program needs */
} DatabaseSchema;

/*
 * Opens or creates `path` (mode 0600) in an existing folder; NULL: in memory only. Returns 0,
 * -EUCLEAN if a broken file was moved aside and a new one is open (*ret is set), -EPROTO if the
 * schema is newer than this program's, or another negative errno (-EROFS, -EACCES, -ENOSPC, …).
 * Unless the result is 0, *ret_text is a sentence, which the caller frees; NULL: out of memory.
 */
int database_open(const char *path, const DatabaseSchema *schema, Database **ret, char **ret_text);
Database *database_free(Database *database);
DEFINE_CLEANUP(Database *, database_free);

/*
 * Copies the database `from`, which another program may have open, to the file `to` (mode 0600) in
 * an existing folder. `to` is either whole or not there. Returns 0 or negative errno.
 */
int database_copy(const char *from, const char *to);

sqlite3 *database_handle(Database *database);

/* Runs statements without results. Returns 0 or the error as database_errno() maps it. */
int database_run(Database *database, const char *sql);

int database_begin(Database *database);
/* Commits if `outcome` is 0, else rolls back. Returns `outcome`, or the error of the commit. */
int database_end(Database *database, int outcome);

/* Prepares `n` statements, for query.h. The database owns them. */
int database_prepare(Database *database, const char *const *sql, size_t n, sqlite3_stmt **ret);

/* Maps an SQLite result code to a negative errno. */
int database_errno(int result);
