/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hub/database.h"

#include <errno.h>
#include <sqlite3.h>
#include <unistd.h>

#include "suite.h"
#include "wire/stored.h"

#define UUID(n) "0b7e6a52-90f7-4d4e-8f2c-0000000000" n
#define HOUR (3600 * USEC_PER_SEC)
#define DAY USEC_PER_DAY
#define TODAY (1763632800 * USEC_PER_SEC)

static HubDatabase *database;
static CallHistory *history;
static HistoryTime at; /* of what is written */

static void setup(void)
{
        char *text = NULL;
        bool is_new = false;

        ck_assert_int_eq(hub_database_open(NULL, &database, &text), 0);
        history = hub_database_history(database);
        ck_assert_int_eq(hub_database_user_add(database, "alice", "Alice", &is_new), 0);
        ck_assert(is_new);
        at = (HistoryTime){.now = HOUR, .date = TODAY};
}

static void teardown(void)
{
        database = hub_database_free(database);
}

/* A database in a file, and a hub that starts again with it. */
static char folder[] = "/tmp/test-hub-database-XXXXXX", path[sizeof(folder) + 16];

static void reopen(void)
{
        char *text = NULL;

        hub_database_free(database);
        ck_assert_int_eq(hub_database_open(path, &database, &text), 0);
        history = hub_database_history(database);
}

