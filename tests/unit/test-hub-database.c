/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hub-store.h"

#include <errno.h>
#include <sqlite3.h>
#include <unistd.h>

#include "wire/stored.h"

/* Users, tokens, live calls, and what comes of an older version's file. */

static int count_users(const StoredUser *user, void *userdata)
{
        ++*(int *)userdata;
        return 0;
}

static int count_tokens(const StoredToken *token, void *userdata)
{
        ++*(int *)userdata;
        return 0;
}

START_TEST(adding_a_user_again_changes_the_name)
{
        bool is_new = true;
        StoredUser user;
        int n = 0;

        ck_assert_int_eq(hub_database_user_add(database, "alice", "Alicia", &is_new), 0);
        ck_assert(!is_new);
        ck_assert_int_eq(hub_database_user_get(database, "alice", &user), 0);
        ck_assert_str_eq(user.name, "Alicia");
        ck_assert_int_eq(user.when_busy, WHEN_BUSY_REJECT);
        ck_assert_int_eq(hub_database_each_user(database, count_users, &n), 0);
        ck_assert_int_eq(n, 1);
}
END_TEST

START_TEST(a_token_is_found_by_its_text_until_it_is_revoked)
{
        char first[TOKEN_LENGTH + 1], second[TOKEN_LENGTH + 1];
        StoredToken token;

        ck_assert_int_eq(hub_database_token_mint(database, "alice", "laptop", first), 0);
        ck_assert_int_eq(hub_database_token_mint(database, "alice", "", second), 0);
        ck_assert_str_ne(first, second);
        ck_assert_int_eq(hub_database_token_find(database, first, &token), 0);
        ck_assert_str_eq(token.uid, "alice");
        ck_assert_str_eq(token.device_name, "laptop");
        ck_assert_int_eq(hub_database_token_revoke(database, token.id), 0);
        ck_assert_int_eq(hub_database_token_revoke(database, token.id), -ENOENT);
        ck_assert_int_eq(hub_database_token_find(database, first, &token), -EKEYREVOKED);
        ck_assert_int_eq(hub_database_token_find(database, second, &token), 0);
        first[0] = first[0] == '0' ? '1' : '0';
        ck_assert_int_eq(hub_database_token_find(database, first, &token), -ENOENT);
        ck_assert_int_eq(hub_database_token_find(database, "", &token), -ENOENT);
}
END_TEST

static void mint_and_revoke(char token[static TOKEN_LENGTH + 1])
{
        StoredToken found;

        ck_assert_int_eq(hub_database_token_mint(database, "alice", "", token), 0);
        ck_assert_int_eq(hub_database_token_find(database, token, &found), 0);
        ck_assert_int_eq(hub_database_token_revoke(database, found.id), 0);
}

START_TEST(the_oldest_of_too_many_revoked_tokens_is_forgotten)
{
        char first[TOKEN_LENGTH + 1], second[TOKEN_LENGTH + 1], last[TOKEN_LENGTH + 1];
        StoredToken found;

        mint_and_revoke(first);
        mint_and_revoke(second);
        for (size_t i = 2; i < REVOKED_TOKENS_MAX; i++)
                mint_and_revoke(last);
        ck_assert_int_eq(hub_database_token_find(database, first, &found), -EKEYREVOKED);
        mint_and_revoke(last);
        ck_assert_int_eq(hub_database_token_find(database, first, &found), -ENOENT);
        ck_assert_int_eq(hub_database_token_find(database, second, &found), -EKEYREVOKED);
        ck_assert_int_eq(hub_database_token_find(database, last, &found), -EKEYREVOKED);
}
END_TEST

START_TEST(nobody_has_no_tokens)
{
        char token[TOKEN_LENGTH + 1];

        ck_assert_int_eq(hub_database_token_mint(database, "nobody", "", token), -ENOENT);
}
END_TEST

static int count_blocks(const char *uid, const char *blocked, void *userdata)
{
        ++*(int *)userdata;
        return 0;
}

static int note_called(const char *uid, const char *called, void *userdata)
{
        char *all = userdata;

        ck_assert_uint_lt(strlen(all) + strlen(uid) + strlen(called) + 3, 256);
        strcat(strcat(strcat(strcat(all, uid), ">"), called), " ");
        return 0;
}

/* "alice>bob bob>alice " */
static const char *who_has_called(void)
{
        static char all[256];

        all[0] = '\0';
        ck_assert_int_eq(hub_database_each_called(database, note_called, all), 0);
        return all;
}

