/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <openssl/evp.h>
#include <sys/random.h>

#include "base/boot-date.h"
#include "base/log.h"
#include "hub/database-internal.h"

#define HASH_SIZE 32 /* SHA-256 */

/*
 * In KiB: room for the inner pages of a history of millions of records. SQLite's default, 2 MB, is
 * too small to keep them, and they are read from the file over and over.
 */
#define CACHE_SIZE "PRAGMA cache_size = -16384"

static const char *const schema_steps[] = {
        "CREATE TABLE users ("
        "  uid TEXT PRIMARY KEY,"
        "  name TEXT NOT NULL,"
        "  when_busy TEXT NOT NULL"
        ") STRICT, WITHOUT ROWID;"
        "CREATE TABLE tokens ("
        /* AUTOINCREMENT never reuses the id of a revoked token. */
        "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
        "  uid TEXT NOT NULL,"
        "  device_name TEXT NOT NULL,"
        "  hash BLOB NOT NULL UNIQUE,"
        "  created_at INTEGER NOT NULL"
        ") STRICT;"
        "CREATE INDEX tokens_of_user ON tokens (uid, id);"
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
        "CREATE TABLE groups ("
        "  guid TEXT PRIMARY KEY,"
        "  name TEXT NOT NULL"
        ") STRICT, WITHOUT ROWID;"
        "CREATE TABLE members ("
        "  guid TEXT NOT NULL,"
        "  uid TEXT NOT NULL,"
        "  PRIMARY KEY (guid, uid)"
        ") STRICT, WITHOUT ROWID;"
        "CREATE INDEX members_by_user ON members (uid);"
        "CREATE TABLE IF NOT EXISTS blocks ("
        "  uid TEXT NOT NULL,"
        "  blocked TEXT NOT NULL,"
        "  PRIMARY KEY (uid, blocked)"
        ") STRICT, WITHOUT ROWID;"
        /* One row per member of a group's call: often only one member of a thousand changes. */
        "CREATE TABLE live_members ("
        "  session_id TEXT NOT NULL,"
        "  uid TEXT NOT NULL,"
        "  json TEXT NOT NULL,"
        "  PRIMARY KEY (session_id, uid)"
        ") STRICT, WITHOUT ROWID;",
        /*
         * Row numbers that grow keep new rows together, so that a commit of many calls writes half
         * as many pages.
         */
        "CREATE TABLE live_3 ("
        "  session_id TEXT PRIMARY KEY,"
        "  json TEXT NOT NULL"
        ") STRICT;"
        "INSERT INTO live_3 SELECT session_id, json FROM live;"
        "DROP TABLE live;"
        "ALTER TABLE live_3 RENAME TO live;"
        "CREATE TABLE history_3 ("
        "  uid TEXT NOT NULL,"
        "  session_id TEXT NOT NULL,"
        "  initiated_at INTEGER NOT NULL,"
        "  changed_at INTEGER NOT NULL,"
        "  unseen INTEGER NOT NULL,"
        "  json TEXT NOT NULL," /* empty: deleted by the user */
        "  PRIMARY KEY (uid, session_id)"
        ") STRICT;"
        "INSERT INTO history_3 SELECT uid, session_id, initiated_at, changed_at, unseen, json"
        "  FROM history ORDER BY changed_at;"
        "DROP TABLE history;"
        "ALTER TABLE history_3 RENAME TO history;"
        "CREATE INDEX history_by_date ON history (uid, initiated_at, session_id);"
        "CREATE INDEX history_by_change ON history (uid, changed_at);",
        /*
         * The row number is the date of the last change, so that rows are in the order of their
         * changes and one index serves all queries: the end of a call writes a third as many pages.
         * Equal dates are spread, and the order of changes is kept.
         */
        "CREATE TABLE history_4 ("
        "  changed_at INTEGER PRIMARY KEY,"
        "  uid TEXT NOT NULL,"
        "  session_id TEXT NOT NULL,"
        "  initiated_at INTEGER NOT NULL,"
        "  unseen INTEGER NOT NULL,"
        "  json TEXT NOT NULL" /* empty: deleted by the user */
        ") STRICT;"
        "INSERT INTO history_4"
        "  SELECT max(changed_at - n) OVER (ORDER BY n) + n, uid, session_id, initiated_at, unseen,"
        "    json FROM"
        "    (SELECT row_number() OVER (ORDER BY changed_at, uid, session_id) AS n, * FROM "
        "history);"
        "DROP TABLE history;"
        "ALTER TABLE history_4 RENAME TO history;"
        "CREATE UNIQUE INDEX history_by_date ON history (uid, initiated_at, session_id);",
        /*
         * New rows enter the index only when they are settled (call-history.h); until then they are
         * at the end of the table.
         */
        "ALTER TABLE history ADD COLUMN settled INTEGER NOT NULL DEFAULT 1;"
        "DROP INDEX history_by_date;"
        "CREATE UNIQUE INDEX history_by_date ON history (uid, initiated_at, session_id)"
        "  WHERE settled;",
        /* Row numbers grow: the oldest rows have the smallest. */
        "CREATE TABLE revoked ("
        "  n INTEGER PRIMARY KEY,"
        "  hash BLOB NOT NULL UNIQUE"
        ") STRICT;",
        /*
         * Counters outlive the rows of the history (call-history.h). Older hubs gave out the time
         * as the number of the last change, so numbers continue after the current time. Existing
         * rows count as made now: older hubs did not store how long they had run.
         */
        "CREATE TABLE counters ("
        "  name TEXT PRIMARY KEY,"
        "  value INTEGER NOT NULL"
        ") STRICT, WITHOUT ROWID;"
        "INSERT INTO counters VALUES"
        "  ('last_change', (CAST(strftime('%s', 'now') AS INTEGER) + 1) * 1000000), ('running', 0);"
        "ALTER TABLE history ADD COLUMN running INTEGER NOT NULL DEFAULT 0;",
        /*
         * Row numbers grow: the user who was called longest ago has the smallest. Whom users have
         * called before is in their history: the last 1,024 whom each of them has called, as the
         * exchange will load no more, of those who are still there. A uid that is given out again
         * is a different person.
         */
        "ALTER TABLE users ADD COLUMN who_may_ring TEXT NOT NULL DEFAULT 'everybody';"
        "CREATE TABLE called ("
        "  n INTEGER PRIMARY KEY,"
        "  uid TEXT NOT NULL,"
        "  called TEXT NOT NULL,"
        "  UNIQUE (uid, called)"
        ") STRICT;"
        "INSERT INTO called (uid, called) SELECT uid, called FROM"
        "  (SELECT *, row_number() OVER (PARTITION BY uid ORDER BY last DESC) AS place FROM"
        "    (SELECT uid, json ->> '$.receiver.uid' AS called, max(changed_at) AS last FROM"
        "      (SELECT uid, changed_at, CASE WHEN json_valid(json) THEN json END AS json FROM "
        "history)"
        "      WHERE json ->> '$.direction' = 'outgoing' AND json ->> '$.receiver_type' = 'user'"
        "      GROUP BY uid, called)"
        "    WHERE called IN (SELECT uid FROM users))"
        "  WHERE place <= 1024 ORDER BY last;",
        /*
         * What a device asks for is found by an index, so that no request reads all of a history:
         * a user's record of a call (session ids first: the records of one call are together), the
         * changes in their order, and the deletions in theirs. An index ends with the row number.
         * Older hubs kept two records of a call if its id was used again; the later one stays.
         */
        "DELETE FROM history WHERE settled AND changed_at NOT IN"
        "  (SELECT max(changed_at) FROM history WHERE settled GROUP BY session_id, uid);"
        "CREATE UNIQUE INDEX history_by_call ON history (session_id, uid) WHERE settled;"
        "CREATE INDEX history_by_change ON history (uid) WHERE settled AND json <> '';"
        "CREATE INDEX history_deleted ON history (uid) WHERE settled AND json = '';",
        /*
         * The metadata of a call are stored once for all of its records. Older rows have their own.
         */
        "CREATE TABLE metadata ("
        "  session_id TEXT PRIMARY KEY,"
        "  json TEXT NOT NULL"
        ") STRICT;",
};
static const DatabaseSchema schema = {schema_steps, ELEMENTSOF(schema_steps)};

