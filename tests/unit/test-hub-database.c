/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hub/database.h"

#include <errno.h>
#include <sqlite3.h>
#include <unistd.h>

#include "suite.h"
#include "wire/stored.h"

#define UUID(n) "0b7e6a52-90f7-4d4e-8f2c-0000000000" n
#define DAY (24 * 3600 * USEC_PER_SEC)

static HubDatabase *database;
static CallHistory *history;

static void setup(void)
{
        char *text = NULL;
        bool is_new = false;

        ck_assert_int_eq(hub_database_open(NULL, &database, &text), 0);
        history = hub_database_history(database);
        ck_assert_int_eq(hub_database_user_add(database, "alice", "Alice", &is_new), 0);
        ck_assert(is_new);
}

static void teardown(void)
{
        database = hub_database_free(database);
}

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

static Write log_of(const char *uid, const char *id, usec_t at, bool missed)
{
        CallRecord record = {.direction = CALL_DIRECTION_INCOMING,
                             .status = missed ? CALL_STATUS_MISSED : CALL_STATUS_ENDED,
                             .initiated_at = at,
                             .seen = !missed};
        Write write = {.type = WRITE_LOG, .unseen = missed, .initiated_at = at};

        STR_SET(record.session_id, id);
        STR_SET(record.initiator.uid, "bob");
        STR_SET(record.receiver.uid, "alice");
        STR_SET(write.uid, uid);
        STR_SET(write.session_id, id);
        ck_assert_int_eq(wire_encode_record(&record, &write.json), 0);
        return write;
}

static void add_log(const char *uid, const char *id, usec_t at, bool missed)
{
        Write write = log_of(uid, id, at, missed);

        ck_assert_int_eq(hub_database_write(database, &write, 1), 0);
        write_done(&write);
}

static size_t count_history(const char *uid)
{
        ReplyHistory page;

        ck_assert_int_eq(call_history_page(history, uid, 200, "", 1 << 20, &page), 0);
        for (size_t i = 0; i < page.n_records; i++)
                call_record_done(&page.records[i]);
        free(page.records);
        return page.n_records;
}

/* Whether the rows are in the index yet, or only at the end of the table. */
START_TEST(the_later_of_two_records_of_a_call_is_the_one)
{
        static const bool settles[] = {false, true};
        ReplyHistory page;

        add_log("alice", UUID("01"), 7, false);
        if (settles[_i])
                ck_assert_int_eq(call_history_settle(history), 0);
        add_log("alice", UUID("01"), 7, true);
        add_log("bob", UUID("01"), 7, false);
        ck_assert_int_eq(call_history_page(history, "alice", 200, "", 1 << 20, &page), 0);
        ck_assert_uint_eq(page.n_records, 1);
        ck_assert(!page.records[0].seen);
        call_record_done(&page.records[0]);
        free(page.records);
        ck_assert_uint_eq(count_history("bob"), 1);
}
END_TEST