static void setup_file(void)
{
        bool is_new;

        setup();
        STR_SET(folder, "/tmp/test-hub-database-XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(folder));
        snprintf(path, sizeof(path), "%s/hub.db", folder);
        reopen();
        ck_assert_int_eq(hub_database_user_add(database, "alice", "Alice", &is_new), 0);
}

static void teardown_file(void)
{
        teardown();
        unlink(path);
        ck_assert_int_eq(rmdir(folder), 0);
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

static Write log_of(const char *uid, const char *id, usec_t date, bool missed)
{
        CallRecord record = {.direction = CALL_DIRECTION_INCOMING,
                             .status = missed ? CALL_STATUS_MISSED : CALL_STATUS_ENDED,
                             .initiated_at = date,
                             .seen = !missed};
        Write write = {.type = WRITE_LOG, .unseen = missed, .initiated_at = date};

        STR_SET(record.session_id, id);
        STR_SET(record.initiator.uid, "bob");
        STR_SET(record.receiver.uid, "alice");
        STR_SET(write.uid, uid);
        STR_SET(write.session_id, id);
        ck_assert_int_eq(wire_encode_record(&record, &write.json), 0);
        return write;
}

static void add_log(const char *uid, const char *id, usec_t date, bool missed)
{
        Write write = log_of(uid, id, date, missed);

        ck_assert_int_eq(hub_database_write(database, &at, &write, 1), 0);
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

static usec_t last_change(void)
{
        usec_t last = 0;

        ck_assert_int_eq(call_history_last_change(history, &last), 0);
        return last;
}

static size_t count_changes(usec_t since)
{
        CallRecord *records;
        bool complete;
        size_t n;

        ck_assert_int_eq(
                call_history_changes(history, "alice", since, 1 << 20, &records, &n, &complete), 0);
        ck_assert(complete);
        call_records_free(records, n);
        return n;
}

/* A call that Alice misses now; each has an id of its own. */
static void miss(void)
{
        static unsigned n;
        char id[UUID_LENGTH + 1];

        snprintf(id, sizeof(id), "0b7e6a52-90f7-4d4e-8f2c-%012u", ++n);
        add_log("alice", id, at.date, true);
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
        char id[UUID_LENGTH + 1];
        size_t n = 0;

        do {
                snprintf(id, sizeof(id), "%08zx-90f7-4d4e-8f2c-0c9d7a1b2c3d", ++n);
                add_log("alice", id, n, false);
        } while (!call_history_is_unsettled(history));
        ck_assert_uint_gt(n, 1000);
        /* After a kill -9 the next hub finds them all the same. */
        reopen();
        ck_assert_uint_eq(count_history("alice"), 200);
        ck_assert(!call_history_is_unsettled(history));
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

        ck_assert_int_eq(call_history_mark_seen(history, &at, "alice", sessions, &records, &n), 0);
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
        usec_t since = last_change();
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
        ck_assert_int_eq(call_history_forget(history, &at, "alice", &until, &n), 0);
        ck_assert_uint_eq(n, 2);
        ck_assert_uint_eq(count_history("alice"), 1);
}
END_TEST

START_TEST(a_record_that_was_replaced_is_not_sent_where_the_later_one_has_no_room)
{
        CallRecord *records;
        bool complete;
        size_t n;

        add_log("alice", UUID("01"), 1, true);
        add_log("alice", UUID("02"), 2, true);
        add_log("alice", UUID("01"), 1, false);
        ck_assert_int_eq(call_history_changes(history, "alice", 0, 1, &records, &n, &complete), 0);
        ck_assert(!complete);
        ck_assert_uint_eq(n, 1);
        ck_assert_str_eq(records[0].session_id, UUID("02"));
        call_records_free(records, n);
}
END_TEST

/* ---- whichever way the clock jumps ---- */

static const usec_t jumps[] = {60 * USEC_PER_SEC, HOUR, 731 * DAY};

START_TEST(what_is_missed_after_a_clock_that_was_ahead_is_told)
{
        bool restarts = _i >= (int)ELEMENTSOF(jumps);
        usec_t jump = jumps[_i % ELEMENTSOF(jumps)];

        at.date += jump;
        miss();
        at.date += USEC_PER_SEC;
        usec_t told = last_change();
        at.date -= jump; /* it is set right */
        if (restarts)
                reopen();
        ck_assert_uint_eq(last_change(), told);
        miss();
        usec_t online = last_change();
        for (int i = 0; i < 3; i++)
                miss();
        if (restarts)
                reopen();
        ck_assert_uint_eq(count_changes(told), 4);
        ck_assert_uint_eq(count_changes(online), 3);
        ck_assert_uint_eq(count_changes(last_change()), 0);
        ck_assert_uint_eq(count_changes(0), 5);
}
END_TEST

START_TEST(what_is_missed_after_a_clock_that_was_behind_is_told)
{
        usec_t jump = jumps[_i];

        miss();
        usec_t told = last_change();
        at.date -= jump;
        miss();
        usec_t behind = last_change();
        at.date += jump;
        miss();
        ck_assert_uint_eq(count_changes(told), 2);
        ck_assert_uint_eq(count_changes(behind), 1);
}
END_TEST

START_TEST(a_number_is_not_given_again_after_its_record_is_deleted)
{
        bool is_new, prunes = _i;
        size_t deleted = 0;

        at.date += 731 * DAY;
        miss();
        usec_t told = last_change();
        at.now += 31 * DAY;
        at.date += 31 * DAY;
        if (prunes)
                ck_assert_int_eq(call_history_prune(history, &at, 30, 10, &deleted), 0);
        else
                ck_assert_int_eq(hub_database_user_remove(database, "alice"), 0);
        ck_assert_uint_eq(deleted, prunes);
        ck_assert_uint_eq(count_history("alice"), 0);
        reopen();
        (void)hub_database_user_add(database, "alice", "Alice", &is_new);
        ck_assert_uint_eq(last_change(), told);
        at.date = TODAY;
        miss();
        ck_assert_uint_eq(count_changes(told), 1);
}
END_TEST

START_TEST(a_number_that_was_not_stored_is_not_told)
{
        Write writes[] = {log_of("alice", UUID("01"), 1, true),
                          {.type = WRITE_LIVE, .session_id = UUID("02")}};
        usec_t told = last_change();

        ck_assert_int_lt(hub_database_write(database, &at, writes, 2), 0);
        ck_assert_uint_eq(last_change(), told);
        write_done(&writes[0]);
}
END_TEST

START_TEST(who_was_told_more_than_the_hub_knows_is_told_all)
{
        MessageSessions deleted;
        size_t n;

        miss();
        ck_assert_int_eq(call_history_forget(history, &at, "alice", &(MessageSessions){0}, &n), 0);
        miss();
        ck_assert_uint_eq(count_changes(last_change() + 1), 1);
        ck_assert_uint_eq(count_changes(USEC_NEVER), 1);
        ck_assert_int_eq(call_history_deletions(history, "alice", USEC_NEVER, &deleted), 0);
        ck_assert_uint_eq(deleted.count, 1);
        free(deleted.session_ids);
}
END_TEST

/* ---- retention ---- */

/* The hub runs for so long, with a right clock. */
static void runs(usec_t time)
{
        at.now += time;
        at.date += time;
}

static size_t prune(uint32_t days)
{
        size_t deleted = 0;

        ck_assert_int_eq(call_history_prune(history, &at, days, 1000, &deleted), 0);
        return deleted;
}

START_TEST(old_history_goes_and_unseen_missed_calls_stay_longer)
{
        size_t deleted;

        add_log("alice", UUID("01"), at.date, false);
        add_log("alice", UUID("02"), at.date, false);
        add_log("alice", UUID("03"), at.date, true);
        runs(7 * DAY);
        add_log("alice", UUID("04"), at.date, false);
        ck_assert_uint_eq(prune(7), 0); /* not a microsecond earlier */
        runs(1);
        ck_assert_int_eq(call_history_prune(history, &at, 7, 1, &deleted), 0);
        ck_assert_uint_eq(deleted, 1);
        ck_assert_uint_eq(prune(7), 1);
        runs(MISSED_DAYS_MIN * DAY - 7 * DAY - 1);
        ck_assert_uint_eq(prune(7), 1); /* the fourth */
        runs(1);
        ck_assert_uint_eq(prune(7), 1);
        ck_assert_uint_eq(count_history("alice"), 0);
}
END_TEST

/* A hub that has run for nearly a year, with a call each day. */
static void a_year(void)
{
        for (int day = 0; day < 364; day++) {
                miss();
                runs(DAY);
        }
        miss();
        ck_assert_int_eq(call_history_count_running(history, &at), 0);
}

START_TEST(a_hub_that_starts_with_a_clock_years_ahead_deletes_no_more_than_a_day_a_day)
{
        a_year();
        reopen();
        at = (HistoryTime){.now = HOUR, .date = at.date + 731 * DAY};
        miss(); /* so that the newest date is wrong, too */
        runs(60 * USEC_PER_SEC);
        ck_assert_uint_eq(prune(365), 0);
        for (int day = 1; day <= 10; day++) {
                runs(DAY);
                ck_assert_uint_eq(prune(365), 1);
                ck_assert_uint_eq(prune(365), 0);
        }
        /* Set right, it goes on as if nothing had been. */
        at.date -= 731 * DAY;
        ck_assert_uint_eq(prune(365), 0);
        runs(11 * DAY);
        ck_assert_uint_eq(prune(365), 11);
}
END_TEST

START_TEST(a_hub_that_starts_in_1970_deletes_nothing)
{
        a_year();
        reopen();
        at = (HistoryTime){.now = HOUR, .date = HOUR};
        ck_assert_uint_eq(prune(1), 0);
        runs(DAY);
        ck_assert_uint_eq(prune(1), 0);
}
END_TEST

START_TEST(the_time_that_the_hub_has_run_goes_on_after_a_restart)
{
        miss();
        runs(20 * DAY);
        ck_assert_int_eq(call_history_count_running(history, &at), 0);
        reopen();
        at.now = HOUR; /* the machine started, too */
        (void)prune(30);
        runs(10 * DAY);
        ck_assert_uint_eq(prune(30), 0);
        runs(1);
        ck_assert_uint_eq(prune(30), 1);
}
END_TEST

START_TEST(time_that_was_not_stored_before_a_crash_deletes_nothing_early)
{
        miss();
        runs(20 * DAY);
        miss();
        reopen(); /* as if these days had not been */
        ck_assert_uint_eq(prune(30), 0);
        runs(30 * DAY + 1);
        ck_assert_uint_eq(prune(30), 1);
        runs(20 * DAY);
        ck_assert_uint_eq(prune(30), 1);
}
END_TEST

START_TEST(what_is_deleted_is_sent_to_a_device_that_asks_later)
{
        MessageSessions one = {calloc(1, UUID_LENGTH + 1), 1}, deleted;
        size_t n = 0;

        add_log("alice", UUID("01"), 1, false);
        add_log("alice", UUID("02"), 2, false);
        usec_t since = last_change();
        STR_SET(one.session_ids[0], UUID("01"));
        ck_assert_int_eq(call_history_forget(history, &at, "alice", &one, &n), 0);
        ck_assert_uint_eq(n, 1);
        ck_assert_int_eq(call_history_deletions(history, "alice", since, &deleted), 0);
        ck_assert_uint_eq(deleted.count, 1);
        ck_assert_str_eq(deleted.session_ids[0], UUID("01"));
        free(deleted.session_ids);
        ck_assert_uint_eq(count_history("alice"), 1);
        ck_assert_int_eq(call_history_forget(history, &at, "alice", &(MessageSessions){0}, &n), 0);
        ck_assert_uint_eq(count_history("alice"), 0);
        free(one.session_ids);
}
END_TEST

START_TEST(what_has_a_record_again_is_not_deleted)
{
        MessageSessions deleted;
        size_t n = 0;

        add_log("alice", UUID("01"), 1, false);
        ck_assert_int_eq(call_history_forget(history, &at, "alice", &(MessageSessions){0}, &n), 0);
        add_log("alice", UUID("01"), 1, false);
        ck_assert_int_eq(call_history_deletions(history, "alice", 0, &deleted), 0);
        ck_assert_uint_eq(deleted.count, 0);
        free(deleted.session_ids);
        ck_assert_uint_eq(count_history("alice"), 1);
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
        ck_assert_int_eq(call_history_forget(history, &at, "alice", &(MessageSessions){0}, &n), 0);
        ck_assert_int_eq(call_history_latest(history, 10, take_session, sessions), 0);
        ck_assert_uint_eq(strlen(sessions), strlen("010203"));
        *sessions = '\0';
        ck_assert_int_eq(call_history_latest(history, 2, take_session, sessions), 0);
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

static void execute(const char *sql)
{
        sqlite3 *handle;

        ck_assert_int_eq(sqlite3_open(path, &handle), SQLITE_OK);
        ck_assert_int_eq(sqlite3_exec(handle, sql, NULL, NULL, NULL), SQLITE_OK);
        sqlite3_close(handle);
}

START_TEST(calls_and_history_of_an_older_version_are_kept)
{
        char id[UUID_LENGTH + 1] = "";

        _cleanup_free_ char *live = write_live_sql(), *log = write_log_sql();
        database = hub_database_free(database);
        ck_assert_int_eq(unlink(path), 0);
        execute(second_version);
        execute(live);
        execute(log);
        execute("PRAGMA user_version = 2");
        reopen();
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
        tcase_add_test(tests, writes_are_made_together_or_not_at_all);
        tcase_add_test(tests, a_live_call_is_there_until_it_is_dropped);
        tcase_add_test(tests, a_page_ends_at_the_budget_and_the_next_goes_on);
        tcase_add_loop_test(tests, what_is_no_cursor_is_refused, 0, ELEMENTSOF(no_cursors));
        tcase_add_test(tests, changes_come_in_their_order_and_once);
        tcase_add_test(tests,
                       a_record_that_was_replaced_is_not_sent_where_the_later_one_has_no_room);
        tcase_add_test(tests, rule_16_all_that_were_seen_or_deleted_are_those_until_then);
        tcase_add_loop_test(tests, what_is_missed_after_a_clock_that_was_behind_is_told, 0,
                            ELEMENTSOF(jumps));
        tcase_add_test(tests, a_number_that_was_not_stored_is_not_told);
        tcase_add_test(tests, who_was_told_more_than_the_hub_knows_is_told_all);
        tcase_add_test(tests, old_history_goes_and_unseen_missed_calls_stay_longer);
        tcase_add_test(tests, what_is_deleted_is_sent_to_a_device_that_asks_later);
        tcase_add_test(tests, what_has_a_record_again_is_not_deleted);
        tcase_add_test(tests, the_latest_calls_are_known_and_deleted_ones_too);
        suite_add_tcase(suite, tests);
        tests = tcase_create("restarts");
        tcase_add_checked_fixture(tests, setup_file, teardown_file);
        tcase_add_test(tests, calls_and_history_of_an_older_version_are_kept);
        tcase_add_test(tests, records_are_settled_thousands_at_once);
        tcase_add_loop_test(tests, what_is_missed_after_a_clock_that_was_ahead_is_told, 0,
                            2 * ELEMENTSOF(jumps));
        tcase_add_loop_test(tests, a_number_is_not_given_again_after_its_record_is_deleted, 0, 2);
        tcase_add_test(tests,
                       a_hub_that_starts_with_a_clock_years_ahead_deletes_no_more_than_a_day_a_day);
        tcase_add_test(tests, a_hub_that_starts_in_1970_deletes_nothing);
        tcase_add_test(tests, the_time_that_the_hub_has_run_goes_on_after_a_restart);
        tcase_add_test(tests, time_that_was_not_stored_before_a_crash_deletes_nothing_early);
        suite_add_tcase(suite, tests);
        return suite_run(suite);
}