START_TEST(whom_a_user_has_called_is_kept_in_order)
{
        Write called = {.type = WRITE_CALLED, .uid = "alice", .on = true};

        for (const char *const *uid = (const char *const[]){"carol", "bob", "carol", NULL}; *uid;
             uid++) {
                (void)STR_SET(called.other, *uid);
                ck_assert_int_eq(hub_database_write(database, &at, &called, 1), 0);
        }
        ck_assert_str_eq(who_has_called(), "alice>bob alice>carol ");
        called.on = false;
        ck_assert_int_eq(hub_database_write(database, &at, &called, 1), 0);
        ck_assert_str_eq(who_has_called(), "alice>bob ");
}
END_TEST

START_TEST(who_may_ring_is_everybody_until_the_user_says_otherwise)
{
        Write write = {.type = WRITE_WHO_MAY_RING, .uid = "alice"};
        StoredUser user;

        for (WhoMayRing who = 0; who < WHO_MAY_RING_COUNT; who++) {
                ck_assert_int_eq(hub_database_user_get(database, "alice", &user), 0);
                ck_assert_int_eq(user.who_may_ring, who == 0 ? WHO_MAY_RING_EVERYBODY : who - 1);
                write.who_may_ring = who;
                ck_assert_int_eq(hub_database_write(database, &at, &write, 1), 0);
        }
        ck_assert_int_eq(hub_database_user_get(database, "alice", &user), 0);
        ck_assert_int_eq(user.who_may_ring, WHO_MAY_RING_NOBODY);
        ck_assert_int_eq(user.when_busy, WHEN_BUSY_REJECT);
}
END_TEST

START_TEST(a_removed_user_leaves_nothing_behind)
{
        const Write blocks[] = {{.type = WRITE_BLOCK, .uid = "alice", .other = "bob", .on = true},
                                {.type = WRITE_BLOCK, .uid = "bob", .other = "alice", .on = true},
                                {.type = WRITE_CALLED, .uid = "alice", .other = "bob", .on = true},
                                {.type = WRITE_CALLED, .uid = "bob", .other = "alice", .on = true}};
        char token[TOKEN_LENGTH + 1];
        StoredToken found;
        bool is_new;
        int n = 0;

        ck_assert_int_eq(hub_database_token_mint(database, "alice", "", token), 0);
        add_log("alice", UUID("01"), 1, true);
        ck_assert_int_eq(hub_database_user_add(database, "bob", "Bob", &is_new), 0);
        ck_assert_int_eq(hub_database_write(database, &at, blocks, ELEMENTSOF(blocks)), 0);
        ck_assert_int_eq(hub_database_user_remove(database, "alice"), 0);
        ck_assert_int_eq(hub_database_user_remove(database, "alice"), -ENOENT);
        ck_assert_int_eq(hub_database_each_block(database, count_blocks, &n), 0);
        ck_assert_int_eq(n, 0);
        ck_assert_str_eq(who_has_called(), "");
        ck_assert_int_eq(hub_database_token_find(database, token, &found), -EKEYREVOKED);
        ck_assert_int_eq(hub_database_user_add(database, "alice", "Another", &is_new), 0);
        ck_assert_int_eq(hub_database_each_token(database, "alice", count_tokens, &n), 0);
        ck_assert_int_eq(n, 0);
        ck_assert_uint_eq(count_history("alice"), 0);
}
END_TEST

START_TEST(writes_are_made_together_or_not_at_all)
{
        Write writes[] = {log_of("alice", UUID("01"), 1, true),
                          {.type = WRITE_LIVE, .session_id = UUID("02")}};

        /* A live call without its JSON cannot be stored. */
        ck_assert_int_lt(hub_database_write(database, &at, writes, 2), 0);
        ck_assert_uint_eq(count_history("alice"), 0);
        ck_assert_int_eq(hub_database_write(database, &at, writes, 1), 0);
        ck_assert_uint_eq(count_history("alice"), 1);
        write_done(&writes[0]);
}
END_TEST

static int take_live(const LiveCall *live, void *userdata)
{
        return str_copy(userdata, UUID_LENGTH + 1, live->record.session_id);
}