static const char *const statements_sql[HUB_STATEMENT_COUNT] = {
        [BEGIN] = "BEGIN IMMEDIATE",
        [COMMIT] = "COMMIT",
        [USER_ADD] = "INSERT INTO users (uid, name, when_busy) VALUES (?1, ?2, ?3)"
                     " ON CONFLICT DO NOTHING",
        [USER_RENAME] = "UPDATE users SET name = ?2 WHERE uid = ?1",
        [USER_GET] = "SELECT uid, name, when_busy, who_may_ring FROM users"
                     " WHERE uid = ?1",
        [USER_REMOVE] = "DELETE FROM users WHERE uid = ?1",
        [USER_TOKENS_KEEP] = "INSERT INTO revoked (hash) SELECT hash FROM tokens WHERE uid = ?1"
                             " ON CONFLICT DO NOTHING",
        [USER_TOKENS_REMOVE] = "DELETE FROM tokens WHERE uid = ?1",
        [USERS] = "SELECT uid, name, when_busy, who_may_ring FROM users ORDER BY uid",
        [USER_WHEN_BUSY] = "UPDATE users SET when_busy = ?2 WHERE uid = ?1",
        [USER_WHO_MAY_RING] = "UPDATE users SET who_may_ring = ?2 WHERE uid = ?1",
        [TOKEN_ADD] = "INSERT INTO tokens (uid, device_name, created_at, hash)"
                      " SELECT uid, ?2, ?3, ?4 FROM users WHERE uid = ?1",
        [TOKEN_FIND] = "SELECT id, uid, device_name, created_at FROM tokens WHERE hash = ?1",
        [TOKEN_KEEP] = "INSERT INTO revoked (hash) SELECT hash FROM tokens WHERE id = ?1"
                       " ON CONFLICT DO NOTHING",
        [TOKEN_REVOKE] = "DELETE FROM tokens WHERE id = ?1",
        [REVOKED_FIND] = "SELECT 1 FROM revoked WHERE hash = ?1",
        [REVOKED_PRUNE] = "DELETE FROM revoked WHERE n <= (SELECT max(n) FROM revoked) - ?1",
        [TOKENS] = "SELECT id, uid, device_name, created_at FROM tokens WHERE uid = ?1"
                   " ORDER BY id",
        [BLOCK] = "INSERT INTO blocks (uid, blocked) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
        [UNBLOCK] = "DELETE FROM blocks WHERE uid = ?1 AND blocked = ?2",
        [BLOCKS] = "SELECT uid, blocked FROM blocks",
        /* A reused uid is a different person, so blocks of and by the old one go as well. */
        [USER_BLOCKS_REMOVE] = "DELETE FROM blocks WHERE uid = ?1 OR blocked = ?1",
        /* A new row, at the end of them. */
        [CALLED] = "INSERT OR REPLACE INTO called (uid, called) VALUES (?1, ?2)",
        [UNCALLED] = "DELETE FROM called WHERE uid = ?1 AND called = ?2",
        [CALLEDS] = "SELECT uid, called FROM called ORDER BY n",
        [USER_CALLED_REMOVE] = "DELETE FROM called WHERE uid = ?1 OR called = ?1",
        [LIVE_PUT] = "INSERT INTO live (session_id, json) VALUES (?1, ?2)"
                     " ON CONFLICT DO UPDATE SET json = excluded.json",
        [LIVE_DROP] = "DELETE FROM live WHERE session_id = ?1",
        [LIVES] = "SELECT session_id, json FROM live",
        [LIVE_MEMBER_PUT] = "INSERT INTO live_members (session_id, uid, json) VALUES (?1, ?2, ?3)"
                            " ON CONFLICT DO UPDATE SET json = excluded.json",
        [LIVE_MEMBERS_DROP] = "DELETE FROM live_members WHERE session_id = ?1",
        [LIVE_MEMBERS] = "SELECT json FROM live_members WHERE session_id = ?1",
        [LIVE_MEMBERS_PRUNE] = "DELETE FROM live_members"
                               " WHERE session_id NOT IN (SELECT session_id FROM live)",
        [COUNTER] = "SELECT value FROM counters WHERE name = ?1",
        [COUNTER_PUT] = "INSERT OR REPLACE INTO counters (name, value) VALUES (?1, ?2)",
};