START_TEST(records_are_settled_thousands_at_once)
{
        char folder[] = "/tmp/test-hub-database-XXXXXX", id[UUID_LENGTH + 1];
        char *text = NULL;
        size_t n = 0;

        ck_assert_ptr_nonnull(mkdtemp(folder));
        _cleanup_free_ char *path = str_printf("%s/hub.db", folder);
        hub_database_free(database);
        ck_assert_int_eq(hub_database_open(path, &database, &text), 0);
        history = hub_database_history(database);
        do {
                snprintf(id, sizeof(id), "%08zx-90f7-4d4e-8f2c-0c9d7a1b2c3d", ++n);
                add_log("alice", id, n, false);
        } while (!call_history_is_unsettled(history));
        ck_assert_uint_gt(n, 1000);
        /* After a kill -9 the next hub finds them all the same. */
        database = hub_database_free(database);
        ck_assert_int_eq(hub_database_open(path, &database, &text), 0);
        history = hub_database_history(database);
        ck_assert_uint_eq(count_history("alice"), 200);
        ck_assert(!call_history_is_unsettled(history));
        database = hub_database_free(database);
        ck_assert_int_eq(unlink(path), 0);
        ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

START_TEST(a_removed_user_leaves_nothing_behind)
{
        char token[TOKEN_LENGTH + 1];
        StoredToken found;
        bool is_new;
        int n = 0;

        ck_assert_int_eq(hub_database_token_mint(database, "alice", "", token), 0);
        add_log("alice", UUID("01"), 1, true);
        ck_assert_int_eq(hub_database_user_remove(database, "alice"), 0);
        ck_assert_int_eq(hub_database_user_remove(database, "alice"), -ENOENT);
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
        ck_assert_int_lt(hub_database_write(database, writes, 2), 0);
        ck_assert_uint_eq(count_history("alice"), 0);
        ck_assert_int_eq(hub_database_write(database, writes, 1), 0);
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
        ck_assert_int_eq(hub_database_write(database, &put, 1), 0);
        ck_assert_int_eq(hub_database_write(database, &broken, 1), 0);
        ck_assert_int_eq(hub_database_each_live(database, take_live, id), 0);
        ck_assert_str_eq(id, UUID("02"));
        id[0] = '\0';
        ck_assert_int_eq(hub_database_write(database, &drop, 1), 0);
        ck_assert_int_eq(hub_database_each_live(database, take_live, id), 0);
        ck_assert_str_eq(id, "");
        write_done(&put);
        write_done(&broken);
}
END_TEST

START_TEST(a_page_ends_at_the_budget_and_the_next_goes_on)
{
        ReplyHistory page;

        for (int i = 0; i < 5; i++) {
                char id[UUID_LENGTH + 1];

                snprintf(id, sizeof(id), UUID("0%d"), i);
                add_log("alice", id, 10, false); /* also with the same date */
        }
        /* Too small for one record, which comes all the same. */
        ck_assert_int_eq(call_history_page(history, "alice", 0, "", 1, &page), 0);
        ck_assert_uint_eq(page.n_records, 1);
        ck_assert_str_eq(page.records[0].session_id, UUID("04"));
        free(page.records);
        char next[CURSOR_MAX + 1];
        STR_SET(next, page.next);
        ck_assert_int_eq(call_history_page(history, "alice", 2, next, 1 << 20, &page), 0);
        ck_assert_uint_eq(page.n_records, 2);
        ck_assert_str_eq(page.records[0].session_id, UUID("03"));
        free(page.records);
        STR_SET(next, page.next);
        ck_assert_int_eq(call_history_page(history, "alice", 2, next, 1 << 20, &page), 0);
        ck_assert_uint_eq(page.n_records, 2);
        ck_assert_str_eq(page.next, "");
        free(page.records);
}
END_TEST

static const char *const no_cursors[] = {"x",
                                         "10",
                                         "10:",
                                         "10:x",
                                         ":" UUID("01"),
                                         "10:" UUID("01") "x",
                                         "99999999999999999999:" UUID("01")};

START_TEST(what_is_no_cursor_is_refused)
{
        ReplyHistory page;

        ck_assert_int_eq(call_history_page(history, "alice", 0, no_cursors[_i], 1 << 20, &page),
                         -EINVAL);
}
END_TEST

static size_t mark_seen(const MessageSessions *sessions)
{
        CallRecord *records;
        size_t n;

        ck_assert_int_eq(call_history_mark_seen(history, "alice", sessions, &records, &n), 0);
        for (size_t i = 0; i < n; i++)
                ck_assert(records[i].seen);
        call_records_free(records, n);
        return n;
}

START_TEST(changes_come_in_their_order_and_once)
{
        CallRecord *records;
        size_t n;
        bool complete;

        add_log("alice", UUID("01"), 100, true);
        add_log("alice", UUID("02"), 50, true);
        usec_t since = call_history_date(history);
        ck_assert_int_eq(
                call_history_changes(history, "alice", since, 1 << 20, &records, &n, &complete), 0);
        ck_assert_uint_eq(n, 0);
        ck_assert_uint_eq(mark_seen(&(MessageSessions){0}), 2);
        ck_assert_uint_eq(mark_seen(&(MessageSessions){0}), 0);
        ck_assert_int_eq(
                call_history_changes(history, "alice", since, 1 << 20, &records, &n, &complete), 0);
        ck_assert_uint_eq(n, 2);
        ck_assert(complete);
        ck_assert(records[0].seen);
        free(records);
}
END_TEST

START_TEST(rule_16_all_that_were_seen_or_deleted_are_those_until_then)
{
        const MessageSessions until = {.until = 2};
        size_t n;

        for (unsigned i = 1; i <= 3; i++) {
                char id[UUID_LENGTH + 1] = UUID("00");

                id[UUID_LENGTH - 1] = (char)('0' + i);
                add_log("alice", id, i, true);
        }
        ck_assert_uint_eq(mark_seen(&until), 2);
        ck_assert_int_eq(call_history_forget(history, "alice", &until, &n), 0);
        ck_assert_uint_eq(n, 2);
        ck_assert_uint_eq(count_history("alice"), 1);
}
END_TEST

START_TEST(old_history_goes_and_unseen_missed_calls_stay_longer)
{
        size_t deleted;
        usec_t now = 100 * DAY;

        add_log("alice", UUID("01"), now - 10 * DAY, false);
        add_log("alice", UUID("02"), now - 10 * DAY, true);
        add_log("alice", UUID("03"), now - 40 * DAY, true);
        add_log("alice", UUID("04"), now - 1 * DAY, false);
        ck_assert_int_eq(call_history_prune(history, now - 7 * DAY, now - 30 * DAY, 1, &deleted),
                         0);
        ck_assert_uint_eq(deleted, 1);
        ck_assert_int_eq(call_history_prune(history, now - 7 * DAY, now - 30 * DAY, 10, &deleted),
                         0);
        ck_assert_uint_eq(deleted, 1);
        ck_assert_uint_eq(count_history("alice"), 2);
}
END_TEST

START_TEST(what_is_deleted_is_sent_to_a_device_that_asks_later)
{
        MessageSessions one = {calloc(1, UUID_LENGTH + 1), 1}, deleted;
        size_t n = 0;

        add_log("alice", UUID("01"), 1, false);
        add_log("alice", UUID("02"), 2, false);
        usec_t since = call_history_date(history);
        STR_SET(one.session_ids[0], UUID("01"));
        ck_assert_int_eq(call_history_forget(history, "alice", &one, &n), 0);
        ck_assert_uint_eq(n, 1);
        ck_assert_int_eq(call_history_deletions(history, "alice", since, &deleted), 0);
        ck_assert_uint_eq(deleted.count, 1);
        ck_assert_str_eq(deleted.session_ids[0], UUID("01"));
        free(deleted.session_ids);
        ck_assert_uint_eq(count_history("alice"), 1);
        ck_assert_int_eq(call_history_forget(history, "alice", &(MessageSessions){0}, &n), 0);
        ck_assert_uint_eq(count_history("alice"), 0);
        free(one.session_ids);
}
END_TEST

static int take_session(const char *uid, const char *session_id, void *userdata)
{
        ck_assert_str_eq(uid, "alice");
        strcat(userdata, session_id + UUID_LENGTH - 2);
        return 0;
}

START_TEST(the_latest_calls_are_known_and_deleted_ones_too)
{
        char sessions[64] = "";
        size_t n;

        add_log("alice", UUID("01"), 1, false);
        add_log("alice", UUID("02"), 2, false);
        add_log("alice", UUID("03"), 3, false);
        ck_assert_int_eq(call_history_forget(history, "alice", &(MessageSessions){0}, &n), 0);
        ck_assert_int_eq(call_history_latest(history, DAY, 10, take_session, sessions), 0);
        ck_assert_uint_eq(strlen(sessions), strlen("010203"));
        *sessions = '\0';
        ck_assert_int_eq(call_history_latest(history, DAY, 2, take_session, sessions), 0);
        ck_assert_uint_eq(strlen(sessions), strlen("0203"));
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

static void execute(const char *path, const char *sql)
{
        sqlite3 *handle;

        ck_assert_int_eq(sqlite3_open(path, &handle), SQLITE_OK);
        ck_assert_int_eq(sqlite3_exec(handle, sql, NULL, NULL, NULL), SQLITE_OK);
        sqlite3_close(handle);
}

START_TEST(calls_and_history_of_an_older_version_are_kept)
{
        char folder[] = "/tmp/test-hub-database-XXXXXX";
        char id[UUID_LENGTH + 1] = "";
        char *text = NULL;

        ck_assert_ptr_nonnull(mkdtemp(folder));
        _cleanup_free_ char *path = str_printf("%s/hub.db", folder);
        _cleanup_free_ char *live = write_live_sql(), *log = write_log_sql();
        execute(path, second_version);
        execute(path, live);
        execute(path, log);
        execute(path, "PRAGMA user_version = 2");
        hub_database_free(database);
        ck_assert_int_eq(hub_database_open(path, &database, &text), 0);
        history = hub_database_history(database);
        ck_assert_int_eq(hub_database_each_live(database, take_live, id), 0);
        ck_assert_str_eq(id, UUID("02"));
        ck_assert_uint_eq(count_history("alice"), 1);
        database = hub_database_free(database);
        ck_assert_int_eq(unlink(path), 0);
        ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("hub database");
        TCase *tests = tcase_create("database");

        tcase_add_checked_fixture(tests, setup, teardown);
        tcase_add_test(tests, adding_a_user_again_changes_the_name);
        tcase_add_test(tests, a_token_is_found_by_its_text_until_it_is_revoked);
        tcase_add_test(tests, the_oldest_of_too_many_revoked_tokens_is_forgotten);
        tcase_add_test(tests, nobody_has_no_tokens);
        tcase_add_test(tests, a_removed_user_leaves_nothing_behind);
        tcase_add_loop_test(tests, the_later_of_two_records_of_a_call_is_the_one, 0, 2);
        tcase_add_test(tests, records_are_settled_thousands_at_once);
        tcase_add_test(tests, writes_are_made_together_or_not_at_all);
        tcase_add_test(tests, a_live_call_is_there_until_it_is_dropped);
        tcase_add_test(tests, a_page_ends_at_the_budget_and_the_next_goes_on);
        tcase_add_loop_test(tests, what_is_no_cursor_is_refused, 0, ELEMENTSOF(no_cursors));
        tcase_add_test(tests, changes_come_in_their_order_and_once);
        tcase_add_test(tests, rule_16_all_that_were_seen_or_deleted_are_those_until_then);
        tcase_add_test(tests, old_history_goes_and_unseen_missed_calls_stay_longer);
        tcase_add_test(tests, what_is_deleted_is_sent_to_a_device_that_asks_later);
        tcase_add_test(tests, the_latest_calls_are_known_and_deleted_ones_too);
        tcase_add_test(tests, calls_and_history_of_an_older_version_are_kept);
        suite_add_tcase(suite, tests);
        return suite_run(suite);
}
