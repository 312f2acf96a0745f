/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hub/keeper.h"

#include <errno.h>
#include <openssl/evp.h>
#include <sys/random.h>

#include "base/log.h"
#include "wire/wire.h"

#define HASH_SIZE 32 /* SHA-256 */

/* In KiB: the inner pages of a history of millions; SQLite's own 2 MB are read anew all the time.
 */
#define CACHE_SIZE "PRAGMA cache_size = -16384"

static const char *const schema_steps[] = {
        "CREATE TABLE users ("
        "  uid TEXT PRIMARY KEY,"
        "  name TEXT NOT NULL,"
        "  when_busy TEXT NOT NULL"
        ") STRICT, WITHOUT ROWID;"
        "CREATE TABLE tokens ("
        "  id INTEGER PRIMARY KEY AUTOINCREMENT," /* an id that was revoked never comes back */
        "  uid TEXT NOT NULL,"
        "  device_name TEXT NOT NULL,"
        "  hash BLOB NOT NULL UNIQUE,"
        "  created_at INTEGER NOT NULL"
        ") STRICT;"
        "CREATE INDEX tokens_of_user ON tokens (uid, id);"
        "CREATE TABLE blocks ("
        "  uid TEXT NOT NULL,"
        "  blocked TEXT NOT NULL,"
        "  PRIMARY KEY (uid, blocked)"
        ") STRICT, WITHOUT ROWID;"
        "CREATE TABLE live ("
        "  session_id TEXT PRIMARY KEY,"
        "  json TEXT NOT NULL"
        ") STRICT, WITHOUT ROWID;"
        "CREATE TABLE history ("
        "  uid TEXT NOT NULL,"
        "  session_id TEXT NOT NULL,"
        "  initiated_at INTEGER NOT NULL,"
        "  changed_at INTEGER NOT NULL,"
        "  unseen INTEGER NOT NULL,"
        "  json TEXT NOT NULL," /* empty: deleted by the user */
        "  PRIMARY KEY (uid, session_id)"
        ") STRICT, WITHOUT ROWID;"
        "CREATE INDEX history_by_date ON history (uid, initiated_at, session_id);"
        "CREATE INDEX history_by_change ON history (uid, changed_at);",
};
static const DatabaseSchema schema = {schema_steps, ELEMENTSOF(schema_steps)};

typedef enum KeeperStatement {
        USER_ADD,
        USER_RENAME,
        USER_GET,
        USER_REMOVE,
        USER_TOKENS_REMOVE,
        USER_BLOCKS_REMOVE,
        USERS,
        USER_WHEN_BUSY,
        TOKEN_ADD,
        TOKEN_FIND,
        TOKEN_REVOKE,
        TOKENS,
        BLOCK_ADD,
        BLOCK_REMOVE,
        BLOCKS,
        LIVE_PUT,
        LIVE_DROP,
        LIVES,
        KEEPER_STATEMENT_COUNT,
} KeeperStatement;

static const char *const statements_sql[KEEPER_STATEMENT_COUNT] = {
        [USER_ADD] = "INSERT INTO users (uid, name, when_busy) VALUES (?1, ?2, ?3)"
                     " ON CONFLICT DO NOTHING",
        [USER_RENAME] = "UPDATE users SET name = ?2 WHERE uid = ?1",
        [USER_GET] = "SELECT uid, name, when_busy FROM users WHERE uid = ?1",
        [USER_REMOVE] = "DELETE FROM users WHERE uid = ?1",
        [USER_TOKENS_REMOVE] = "DELETE FROM tokens WHERE uid = ?1",
        /* Whoever gets the uid next is somebody else: for those who had blocked it, too. */
        [USER_BLOCKS_REMOVE] = "DELETE FROM blocks WHERE uid = ?1 OR blocked = ?1",
        [USERS] = "SELECT uid, name, when_busy FROM users ORDER BY uid",
        [USER_WHEN_BUSY] = "UPDATE users SET when_busy = ?2 WHERE uid = ?1",
        [TOKEN_ADD] = "INSERT INTO tokens (uid, device_name, hash, created_at)"
                      " SELECT uid, ?2, ?3, ?4 FROM users WHERE uid = ?1",
        [TOKEN_FIND] = "SELECT id, uid, device_name, created_at FROM tokens WHERE hash = ?1",
        [TOKEN_REVOKE] = "DELETE FROM tokens WHERE id = ?1",
        [TOKENS] = "SELECT id, uid, device_name, created_at FROM tokens WHERE uid = ?1"
                   " ORDER BY id",
        [BLOCK_ADD] = "INSERT INTO blocks (uid, blocked) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
        [BLOCK_REMOVE] = "DELETE FROM blocks WHERE uid = ?1 AND blocked = ?2",
        [BLOCKS] = "SELECT uid, blocked FROM blocks",
        [LIVE_PUT] = "INSERT INTO live (session_id, json) VALUES (?1, ?2)"
                     " ON CONFLICT DO UPDATE SET json = excluded.json",
        [LIVE_DROP] = "DELETE FROM live WHERE session_id = ?1",
        [LIVES] = "SELECT session_id, json FROM live",
};