int hub_database_open(const char *path, HubDatabase **ret, char **ret_text)
{
        _cleanup_(hub_database_freep) HubDatabase *database = calloc(1, sizeof(*database));

        if (!database)
                return -ENOMEM;
        int opened = database_open(path, &schema, &database->database, ret_text);
        if (opened < 0 && opened != -EUCLEAN)
                return opened;
        int r = database_run(database->database, CACHE_SIZE);
        if (r >= 0)
                r = call_history_new(database->database, &database->history);
        if (r >= 0)
                r = hub_groups_new(database->database, &database->groups);
        if (r >= 0)
                r = database_prepare(database->database, statements_sql, HUB_STATEMENT_COUNT,
                                     database->statements);
        if (r < 0) {
                free(*ret_text);
                *ret_text = str_printf("cannot read the database %s: %s", path, strerror(-r));
                return r;
        }
        *ret = TAKE_PTR(database);
        return opened;
}

HubDatabase *hub_database_free(HubDatabase *database)
{
        if (!database)
                return NULL;
        call_history_free(database->history);
        hub_groups_free(database->groups);
        database_free(database->database);
        free(database);
        return NULL;
}

CallHistory *hub_database_history(HubDatabase *database)
{
        return database->history;
}

HubGroups *hub_database_groups(HubDatabase *database)
{
        return database->groups;
}

