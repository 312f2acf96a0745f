/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The hub's history of calls: its pages, changes and deletions. */
#include "hub-store.h"

#include <errno.h>

#include "hub/database-internal.h"
#include "wire/stored.h"

/* Whether the rows are in the index yet, or only at the end of the table. */
START_TEST(the_later_of_two_records_of_a_call_is_the_one)
{
        static const bool settles[] = {false, true};
        HistoryTask task;

        add_log("alice", UUID("01"), 7, false);
        if (settles[_i])
                ck_assert_int_eq(call_history_settle(history, USEC_NEVER), 0);
        add_log("alice", UUID("01"), 7, true);
        add_log("bob", UUID("01"), 7, false);
        ck_assert_int_eq(page_of("alice", 200, "", 1 << 20, &task), 0);
        ck_assert_uint_eq(task.page.n_records, 1);
        ck_assert(!task.page.records[0].seen);
        history_task_done(&task);
        ck_assert_uint_eq(count_history("bob"), 1);
}
END_TEST

static void expect_past(const char *uid, const char *id, int expected)
{
        CallRecord record = {0};

        ck_assert_int_eq(past_calls_find(call_history_past(history), uid, id, &record), expected);
        if (expected == PAST_CALL_OWN)
                ck_assert_str_eq(record.session_id, id);
        call_record_done(&record);
}

/* Before they are settled, after it, and in the next hub. */
START_TEST(rule_1_it_is_known_who_has_a_record_of_an_id)
{
        add_log("alice", UUID("01"), 7, false);
        for (int i = 0; i < 3; i++) {
                expect_past("alice", UUID("01"), PAST_CALL_OWN);
                expect_past("carol", UUID("01"), PAST_CALL_OTHERS);
                expect_past("alice", UUID("02"), 0);
                if (i == 0)
                        store_reopen();
                else
                        ck_assert_int_eq(call_history_settle(history, USEC_NEVER), 0);
        }
}
END_TEST

START_TEST(rule_1_an_id_is_known_after_its_record_was_deleted)
{
        static const char *const ids[] = {UUID("01"), NULL};

        add_log("alice", UUID("01"), 7, false);
        ck_assert_uint_eq(change_calls(MESSAGE_FORGET, ids, 0), 1);
        expect_past("alice", UUID("01"), PAST_CALL_OTHERS);
        expect_past("bob", UUID("01"), PAST_CALL_OTHERS);
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
        store_reopen();
        ck_assert_uint_eq(count_history("alice"), 200);
        ck_assert(!call_history_is_unsettled(history));
}
END_TEST

/* The page of Alice's records that follows this cursor; the caller frees nothing. */
static void expect_page(uint32_t limit, size_t budget, char cursor[static CURSOR_MAX + 1],
                        const char *first, size_t n)
{
        HistoryTask task;

        ck_assert_int_eq(page_of("alice", limit, cursor, budget, &task), 0);
        ck_assert_uint_eq(task.page.n_records, n);
        ck_assert_str_eq(task.page.records[0].session_id, first);
        memcpy(cursor, task.page.next, CURSOR_MAX + 1);
        history_task_done(&task);
}

START_TEST(a_page_ends_at_the_budget_and_the_next_goes_on)
{
        char cursor[CURSOR_MAX + 1] = "";

        for (int i = 0; i < 5; i++) {
                char id[UUID_LENGTH + 1];

                snprintf(id, sizeof(id), UUID("0%d"), i);
                add_log("alice", id, 10, false); /* also with the same date */
        }
        /* Too small for one record, which comes all the same. */
        expect_page(0, 1, cursor, UUID("04"), 1);
        expect_page(2, 1 << 20, cursor, UUID("03"), 2);
        expect_page(2, 1 << 20, cursor, UUID("01"), 2);
        ck_assert_str_eq(cursor, "");
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
        HistoryTask task;

        ck_assert_int_eq(page_of("alice", 0, no_cursors[_i], 1 << 20, &task), -EINVAL);
}
END_TEST

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
        ck_assert_uint_eq(change_calls(MESSAGE_SEEN, NULL, 0), 2);
        ck_assert_uint_eq(change_calls(MESSAGE_SEEN, NULL, 0), 0);
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
        for (unsigned i = 1; i <= 3; i++) {
                char id[UUID_LENGTH + 1] = UUID("00");

                id[UUID_LENGTH - 1] = (char)('0' + i);
                add_log("alice", id, i, true);
        }
        ck_assert_uint_eq(change_calls(MESSAGE_SEEN, NULL, 2), 2);
        ck_assert_uint_eq(change_calls(MESSAGE_FORGET, NULL, 2), 2);
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
        Write one = log_of("alice", UUID("01"), 1, true);
        size_t two = 2 * strlen(one.json);
        write_done(&one);
        ck_assert_int_eq(call_history_changes(history, "alice", 0, two, &records, &n, &complete),
                         0);
        ck_assert(!complete);
        ck_assert_uint_eq(n, 1);
        ck_assert_str_eq(records[0].session_id, UUID("02"));
        call_records_free(records, n);
}
END_TEST