struct Keeper {
        Database *database;
        Archive *archive;
        sqlite3_stmt *statements[KEEPER_STATEMENT_COUNT];
        void (*log_grew)(int n_pages, void *);
        void *log_userdata;
};

int keeper_open(const char *path, Keeper **ret, char **ret_text)
{
        _cleanup_(keeper_freep) Keeper *keeper = calloc(1, sizeof(*keeper));

        if (!keeper)
                return -ENOMEM;
        int opened = database_open(path, &schema, &keeper->database, ret_text);
        if (opened < 0 && opened != -EUCLEAN)
                return opened;
        int r = database_run(keeper->database, CACHE_SIZE);
        if (r >= 0)
                r = archive_new(keeper->database, &keeper->archive);
        for (size_t i = 0; r >= 0 && i < KEEPER_STATEMENT_COUNT; i++)
                r = database_prepare(keeper->database, statements_sql[i], &keeper->statements[i]);
        if (r < 0) {
                free(*ret_text);
                *ret_text = str_printf("cannot read the database %s: %s", path, strerror(-r));
                return r;
        }
        *ret = TAKE_PTR(keeper);
        return opened;
}

Keeper *keeper_free(Keeper *keeper)
{
        if (!keeper)
                return NULL;
        archive_free(keeper->archive);
        database_free(keeper->database);
        free(keeper);
        return NULL;
}

Archive *keeper_archive(Keeper *keeper)
{
        return keeper->archive;
}

static int on_commit(void *userdata, sqlite3 *handle, const char *name, int n_pages)
{
        Keeper *keeper = userdata;

        keeper->log_grew(n_pages, keeper->log_userdata);
        return SQLITE_OK;
}

void keeper_watch_log(Keeper *keeper, void (*grew)(int n_pages, void *), void *userdata)
{
        keeper->log_grew = grew;
        keeper->log_userdata = userdata;
        sqlite3_wal_hook(database_handle(keeper->database), on_commit, keeper);
}

static sqlite3_stmt *statement_of(Keeper *keeper, KeeperStatement which)
{
        return keeper->statements[which];
}

static void bind_text(sqlite3_stmt *statement, int index, const char *text)
{
        /* It outlives the step: every caller holds it until then. */
        sqlite3_bind_text(statement, index, text, -1, SQLITE_STATIC);
}

/* Runs a statement that gives no rows. */
static int run(sqlite3_stmt *statement)
{
        int r = database_errno(sqlite3_step(statement));

        sqlite3_reset(statement);
        sqlite3_clear_bindings(statement);
        return r;
}

static bool changed(Keeper *keeper)
{
        return sqlite3_changes(database_handle(keeper->database)) > 0;
}

/* A column's text into an array that has room for all that we ever store in it. */
#define COLUMN_SET(array, statement, column) \
        STR_SET(array, (const char *)sqlite3_column_text(statement, column) ?: "")

int keeper_user_add(Keeper *keeper, const char *uid, const char *name, bool *ret_new)
{
        sqlite3_stmt *add = statement_of(keeper, USER_ADD);
        sqlite3_stmt *rename = statement_of(keeper, USER_RENAME);

        bind_text(add, 1, uid);
        bind_text(add, 2, name);
        bind_text(add, 3, when_busy_to_string(WHEN_BUSY_REJECT));
        int r = run(add);
        if (r < 0)
                return r;
        if (changed(keeper)) {
                *ret_new = true;
                return 0;
        }
        bind_text(rename, 1, uid);
        bind_text(rename, 2, name);
        r = run(rename);
        if (r >= 0)
                *ret_new = false;
        return r;
}

static int read_user(sqlite3_stmt *row, KeeperUser *ret)
{
        *ret = (KeeperUser){.when_busy = WHEN_BUSY_REJECT};
        if (COLUMN_SET(ret->uid, row, 0) < 0 || COLUMN_SET(ret->name, row, 1) < 0)
                return -EUCLEAN;
        const char *when_busy = (const char *)sqlite3_column_text(row, 2);
        return when_busy ? when_busy_from_string(when_busy, &ret->when_busy) : -ENOMEM;
}