/* 0 if there is none, or it cannot be read. */
static uint64_t counter(HubDatabase *database, const char *name)
{
        uint64_t value = 0;

        query_bind(database->statements[COUNTER], "s", name);
        (void)query_number(database->statements[COUNTER], &value);
        return value;
}

usec_t hub_database_boot_date(HubDatabase *database)
{
        BootDate stored = {.boot = counter(database, "boot"),
                           .date = counter(database, "boot_date")};
        BootDate here = boot_date_read(stored);

        if (here.boot == stored.boot)
                return here.date;
        int r = query_run(database->statements[COUNTER_PUT], "sx", "boot_date", (int64_t)here.date);
        if (r >= 0)
                r = query_run(database->statements[COUNTER_PUT], "sx", "boot", (int64_t)here.boot);
        if (r < 0)
                log_warning("cannot store the date of this boot: %s", strerror(-r));
        return here.date;
}

static int on_commit(void *userdata, sqlite3 *handle, const char *name, int n_pages)
{
        HubDatabase *database = userdata;

        database->log_grew(n_pages, database->log_userdata);
        return SQLITE_OK;
}

void hub_database_watch_log(HubDatabase *database, void (*grew)(int n_pages, void *),
                            void *userdata)
{
        database->log_grew = grew;
        database->log_userdata = userdata;
        sqlite3_wal_hook(database_handle(database->database), on_commit, database);
}

/* Copies a column's text into an array that has room for everything we ever store in it. */
#define COLUMN_SET(array, row, column) STR_SET(array, query_text(row, column))

