/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is told and what is deleted of the hub's history, whichever way its clock jumps. */
#include "hub-store.h"

/* ---- what is told ---- */

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
                store_reopen();
        ck_assert_uint_eq(last_change(), told);
        miss();
        usec_t online = last_change();
        for (int i = 0; i < 3; i++)
                miss();
        if (restarts)
                store_reopen();
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
                deleted = prune(30);
        else
                ck_assert_int_eq(hub_database_user_remove(database, "alice"), 0);
        ck_assert_uint_eq(deleted, prunes);
        ck_assert_uint_eq(count_history("alice"), 0);
        store_reopen();
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

        miss();
        ck_assert_uint_eq(change_calls(MESSAGE_FORGET, NULL, 0), 1);
        miss();
        ck_assert_uint_eq(count_changes(last_change() + 1), 1);
        ck_assert_uint_eq(count_changes(USEC_NEVER), 1);
        ck_assert_int_eq(call_history_deletions(history, "alice", USEC_NEVER, &deleted), 0);
        ck_assert_uint_eq(deleted.count, 1);
        free(deleted.session_ids);
}
END_TEST

/* ---- retention ---- */

START_TEST(old_history_goes_and_unseen_missed_calls_stay_longer)
{
        size_t deleted = 0;

        add_log("alice", UUID("01"), at.date, false);
        add_log("alice", UUID("02"), at.date, false);
        add_log("alice", UUID("03"), at.date, true);
        runs(7 * DAY);
        add_log("alice", UUID("04"), at.date, false);
        ck_assert_uint_eq(prune(7), 0); /* not a microsecond earlier */
        runs(1);
        ck_assert_int_eq(prune_some(7, 1, &deleted), 1);
        ck_assert_uint_eq(deleted, 1);
        ck_assert_uint_eq(prune(7), 1);
        runs(MISSED_DAYS_MIN * DAY - 7 * DAY - 1);
        ck_assert_uint_eq(prune(7), 1); /* the fourth */
        runs(1);
        ck_assert_uint_eq(prune(7), 1);
        ck_assert_uint_eq(count_history("alice"), 0);
}
END_TEST

START_TEST(of_many_users_some_are_looked_at_in_one_go)
{
        enum {
                USERS = 200
        };
        char uid[UID_MAX + 1];
        size_t deleted = 0;
        bool is_new;
        int n = 0;

        for (int i = 0; i < USERS; i++) {
                snprintf(uid, sizeof(uid), "user-%03d", i);
                ck_assert_int_eq(hub_database_user_add(database, uid, uid, &is_new), 0);
        }
        add_log(uid, UUID("01"), at.date, false);
        add_log("alice", UUID("01"), at.date, false);
        runs(7 * DAY + 1);
        while (prune_some(7, 1000, &deleted) > 0)
                n++;
        ck_assert_uint_eq(deleted, 2);
        ck_assert_int_ge(n, 3);
        /* And it starts over. */
        add_log("alice", UUID("02"), at.date, false);
        runs(7 * DAY + 1);
        ck_assert_uint_eq(prune(7), 1);
}
END_TEST

/* Seven days are over for all of them, and what was missed stays until thirty are. */
START_TEST(of_many_records_that_stay_some_are_looked_at_in_one_go)
{
        enum {
                RECORDS = 1000
        };
        size_t deleted = 0;
        int n = 0;

        add_log("alice", UUID("fe"), at.date++, false); /* the oldest */
        for (int i = 0; i < RECORDS; i++)
                miss();
        add_log("alice", UUID("ff"), ++at.date, false); /* the newest */
        runs(7 * DAY + 1);
        for (int i = 0; i < 2; i++)
                do
                        n++;
                while (prune_some(7, RECORDS, &deleted) > 0);
        ck_assert_uint_eq(deleted, 2);
        ck_assert_uint_eq(count_changes(0), RECORDS);
        ck_assert_int_ge(n, 8); /* four times a quarter, and once more */
        runs(MISSED_DAYS_MIN * DAY);
        ck_assert_uint_eq(prune(7), RECORDS);
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
        store_reopen();
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
        store_reopen();
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
        store_reopen();
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
        store_reopen(); /* as if these days had not been */
        ck_assert_uint_eq(prune(30), 0);
        runs(30 * DAY + 1);
        ck_assert_uint_eq(prune(30), 1);
        runs(20 * DAY);
        ck_assert_uint_eq(prune(30), 1);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("call history clocks");
        TCase *tests = tcase_create("in memory");

        tcase_add_checked_fixture(tests, store_setup, store_teardown);
        tcase_add_loop_test(tests, what_is_missed_after_a_clock_that_was_behind_is_told, 0,
                            ELEMENTSOF(jumps));
        tcase_add_test(tests, a_number_that_was_not_stored_is_not_told);
        tcase_add_test(tests, who_was_told_more_than_the_hub_knows_is_told_all);
        tcase_add_test(tests, old_history_goes_and_unseen_missed_calls_stay_longer);
        tcase_add_test(tests, of_many_users_some_are_looked_at_in_one_go);
        tcase_add_test(tests, of_many_records_that_stay_some_are_looked_at_in_one_go);
        suite_add_tcase(suite, tests);
        tests = tcase_create("in a file");
        tcase_add_checked_fixture(tests, store_setup_file, store_teardown_file);
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
