/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/database.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/str.h"

/* Another process (a command line beside the hub) holds a lock for one short transaction. */
#define BUSY_TIMEOUT_MS 2000

/*
 * A file up to this size is checked completely when opened, in about a millisecond. Of a larger
 * file only header and schema are checked, which detects a file that was cut off.
 */
#define CHECK_SIZE_MAX (1024 * 1024)

struct Database {
        sqlite3 *handle;
        sqlite3_stmt **statements; /* prepared by database_prepare() */
        size_t n_statements;
};

int database_errno(int result)
{
        switch (result & 0xff) {
        case SQLITE_OK:
        case SQLITE_ROW:
        case SQLITE_DONE:
                return 0;
        case SQLITE_NOMEM:
                return -ENOMEM;
        case SQLITE_FULL:
                return -ENOSPC;
        case SQLITE_READONLY:
                return -EROFS;
        case SQLITE_PERM:
        case SQLITE_AUTH:
        case SQLITE_CANTOPEN:
                return -EACCES;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
                return -EUCLEAN;
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
                return -EBUSY;
        case SQLITE_CONSTRAINT:
                return -EEXIST;
        case SQLITE_TOOBIG:
                return -E2BIG;
        case SQLITE_MISUSE:
        case SQLITE_RANGE:
                return -EINVAL;
        default:
                return result == SQLITE_IOERR_NOMEM ? -ENOMEM : -EIO;
        }
}

static int database_number(Database *database, const char *sql, int64_t *ret)
{
        sqlite3_stmt *statement;
        int result = sqlite3_prepare_v2(database->handle, sql, -1, &statement, NULL);

        *ret = 0;
        if (result == SQLITE_OK) {
                result = sqlite3_step(statement);
                if (result == SQLITE_ROW)
                        *ret = sqlite3_column_int64(statement, 0);
        }
        sqlite3_finalize(statement);
        return database_errno(result);
}

/*
 * Turns the text of a check into an errno. A page that could not be read, because memory ran out or
 * the disk failed, is not broken; SQLite gives that error code only inside the text.
 */
static int check_result(const char *found)
{
        static const char reason[] = "error code=";
        const char *code;
        int r = 0;

        if (!found)
                return -ENOMEM;
        if (str_eq(found, "ok"))
                return 0;
        code = strstr(found, reason);
        if (code)
                r = database_errno(atoi(code + strlen(reason)));
        return r < 0 ? r : -EUCLEAN;
}

/* Detects a file that is not a database, was cut off, or has inconsistent pages. */
static int database_check(Database *database, off_t size)
{
        sqlite3_stmt *statement = NULL;
        int64_t ignored;
        int r = database_number(database, "SELECT count(*) FROM sqlite_schema", &ignored);

        if (r < 0 || size > CHECK_SIZE_MAX)
                return r;

        int result =
                sqlite3_prepare_v2(database->handle, "PRAGMA quick_check(1)", -1, &statement, NULL);
        if (result == SQLITE_OK)
                result = sqlite3_step(statement);
        r = database_errno(result);
        if (result == SQLITE_ROW)
                r = check_result((const char *)sqlite3_column_text(statement, 0));
        sqlite3_finalize(statement);
        return r;
}

static int database_migrate(Database *database, const DatabaseSchema *schema)
{
        int64_t version;
        int r = database_number(database, "PRAGMA user_version", &version);

        if (r < 0)
                return r;
        if (version == schema->n_steps)
                return 0;

        r = database_begin(database);
        if (r < 0)
                return r;
        /* Another process may have migrated first, so read the version again under the lock. */
        r = database_number(database, "PRAGMA user_version", &version);
        if (r >= 0 && (version < 0 || version > schema->n_steps))
                r = -EPROTO;
        for (int64_t step = version; r >= 0 && step < schema->n_steps; step++)
                r = database_run(database, schema->steps[step]);
        if (r >= 0) {
                char set_version[64];

                snprintf(set_version, sizeof(set_version), "PRAGMA user_version = %d",
                         schema->n_steps);
                r = database_run(database, set_version);
        }
        return database_end(database, r);
}

static int database_connect(const char *path, off_t size, const DatabaseSchema *schema,
                            Database **ret)
{
        _cleanup_(database_freep) Database *database = calloc(1, sizeof(*database));

        if (!database)
                return -ENOMEM;
        /* NOMUTEX: only one thread uses a connection. */
        int result = sqlite3_open_v2(path, &database->handle,
                                     SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
                                             SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
                                     NULL);
        if (result != SQLITE_OK)
                return database_errno(result);
        sqlite3_busy_timeout(database->handle, BUSY_TIMEOUT_MS);

        int r = database_check(database, size);
        if (r >= 0)
                /* No temporary files: there may be no descriptor left for one. */
                r = database_run(database, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
                                           "PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY");
        if (r >= 0)
                r = database_migrate(database, schema);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(database);
        return 0;
}