int keeper_user_get(Keeper *keeper, const char *uid, KeeperUser *ret)
{
        sqlite3_stmt *get = statement_of(keeper, USER_GET);
        KeeperUser user;

        bind_text(get, 1, uid);
        int result = sqlite3_step(get);
        int r = result == SQLITE_ROW    ? read_user(get, &user)
                : result == SQLITE_DONE ? -ENOENT
                                        : database_errno(result);
        sqlite3_reset(get);
        if (r >= 0)
                *ret = user;
        return r;
}

int keeper_user_remove(Keeper *keeper, const char *uid)
{
        static const KeeperStatement theirs[] = {USER_TOKENS_REMOVE, USER_BLOCKS_REMOVE};
        sqlite3_stmt *remove = statement_of(keeper, USER_REMOVE);

        int r = database_run(keeper->database, "BEGIN IMMEDIATE");
        if (r < 0)
                return r;
        bind_text(remove, 1, uid);
        r = run(remove);
        if (r >= 0 && !changed(keeper))
                r = -ENOENT;
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(theirs); i++) {
                bind_text(statement_of(keeper, theirs[i]), 1, uid);
                r = run(statement_of(keeper, theirs[i]));
        }
        if (r >= 0)
                r = archive_remove_user(keeper->archive, uid);
        if (r >= 0)
                r = database_run(keeper->database, "COMMIT");
        if (r < 0)
                (void)database_run(keeper->database, "ROLLBACK");
        return r;
}

int keeper_each_user(Keeper *keeper, int (*each)(const KeeperUser *, void *), void *userdata)
{
        sqlite3_stmt *users = statement_of(keeper, USERS);
        KeeperUser user;
        int result, r = 0;

        while (r == 0 && (result = sqlite3_step(users)) != SQLITE_DONE) {
                r = result == SQLITE_ROW ? read_user(users, &user) : database_errno(result);
                if (r == 0)
                        r = each(&user, userdata);
        }
        sqlite3_reset(users);
        return r;
}

static int token_hash(const char *token, unsigned char ret[static HASH_SIZE])
{
        return EVP_Digest(token, strlen(token), ret, NULL, EVP_sha256(), NULL) == 1 ? 0 : -ENOMEM;
}

int keeper_token_mint(Keeper *keeper, const char *uid, const char *device_name,
                      char ret_token[static TOKEN_LENGTH + 1])
{
        sqlite3_stmt *add = statement_of(keeper, TOKEN_ADD);
        unsigned char secret[TOKEN_BYTES], hash[HASH_SIZE];
        char token[TOKEN_LENGTH + 1];

        if (getrandom(secret, sizeof(secret), 0) != sizeof(secret))
                return -EIO;
        hex_encode(secret, sizeof(secret), token);
        int r = token_hash(token, hash);
        if (r < 0)
                return r;
        bind_text(add, 1, uid);
        bind_text(add, 2, device_name);
        sqlite3_bind_blob(add, 3, hash, sizeof(hash), SQLITE_STATIC);
        sqlite3_bind_int64(add, 4, (int64_t)clock_realtime());
        r = run(add);
        if (r >= 0 && !changed(keeper))
                r = -ENOENT;
        if (r >= 0)
                memcpy(ret_token, token, sizeof(token));
        explicit_bzero(secret, sizeof(secret));
        explicit_bzero(token, sizeof(token));
        return r;
}

static int read_token(sqlite3_stmt *row, KeeperToken *ret)
{
        *ret = (KeeperToken){.id = sqlite3_column_int64(row, 0),
                             .created_at = (usec_t)sqlite3_column_int64(row, 3)};
        return COLUMN_SET(ret->uid, row, 1) < 0 || COLUMN_SET(ret->device_name, row, 2) < 0
                       ? -EUCLEAN
                       : 0;
}

int keeper_token_find(Keeper *keeper, const char *token, KeeperToken *ret)
{
        sqlite3_stmt *find = statement_of(keeper, TOKEN_FIND);
        unsigned char hash[HASH_SIZE];
        KeeperToken found;

        int r = token_hash(token, hash);
        if (r < 0)
                return r;
        sqlite3_bind_blob(find, 1, hash, sizeof(hash), SQLITE_STATIC);
        int result = sqlite3_step(find);
        r = result == SQLITE_ROW    ? read_token(find, &found)
            : result == SQLITE_DONE ? -ENOENT
                                    : database_errno(result);
        sqlite3_reset(find);
        sqlite3_clear_bindings(find);
        if (r >= 0)
                *ret = found;
        return r;
}