int hub_database_user_add(HubDatabase *database, const char *uid, const char *name, bool *ret_new)
{
        int r = query_run(database->statements[USER_ADD], "sss", uid, name,
                          when_busy_to_string(WHEN_BUSY_REJECT));
        bool is_new = r > 0;

        if (r == 0)
                r = query_run(database->statements[USER_RENAME], "ss", uid, name);
        if (r < 0)
                return r;
        *ret_new = is_new;
        return 0;
}

static int read_user(sqlite3_stmt *row, StoredUser *ret)
{
        *ret = (StoredUser){.when_busy = WHEN_BUSY_REJECT};
        if (COLUMN_SET(ret->uid, row, 0) < 0 || COLUMN_SET(ret->name, row, 1) < 0)
                return -EUCLEAN;
        const char *when_busy = (const char *)sqlite3_column_text(row, 2);
        const char *who = (const char *)sqlite3_column_text(row, 3);
        if (!when_busy || !who)
                return -ENOMEM;
        int r = when_busy_from_string(when_busy, &ret->when_busy);
        return r < 0 ? r : who_may_ring_from_string(who, &ret->who_may_ring);
}

int hub_database_user_get(HubDatabase *database, const char *uid, StoredUser *ret)
{
        sqlite3_stmt *get = database->statements[USER_GET];
        StoredUser user;

        query_bind(get, "s", uid);
        int r = query_next(get);
        r = query_end(get, r > 0 ? read_user(get, &user) : r == 0 ? -ENOENT : r);
        if (r >= 0)
                *ret = user;
        return r;
}

static int revoked_prune(HubDatabase *database)
{
        return query_run(database->statements[REVOKED_PRUNE], "x", (int64_t)REVOKED_TOKENS_MAX);
}

static int user_remove(HubDatabase *database, const char *uid)
{
        int r = query_run(database->statements[USER_REMOVE], "s", uid);

        if (r == 0)
                r = -ENOENT;
        if (r >= 0)
                r = query_run(database->statements[USER_TOKENS_KEEP], "s", uid);
        if (r >= 0)
                r = query_run(database->statements[USER_TOKENS_REMOVE], "s", uid);
        if (r >= 0)
                r = revoked_prune(database);
        if (r >= 0)
                r = query_run(database->statements[USER_BLOCKS_REMOVE], "s", uid);
        if (r >= 0)
                r = query_run(database->statements[USER_CALLED_REMOVE], "s", uid);
        if (r >= 0)
                r = hub_groups_remove_user(database->groups, uid);
        return r < 0 ? r : call_history_remove_user(database->history, uid);
}

int hub_database_user_remove(HubDatabase *database, const char *uid)
{
        int r = call_history_settle(database->history, USEC_NEVER);

        if (r >= 0)
                r = database_begin(database->database);
        return r < 0 ? r : database_end(database->database, user_remove(database, uid));
}

int hub_database_each_user(HubDatabase *database, int (*each)(const StoredUser *, void *),
                           void *userdata)
{
        sqlite3_stmt *users = database->statements[USERS];
        StoredUser user;
        int r;

        QUERY_FOREACH (users, r) {
                r = read_user(users, &user);
                if (r == 0)
                        r = each(&user, userdata);
        }
        return query_end(users, r);
}

static int token_hash(const char *token, unsigned char ret[static HASH_SIZE])
{
        return EVP_Digest(token, strlen(token), ret, NULL, EVP_sha256(), NULL) == 1 ? 0 : -ENOMEM;
}