START_TEST(what_is_deleted_is_sent_to_a_device_that_asks_later)
{
        static const char *const one[] = {UUID("01"), NULL};
        MessageSessions deleted;

        add_log("alice", UUID("01"), 1, false);
        add_log("alice", UUID("02"), 2, false);
        usec_t since = last_change();
        ck_assert_uint_eq(change_calls(MESSAGE_FORGET, one, 0), 1);
        ck_assert_int_eq(call_history_deletions(history, "alice", since, &deleted), 0);
        ck_assert_uint_eq(deleted.count, 1);
        ck_assert_str_eq(deleted.session_ids[0], UUID("01"));
        free(deleted.session_ids);
        ck_assert_uint_eq(count_history("alice"), 1);
        ck_assert_uint_eq(change_calls(MESSAGE_FORGET, NULL, 0), 1);
        ck_assert_uint_eq(count_history("alice"), 0);
}
END_TEST

START_TEST(what_has_a_record_again_is_not_deleted)
{
        MessageSessions deleted;

        add_log("alice", UUID("01"), 1, false);
        ck_assert_uint_eq(change_calls(MESSAGE_FORGET, NULL, 0), 1);
        add_log("alice", UUID("01"), 1, false);
        ck_assert_int_eq(call_history_deletions(history, "alice", 0, &deleted), 0);
        ck_assert_uint_eq(deleted.count, 0);
        free(deleted.session_ids);
        ck_assert_uint_eq(count_history("alice"), 1);
}
END_TEST

/* ---- metadata ---- */

static size_t count_metadata(void)
{
        sqlite3_stmt *query;

        ck_assert_int_eq(sqlite3_prepare_v2(database_handle(database->database),
                                            "SELECT count(*) FROM metadata", -1, &query, NULL),
                         SQLITE_OK);
        ck_assert_int_eq(sqlite3_step(query), SQLITE_ROW);
        size_t n = (size_t)sqlite3_column_int64(query, 0);
        sqlite3_finalize(query);
        return n;
}

/* A call of Bob to Alice, of which both have a record, and the metadata come with the first. */
static void add_call_with_metadata(const char *id)
{
        static MetadataEntry entries[] = {{(char *)"subject", (char *)"lunch"}};
        CallRecord holder = {.metadata = {entries, 1}};
        Write writes[] = {log_of("bob", id, 1, false), log_of("alice", id, 1, true)};

        ck_assert_int_eq(wire_encode_metadata(&holder, &writes[0].metadata), 0);
        ck_assert_int_eq(hub_database_write(database, &at, writes, ELEMENTSOF(writes)), 0);
        for (size_t i = 0; i < ELEMENTSOF(writes); i++)
                write_done(&writes[i]);
}

static void expect_lunch(const CallRecord *record)
{
        ck_assert_uint_eq(record->metadata.count, 1);
        ck_assert_str_eq(record->metadata.entries[0].key, "subject");
        ck_assert_str_eq(record->metadata.entries[0].value, "lunch");
}