/* Moves the write-ahead log as well: replayed into a new file it would break that file. */
static int move_aside(const char *path, char **ret_aside)
{
        static const char *const suffixes[] = {"-wal", "-shm", ""};
        _cleanup_free_ char *aside =
                str_printf("%s.broken-%llu", path, (unsigned long long)clock_realtime());

        if (!aside)
                return -ENOMEM;
        for (size_t i = 0; i < ELEMENTSOF(suffixes); i++) {
                _cleanup_free_ char *from = str_printf("%s%s", path, suffixes[i]);
                _cleanup_free_ char *to = str_printf("%s%s", aside, suffixes[i]);

                if (!from || !to)
                        return -ENOMEM;
                if (rename(from, to) < 0 && errno != ENOENT)
                        return -errno;
        }
        *ret_aside = TAKE_PTR(aside);
        return 0;
}

/* Creates the file with its mode before SQLite does; SQLite gives the log the same mode. */
static int file_prepare(const char *path, off_t *ret_size)
{
        struct stat status;
        _cleanup_close_ int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);

        if (fd < 0 || fstat(fd, &status) < 0)
                return -errno;
        if (!S_ISREG(status.st_mode))
                return -EINVAL;
        *ret_size = status.st_size;
        return 0;
}

static int open_failed(const char *path, int r, char **ret_text)
{
        *ret_text = r == -EPROTO
                            ? str_printf("%s was written by a newer version of this program", path)
                            : str_printf("cannot open the database %s: %s", path, strerror(-r));
        return r;
}

int database_open(const char *path, const DatabaseSchema *schema, Database **ret, char **ret_text)
{
        _cleanup_free_ char *aside = NULL;
        off_t size = 0;

        if (!path)
                return database_connect(":memory:", 0, schema, ret);

        int r = file_prepare(path, &size);
        if (r >= 0)
                r = database_connect(path, size, schema, ret);
        if (r == 0)
                return 0;
        if (r != -EUCLEAN)
                return open_failed(path, r, ret_text);

        r = move_aside(path, &aside);
        if (r >= 0)
                r = file_prepare(path, &size);
        if (r >= 0)
                r = database_connect(path, size, schema, ret);
        if (r < 0)
                return open_failed(path, r, ret_text);
        *ret_text =
                str_printf("%s was broken and is now %s; starting with an empty one", path, aside);
        return -EUCLEAN;
}

/* Only reads: `from` may be in use on another computer, whose locks may not be seen here. */
static int copy_into(const char *from, const char *to)
{
        sqlite3 *handle = NULL;
        sqlite3_stmt *statement = NULL;
        int result =
                sqlite3_open_v2(from, &handle, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL);

        sqlite3_busy_timeout(handle, BUSY_TIMEOUT_MS);
        if (result == SQLITE_OK)
                result = sqlite3_prepare_v2(handle, "VACUUM INTO ?1", -1, &statement, NULL);
        if (result == SQLITE_OK)
                result = sqlite3_bind_text(statement, 1, to, -1, SQLITE_STATIC);
        if (result == SQLITE_OK)
                result = sqlite3_step(statement);
        sqlite3_finalize(statement);
        sqlite3_close(handle);
        return database_errno(result);
}

int database_copy(const char *from, const char *to)
{
        _cleanup_free_ char *fresh = str_printf("%s.new", to);
        off_t size;

        if (!fresh)
                return -ENOMEM;
        (void)unlink(fresh);
        /* VACUUM INTO accepts an empty file, and keeps its mode. */
        int r = file_prepare(fresh, &size);
        if (r >= 0)
                r = copy_into(from, fresh);
        if (r >= 0 && rename(fresh, to) < 0)
                r = -errno;
        if (r < 0)
                (void)unlink(fresh);
        return r;
}

Database *database_free(Database *database)
{
        if (!database)
                return NULL;
        for (size_t i = 0; i < database->n_statements; i++)
                sqlite3_finalize(database->statements[i]);
        free(database->statements);
        sqlite3_close(database->handle);
        free(database);
        return NULL;
}

sqlite3 *database_handle(Database *database)
{
        return database->handle;
}

int database_run(Database *database, const char *sql)
{
        return database_errno(sqlite3_exec(database->handle, sql, NULL, NULL, NULL));
}

int database_begin(Database *database)
{
        return database_run(database, "BEGIN IMMEDIATE");
}

int database_end(Database *database, int outcome)
{
        int r = outcome == 0 ? database_run(database, "COMMIT") : outcome;

        if (r != 0)
                (void)database_run(database, "ROLLBACK");
        return r;
}

int database_prepare(Database *database, const char *const *sql, size_t n, sqlite3_stmt **ret)
{
        sqlite3_stmt **statements = reallocarray(database->statements, database->n_statements + n,
                                                 sizeof(sqlite3_stmt *));

        if (!statements)
                return -ENOMEM;
        database->statements = statements;
        for (size_t i = 0; i < n; i++) {
                int result = sqlite3_prepare_v3(database->handle, sql[i], -1,
                                                SQLITE_PREPARE_PERSISTENT, &ret[i], NULL);
                if (result != SQLITE_OK)
                        return database_errno(result);
                statements[database->n_statements++] = ret[i];
        }
        return 0;
}