int hub_database_token_mint(HubDatabase *database, const char *uid, const char *device_name,
                            char ret_token[static TOKEN_LENGTH + 1])
{
        sqlite3_stmt *add = database->statements[TOKEN_ADD];
        unsigned char secret[TOKEN_BYTES], hash[HASH_SIZE];
        char token[TOKEN_LENGTH + 1];

        if (getrandom(secret, sizeof(secret), 0) != sizeof(secret))
                return -EIO;
        hex_encode(secret, sizeof(secret), token);
        int r = token_hash(token, hash);
        if (r < 0)
                return r;
        sqlite3_bind_blob(add, 4, hash, sizeof(hash), SQLITE_STATIC);
        r = query_run(add, "sst", uid, device_name, clock_realtime());
        if (r > 0)
                memcpy(ret_token, token, sizeof(token));
        explicit_bzero(secret, sizeof(secret));
        explicit_bzero(token, sizeof(token));
        return r == 0 ? -ENOENT : MIN_OF(r, 0);
}

static int read_token(sqlite3_stmt *row, StoredToken *ret)
{
        *ret = (StoredToken){.id = sqlite3_column_int64(row, 0),
                             .created_at = (usec_t)sqlite3_column_int64(row, 3)};
        return COLUMN_SET(ret->uid, row, 1) < 0 || COLUMN_SET(ret->device_name, row, 2) < 0
                       ? -EUCLEAN
                       : 0;
}

/* Why there is no such token: -EKEYREVOKED or -ENOENT. */
static int hash_is_revoked(HubDatabase *database, const unsigned char hash[static HASH_SIZE])
{
        sqlite3_stmt *find = database->statements[REVOKED_FIND];

        sqlite3_bind_blob(find, 1, hash, HASH_SIZE, SQLITE_STATIC);
        int r = query_next(find);
        return query_end(find, r > 0 ? -EKEYREVOKED : r == 0 ? -ENOENT : r);
}

int hub_database_token_find(HubDatabase *database, const char *token, StoredToken *ret)
{
        sqlite3_stmt *find = database->statements[TOKEN_FIND];
        unsigned char hash[HASH_SIZE];
        StoredToken found;

        int r = token_hash(token, hash);
        if (r < 0)
                return r;
        sqlite3_bind_blob(find, 1, hash, sizeof(hash), SQLITE_STATIC);
        r = query_next(find);
        r = query_end(find, r > 0 ? read_token(find, &found) : r == 0 ? -ENOENT : r);
        if (r == -ENOENT)
                return hash_is_revoked(database, hash);
        if (r >= 0)
                *ret = found;
        return r;
}

static int token_revoke(HubDatabase *database, int64_t id)
{
        int r = query_run(database->statements[TOKEN_KEEP], "x", id);

        if (r >= 0)
                r = query_run(database->statements[TOKEN_REVOKE], "x", id);
        if (r == 0)
                r = -ENOENT;
        if (r >= 0)
                r = revoked_prune(database);
        return MIN_OF(r, 0);
}

int hub_database_token_revoke(HubDatabase *database, int64_t id)
{
        int r = database_begin(database->database);

        return r < 0 ? r : database_end(database->database, token_revoke(database, id));
}

int hub_database_each_token(HubDatabase *database, const char *uid,
                            int (*each)(const StoredToken *, void *), void *userdata)
{
        sqlite3_stmt *tokens = database->statements[TOKENS];
        StoredToken token;
        int r;

        query_bind(tokens, "s", uid);
        QUERY_FOREACH (tokens, r) {
                r = read_token(tokens, &token);
                if (r == 0)
                        r = each(&token, userdata);
        }
        return query_end(tokens, r);
}

static int each_pair(sqlite3_stmt *pairs, int (*each)(const char *, const char *, void *),
                     void *userdata)
{
        int r;

        QUERY_FOREACH (pairs, r)
                r = each(query_text(pairs, 0), query_text(pairs, 1), userdata);
        return query_end(pairs, r);
}

int hub_database_each_block(HubDatabase *database,
                            int (*each)(const char *uid, const char *blocked, void *),
                            void *userdata)
{
        return each_pair(database->statements[BLOCKS], each, userdata);
}

int hub_database_each_called(HubDatabase *database,
                             int (*each)(const char *uid, const char *called, void *),
                             void *userdata)
{
        return each_pair(database->statements[CALLEDS], each, userdata);
}