START_TEST(metadata_are_stored_once_and_are_in_every_record_of_the_call)
{
        static const char *const uids[] = {"alice", "bob"};
        bool complete;

        add_call_with_metadata(UUID("01"));
        ck_assert_uint_eq(count_metadata(), 1);
        /* Before the rows are in the indexes, and afterwards. */
        for (int settled = 0; settled < 2; settled++) {
                for (size_t i = 0; i < ELEMENTSOF(uids); i++) {
                        CallRecord *records;
                        size_t n;

                        ck_assert_int_eq(call_history_changes(history, uids[i], 0, 1 << 20,
                                                              &records, &n, &complete),
                                         0);
                        ck_assert_uint_eq(n, 1);
                        expect_lunch(&records[0]);
                        call_records_free(records, n);
                }
                ck_assert_int_eq(call_history_settle(history, USEC_NEVER), 0);
        }
        for (size_t i = 0; i < ELEMENTSOF(uids); i++) {
                HistoryTask task;

                ck_assert_int_eq(page_of(uids[i], 0, "", 1 << 20, &task), 0);
                ck_assert_uint_eq(task.page.n_records, 1);
                expect_lunch(&task.page.records[0]);
                history_task_done(&task);
        }
}
END_TEST

START_TEST(a_record_that_was_seen_has_its_metadata_still)
{
        HistoryTask task;

        add_call_with_metadata(UUID("01"));
        history_task_change(&task, MESSAGE_SEEN, "alice", (MessageSessions){0});
        ck_assert_int_eq(history_task_finish(&task, history, &at), 0);
        ck_assert_uint_eq(task.n_changed, 1);
        expect_lunch(&task.changed[0]);
        history_task_done(&task);
}
END_TEST

START_TEST(metadata_count_in_the_room_of_a_page)
{
        HistoryTask task;
        Write one = log_of("alice", UUID("01"), 1, true);
        size_t bare = strlen(one.json);

        write_done(&one);
        add_call_with_metadata(UUID("01"));
        add_call_with_metadata(UUID("02"));
        ck_assert_int_eq(page_of("alice", 0, "", 2 * bare + 1, &task), 0);
        ck_assert_uint_eq(task.page.n_records, 1);
        history_task_done(&task);
}
END_TEST

static size_t forget_by(const char *uid)
{
        HistoryTask task;

        history_task_change(&task, MESSAGE_FORGET, uid, (MessageSessions){0});
        ck_assert_int_eq(history_task_finish(&task, history, &at), 0);
        size_t n = task.n_forgotten;
        history_task_done(&task);
        return n;
}

START_TEST(metadata_go_with_the_last_record_that_is_deleted)
{
        add_call_with_metadata(UUID("01"));
        ck_assert_uint_eq(forget_by("alice"), 1);
        ck_assert_uint_eq(count_metadata(), 1);
        ck_assert_uint_eq(forget_by("bob"), 1);
        ck_assert_uint_eq(count_metadata(), 0);
}
END_TEST

START_TEST(metadata_of_a_call_that_goes_on_stay)
{
        Write live = {.type = WRITE_LIVE, .session_id = UUID("01"), .json = strdup("{}")};
        Write drop = {.type = WRITE_DROP, .session_id = UUID("01")};

        ck_assert_int_eq(hub_database_write(database, &at, &live, 1), 0);
        write_done(&live);
        add_call_with_metadata(UUID("01"));
        ck_assert_uint_eq(forget_by("alice") + forget_by("bob"), 2);
        ck_assert_uint_eq(count_metadata(), 1);
        ck_assert_int_eq(hub_database_write(database, &at, &drop, 1), 0);
        add_log("alice", UUID("01"), 1, true);
        ck_assert_uint_eq(forget_by("alice"), 1);
        ck_assert_uint_eq(count_metadata(), 0);
}
END_TEST

START_TEST(metadata_go_with_the_user_or_with_time)
{
        bool is_new, prunes = _i;

        ck_assert_int_eq(hub_database_user_add(database, "bob", "Bob", &is_new), 0);
        add_call_with_metadata(UUID("01"));
        if (prunes) {
                runs(MISSED_DAYS_MIN * DAY + 1);
                ck_assert_uint_eq(prune(7), 2);
        } else {
                ck_assert_int_eq(hub_database_user_remove(database, "alice"), 0);
                ck_assert_uint_eq(count_metadata(), 1);
                ck_assert_int_eq(hub_database_user_remove(database, "bob"), 0);
        }
        ck_assert_uint_eq(count_metadata(), 0);
}
END_TEST