int keeper_token_revoke(Keeper *keeper, int64_t id)
{
        sqlite3_stmt *revoke = statement_of(keeper, TOKEN_REVOKE);

        sqlite3_bind_int64(revoke, 1, id);
        int r = run(revoke);
        return r < 0 ? r : changed(keeper) ? 0 : -ENOENT;
}

int keeper_each_token(Keeper *keeper, const char *uid, int (*each)(const KeeperToken *, void *),
                      void *userdata)
{
        sqlite3_stmt *tokens = statement_of(keeper, TOKENS);
        KeeperToken token;
        int result, r = 0;

        bind_text(tokens, 1, uid);
        while (r == 0 && (result = sqlite3_step(tokens)) != SQLITE_DONE) {
                r = result == SQLITE_ROW ? read_token(tokens, &token) : database_errno(result);
                if (r == 0)
                        r = each(&token, userdata);
        }
        sqlite3_reset(tokens);
        sqlite3_clear_bindings(tokens);
        return r;
}

static int read_block(sqlite3_stmt *row, KeeperBlock *ret)
{
        return COLUMN_SET(ret->uid, row, 0) < 0 || COLUMN_SET(ret->blocked, row, 1) < 0 ? -EUCLEAN
                                                                                        : 0;
}

int keeper_each_block(Keeper *keeper, int (*each)(const KeeperBlock *, void *), void *userdata)
{
        sqlite3_stmt *blocks = statement_of(keeper, BLOCKS);
        KeeperBlock block;
        int result, r = 0;

        while (r == 0 && (result = sqlite3_step(blocks)) != SQLITE_DONE) {
                r = result == SQLITE_ROW ? read_block(blocks, &block) : database_errno(result);
                if (r == 0)
                        r = each(&block, userdata);
        }
        sqlite3_reset(blocks);
        return r;
}

int keeper_each_live(Keeper *keeper, int (*each)(const LiveCall *, void *), void *userdata)
{
        sqlite3_stmt *lives = statement_of(keeper, LIVES);
        int result, r = 0;

        while (r == 0 && (result = sqlite3_step(lives)) != SQLITE_DONE) {
                const char *json = (const char *)sqlite3_column_text(lives, 1);
                LiveCall live;

                if (result != SQLITE_ROW || !json) {
                        r = result == SQLITE_ROW ? -ENOMEM : database_errno(result);
                        break;
                }
                r = wire_decode_live(json, &live);
                if (r == 0) {
                        r = each(&live, userdata);
                        live_call_done(&live);
                } else if (r != -ENOMEM) {
                        log_fields(LOG_ERR, "a stored call cannot be read and is passed over",
                                   "SESSION_ID=%s", (const char *)sqlite3_column_text(lives, 0),
                                   NULL);
                        r = 0;
                }
        }
        sqlite3_reset(lives);
        return r;
}

void write_done(Write *write)
{
        free(write->json);
        *write = (Write){0};
}

static int write_one(Keeper *keeper, const Write *write)
{
        sqlite3_stmt *statement;

        switch (write->type) {
        case WRITE_LIVE:
                statement = statement_of(keeper, LIVE_PUT);
                bind_text(statement, 1, write->session_id);
                bind_text(statement, 2, write->json);
                return run(statement);
        case WRITE_DROP:
                statement = statement_of(keeper, LIVE_DROP);
                bind_text(statement, 1, write->session_id);
                return run(statement);
        case WRITE_LOG:
                return archive_put(keeper->archive, write->uid, write->session_id,
                                   write->initiated_at, write->unseen, write->json);
        case WRITE_WHEN_BUSY:
                statement = statement_of(keeper, USER_WHEN_BUSY);
                bind_text(statement, 1, write->uid);
                bind_text(statement, 2, when_busy_to_string(write->when_busy));
                return run(statement);
        case WRITE_BLOCK:
                statement = statement_of(keeper, write->on ? BLOCK_ADD : BLOCK_REMOVE);
                bind_text(statement, 1, write->uid);
                bind_text(statement, 2, write->blocked);
                return run(statement);
        }
        return -EINVAL;
}

int keeper_write(Keeper *keeper, const Write *writes, size_t n)
{
        int r = database_run(keeper->database, "BEGIN IMMEDIATE");

        if (r < 0)
                return r;
        for (size_t i = 0; r >= 0 && i < n; i++)
                r = write_one(keeper, &writes[i]);
        if (r >= 0)
                r = database_run(keeper->database, "COMMIT");
        if (r < 0)
                (void)database_run(keeper->database, "ROLLBACK");
        return r;
}