START_TEST(a_live_call_is_there_until_it_is_dropped)
{
        LiveMember member = {.status = CALL_STATUS_INITIATED};
        LiveCall live = {
                .ring_until = 7, .caller.party.uid = "alice", .members = &member, .n_members = 1};
        Write put = {.type = WRITE_LIVE, .session_id = UUID("02")};
        Write broken = {.type = WRITE_LIVE, .session_id = UUID("03"), .json = strdup("{")};
        Write drop = {.type = WRITE_DROP, .session_id = UUID("02")};
        char id[UUID_LENGTH + 1] = "";

        STR_SET(live.record.session_id, UUID("02"));
        STR_SET(live.record.initiator.uid, "bob");
        STR_SET(live.record.receiver.uid, "alice");
        STR_SET(member.party.uid, "alice");
        ck_assert_int_eq(wire_encode_live(&live, &put.json), 0);
        ck_assert_int_eq(hub_database_write(database, &at, &put, 1), 0);
        ck_assert_int_eq(hub_database_write(database, &at, &broken, 1), 0);
        ck_assert_int_eq(hub_database_each_live(database, take_live, id), 0);
        ck_assert_str_eq(id, UUID("02"));
        id[0] = '\0';
        ck_assert_int_eq(hub_database_write(database, &at, &drop, 1), 0);
        ck_assert_int_eq(hub_database_each_live(database, take_live, id), 0);
        ck_assert_str_eq(id, "");
        write_done(&put);
        write_done(&broken);
}
END_TEST

/* The schema of the second version, as far as the third one replaces it. */
static const char second_version[] =
        "CREATE TABLE users (uid TEXT PRIMARY KEY, name TEXT NOT NULL, when_busy TEXT NOT NULL)"
        " STRICT, WITHOUT ROWID;"
        "CREATE TABLE tokens (id INTEGER PRIMARY KEY AUTOINCREMENT, uid TEXT NOT NULL,"
        " device_name TEXT NOT NULL, hash BLOB NOT NULL UNIQUE, created_at INTEGER NOT NULL)"
        " STRICT;"
        "CREATE TABLE live (session_id TEXT PRIMARY KEY, json TEXT NOT NULL)"
        " STRICT, WITHOUT ROWID;"
        "CREATE TABLE history (uid TEXT NOT NULL, session_id TEXT NOT NULL,"
        " initiated_at INTEGER NOT NULL, changed_at INTEGER NOT NULL, unseen INTEGER NOT NULL,"
        " json TEXT NOT NULL, PRIMARY KEY (uid, session_id)) STRICT, WITHOUT ROWID;"
        "CREATE INDEX history_by_date ON history (uid, initiated_at, session_id);"
        "CREATE INDEX history_by_change ON history (uid, changed_at);"
        "CREATE TABLE groups (guid TEXT PRIMARY KEY, name TEXT NOT NULL) STRICT, WITHOUT ROWID;"
        "CREATE TABLE members (guid TEXT NOT NULL, uid TEXT NOT NULL, PRIMARY KEY (guid, uid))"
        " STRICT, WITHOUT ROWID;"
        "CREATE TABLE blocks (uid TEXT NOT NULL, blocked TEXT NOT NULL,"
        " PRIMARY KEY (uid, blocked)) STRICT, WITHOUT ROWID;"
        "CREATE TABLE live_members (session_id TEXT NOT NULL, uid TEXT NOT NULL,"
        " json TEXT NOT NULL, PRIMARY KEY (session_id, uid)) STRICT, WITHOUT ROWID;";

static char *write_live_sql(void)
{
        LiveMember member = {.status = CALL_STATUS_INITIATED, .party.uid = "alice"};
        LiveCall live = {.caller.party.uid = "bob", .members = &member, .n_members = 1};
        _cleanup_free_ char *json = NULL;

        STR_SET(live.record.session_id, UUID("02"));
        STR_SET(live.record.initiator.uid, "bob");
        STR_SET(live.record.receiver.uid, "alice");
        ck_assert_int_eq(wire_encode_live(&live, &json), 0);
        return str_printf("INSERT INTO live VALUES ('" UUID("02") "', '%s')", json);
}

static char *write_log_sql(void)
{
        CallRecord record = {.initiated_at = 1, .seen = true};
        _cleanup_free_ char *json = NULL;

        STR_SET(record.session_id, UUID("01"));
        STR_SET(record.initiator.uid, "bob");
        STR_SET(record.receiver.uid, "alice");
        ck_assert_int_eq(wire_encode_record(&record, &json), 0);
        return str_printf("INSERT INTO history VALUES ('alice', '" UUID("01") "', 1, 2, 0, '%s')",
                          json);
}