START_TEST(a_record_of_an_older_hub_has_its_own_metadata)
{
        MetadataEntry entries[] = {{(char *)"subject", (char *)"lunch"}};
        CallRecord record = {.direction = CALL_DIRECTION_INCOMING,
                             .status = CALL_STATUS_ENDED,
                             .initiated_at = 1,
                             .metadata = {entries, 1}};
        Write write = {
                .type = WRITE_LOG, .initiated_at = 1, .uid = "alice", .session_id = UUID("01")};
        HistoryTask task;

        STR_SET(record.session_id, UUID("01"));
        STR_SET(record.initiator.uid, "bob");
        STR_SET(record.receiver.uid, "alice");
        ck_assert_int_eq(wire_encode_record(&record, &write.json), 0);
        ck_assert_int_eq(hub_database_write(database, &at, &write, 1), 0);
        write_done(&write);
        ck_assert_int_eq(page_of("alice", 0, "", 1 << 20, &task), 0);
        expect_lunch(&task.page.records[0]);
        history_task_done(&task);
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

        add_log("alice", UUID("01"), 1, false);
        add_log("alice", UUID("02"), 2, false);
        add_log("alice", UUID("03"), 3, false);
        ck_assert_uint_eq(change_calls(MESSAGE_FORGET, NULL, 0), 3);
        ck_assert_int_eq(call_history_latest(history, 10, take_session, sessions), 0);
        ck_assert_uint_eq(strlen(sessions), strlen("010203"));
        *sessions = '\0';
        ck_assert_int_eq(call_history_latest(history, 2, take_session, sessions), 0);
        ck_assert_uint_eq(strlen(sessions), strlen("0203"));
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("call history");
        TCase *tests = tcase_create("in memory");

        tcase_add_checked_fixture(tests, store_setup, store_teardown);
        tcase_add_loop_test(tests, the_later_of_two_records_of_a_call_is_the_one, 0, 2);
        tcase_add_test(tests, rule_1_an_id_is_known_after_its_record_was_deleted);
        tcase_add_test(tests, a_page_ends_at_the_budget_and_the_next_goes_on);
        tcase_add_loop_test(tests, what_is_no_cursor_is_refused, 0, ELEMENTSOF(no_cursors));
        tcase_add_test(tests, changes_come_in_their_order_and_once);
        tcase_add_test(tests,
                       a_record_that_was_replaced_is_not_sent_where_the_later_one_has_no_room);
        tcase_add_test(tests, rule_16_all_that_were_seen_or_deleted_are_those_until_then);
        tcase_add_test(tests, what_is_deleted_is_sent_to_a_device_that_asks_later);
        tcase_add_test(tests, what_has_a_record_again_is_not_deleted);
        tcase_add_test(tests, the_latest_calls_are_known_and_deleted_ones_too);
        tcase_add_test(tests, metadata_are_stored_once_and_are_in_every_record_of_the_call);
        tcase_add_test(tests, a_record_that_was_seen_has_its_metadata_still);
        tcase_add_test(tests, metadata_count_in_the_room_of_a_page);
        tcase_add_test(tests, metadata_go_with_the_last_record_that_is_deleted);
        tcase_add_test(tests, metadata_of_a_call_that_goes_on_stay);
        tcase_add_loop_test(tests, metadata_go_with_the_user_or_with_time, 0, 2);
        tcase_add_test(tests, a_record_of_an_older_hub_has_its_own_metadata);
        suite_add_tcase(suite, tests);
        tests = tcase_create("in a file");
        tcase_add_checked_fixture(tests, store_setup_file, store_teardown_file);
        tcase_add_test(tests, rule_1_it_is_known_who_has_a_record_of_an_id);
        tcase_add_test(tests, records_are_settled_thousands_at_once);
        suite_add_tcase(suite, tests);
        return suite_run(suite);
}