static void execute(const char *sql)
{
        sqlite3 *handle;

        ck_assert_int_eq(sqlite3_open(store_path, &handle), SQLITE_OK);
        ck_assert_int_eq(sqlite3_exec(handle, sql, NULL, NULL, NULL), SQLITE_OK);
        sqlite3_close(handle);
}

/* A history in which Bob has called so many, one after the other, and the first one last again. */
static void make_calls_of_bob(unsigned n)
{
        _cleanup_free_ char *log = write_log_sql();
        _cleanup_free_ char *users = str_printf(
                "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %u)"
                " INSERT INTO users SELECT 'u' || i, 'U', 'ring' FROM n",
                n);

        database = hub_database_free(database);
        ck_assert_int_eq(unlink(store_path), 0);
        execute(second_version);
        execute(users);
        execute("INSERT INTO users VALUES ('bob', 'Bob', 'ring')");
        execute(log);
        execute("WITH calls AS (SELECT uid, CAST(substr(uid, 2) AS INTEGER) AS i FROM users"
                "   WHERE uid <> 'bob' UNION ALL SELECT 'u1', 1000000)"
                " INSERT INTO history SELECT 'bob', 'call ' || i, i, i, 0,"
                "   replace(json, '\"alice\"', '\"' || calls.uid || '\"') FROM calls, history"
                "   WHERE history.uid = 'alice'");
        execute("DELETE FROM history WHERE uid = 'alice'");
        execute("PRAGMA user_version = 2");
        store_reopen();
}

typedef struct Calleds {
        unsigned n;
        char first[UID_MAX + 1], last[UID_MAX + 1];
} Calleds;

static int see_called(const char *uid, const char *called, void *userdata)
{
        Calleds *seen = userdata;

        ck_assert_str_eq(uid, "bob");
        if (seen->n++ == 0)
                (void)STR_SET(seen->first, called);
        (void)STR_SET(seen->last, called);
        return 0;
}

/* The hub would load no more of them, and could learn of no new one. */
START_TEST(of_too_many_whom_a_user_had_called_the_last_ones_are_taken)
{
        Calleds seen = {0};

        make_calls_of_bob(CALLED_MAX + (unsigned)_i);
        ck_assert_int_eq(hub_database_each_called(database, see_called, &seen), 0);
        ck_assert_uint_eq(seen.n, CALLED_MAX);
        ck_assert_str_eq(seen.first, _i == 0 ? "u2" : "u3");
        ck_assert_str_eq(seen.last, "u1");
}
END_TEST

/* Of what they have placed; also behind a row that cannot be read. */
START_TEST(whom_users_had_called_is_taken_from_the_history_of_an_older_version)
{
        _cleanup_free_ char *log = write_log_sql();

        database = hub_database_free(database);
        ck_assert_int_eq(unlink(store_path), 0);
        execute(second_version);
        execute("INSERT INTO users VALUES ('alice', 'Alice', 'ring')");
        execute("INSERT INTO users VALUES ('bob', 'Bob', 'ring')");
        execute("INSERT INTO history VALUES ('bob', '" UUID("07") "', 1, 1, 0, '{')");
        execute("INSERT INTO history VALUES ('bob', '" UUID("08") "', 1, 1, 0, '')");
        execute(log);
        execute("INSERT INTO history SELECT 'bob', session_id, 1, 3, 0, json FROM history"
                " WHERE uid = 'alice'");
        execute("INSERT INTO history SELECT 'dave', session_id, 1, 3, 0,"
                " replace(json, 'outgoing', 'incoming') FROM history WHERE uid = 'alice'");
        execute("PRAGMA user_version = 2");
        store_reopen();
        ck_assert_str_eq(who_has_called(), "alice>alice bob>alice ");
        StoredUser user;
        ck_assert_int_eq(hub_database_user_get(database, "bob", &user), 0);
        ck_assert_int_eq(user.who_may_ring, WHO_MAY_RING_EVERYBODY);
}
END_TEST

/* A later user of that uid is another person. */
START_TEST(who_is_gone_is_not_taken_from_the_history_of_an_older_version)
{
        _cleanup_free_ char *log = write_log_sql();

        database = hub_database_free(database);
        ck_assert_int_eq(unlink(store_path), 0);
        execute(second_version);
        execute("INSERT INTO users VALUES ('bob', 'Bob', 'ring')");
        execute(log);
        execute("UPDATE history SET uid = 'bob'");
        execute("PRAGMA user_version = 2");
        store_reopen();
        ck_assert_str_eq(who_has_called(), "");
}
END_TEST

START_TEST(calls_and_history_of_an_older_version_are_kept)
{
        char id[UUID_LENGTH + 1] = "";

        _cleanup_free_ char *live = write_live_sql(), *log = write_log_sql();
        database = hub_database_free(database);
        ck_assert_int_eq(unlink(store_path), 0);
        execute(second_version);
        execute(live);
        execute(log);
        execute("PRAGMA user_version = 2");
        store_reopen();
        ck_assert_int_eq(hub_database_each_live(database, take_live, id), 0);
        ck_assert_str_eq(id, UUID("02"));
        ck_assert_uint_eq(count_history("alice"), 1);
        /* It gave out its clock; nothing that comes now is before that, wherever the clock is. */
        usec_t told = clock_realtime();
        at.date = TODAY;
        miss();
        ck_assert_uint_eq(count_changes(told), 1);
        /* Nobody knows when that one was made. */
        ck_assert_uint_eq(prune(365), 0);
}
END_TEST

/* What later versions add is taken away again, and a call has two records, which it forbids.
 */
static void make_eighth_version(void)
{
        execute("DROP INDEX history_by_call; DROP INDEX history_by_change;"
                "DROP INDEX history_deleted; DROP TABLE metadata;"
                "INSERT INTO history (changed_at, uid, session_id, initiated_at, unseen, json)"
                " SELECT changed_at + 1, uid, session_id, 2, 1, json FROM history;"
                "PRAGMA user_version = 8");
}

START_TEST(of_two_records_of_a_call_the_older_version_s_later_one_is_kept)
{
        static const char *const id[] = {UUID("01"), NULL};

        add_log("alice", UUID("01"), 1, false);
        add_log("alice", UUID("02"), 3, false);
        ck_assert_uint_eq(count_history("alice"), 2); /* settles */
        usec_t told = last_change();
        database = hub_database_free(database);
        execute("DELETE FROM history WHERE session_id = '" UUID("02") "'");
        make_eighth_version();
        store_reopen();
        ck_assert_uint_eq(count_history("alice"), 1);
        ck_assert_uint_eq(last_change(), told);
        ck_assert_uint_eq(change_calls(MESSAGE_SEEN, id, 0), 1);
        ck_assert_uint_eq(count_changes(told), 1);
        ck_assert_uint_eq(change_calls(MESSAGE_FORGET, id, 0), 1);
        ck_assert_uint_eq(count_history("alice"), 0);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("hub database");
        TCase *tests = tcase_create("in memory");

        tcase_add_checked_fixture(tests, store_setup, store_teardown);
        tcase_add_test(tests, adding_a_user_again_changes_the_name);
        tcase_add_test(tests, a_token_is_found_by_its_text_until_it_is_revoked);
        tcase_add_test(tests, the_oldest_of_too_many_revoked_tokens_is_forgotten);
        tcase_add_test(tests, nobody_has_no_tokens);
        tcase_add_test(tests, whom_a_user_has_called_is_kept_in_order);
        tcase_add_test(tests, who_may_ring_is_everybody_until_the_user_says_otherwise);
        tcase_add_test(tests, a_removed_user_leaves_nothing_behind);
        tcase_add_test(tests, writes_are_made_together_or_not_at_all);
        tcase_add_test(tests, a_live_call_is_there_until_it_is_dropped);
        suite_add_tcase(suite, tests);
        tests = tcase_create("in a file");
        tcase_add_checked_fixture(tests, store_setup_file, store_teardown_file);
        tcase_add_test(tests, whom_users_had_called_is_taken_from_the_history_of_an_older_version);
        tcase_add_test(tests, who_is_gone_is_not_taken_from_the_history_of_an_older_version);
        tcase_add_loop_test(tests, of_too_many_whom_a_user_had_called_the_last_ones_are_taken, 0,
                            2);
        tcase_add_test(tests, calls_and_history_of_an_older_version_are_kept);
        tcase_add_test(tests, of_two_records_of_a_call_the_older_version_s_later_one_is_kept);
        suite_add_tcase(suite, tests);
        return suite_run(suite);
}
