/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A request about the history costs no more per step in a long history than in a short one. */
#include "hub-store.h"

#include <stdlib.h>

#include "hub/database-internal.h"

#define SHORT 300
#define LONG 6000
#define IDS 400

static void id_of(unsigned n, char ret[static UUID_LENGTH + 1])
{
        /* In no order that the history has. */
        snprintf(ret, UUID_LENGTH + 1, "%08x-90f7-4d4e-8f2c-0c9d7a1b2c3d", n * 2654435761u);
}

/* Missed calls of Alice's. */
static void fill_unsettled(unsigned n)
{
        char id[UUID_LENGTH + 1];

        ck_assert_int_eq(database_begin(database->database), 0);
        for (unsigned i = 0; i < n; i++) {
                id_of(i, id);
                Write write = log_of("alice", id, i + 1, true);
                const HistoryEntry entry = {"alice", id, i + 1, true, write.json, NULL};
                ck_assert_int_gt(call_history_put(history, &at, &entry), 0);
                write_done(&write);
        }
        ck_assert_int_eq(database_end(database->database, 0), 0);
}

static void fill(unsigned n)
{
        fill_unsettled(n);
        ck_assert_int_eq(call_history_settle(history, USEC_NEVER), 0);
}

/* What SQLite's machine has done since the last call: no clock is asked. */
static unsigned sqlite_effort(void)
{
        sqlite3_stmt *statement = NULL;
        unsigned n = 0;

        while ((statement = sqlite3_next_stmt(database_handle(database->database), statement)))
                n += (unsigned)sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_VM_STEP, true);
        return n;
}

/* Ends the task; returns the effort of its most expensive step. */
static unsigned effort_of(HistoryTask *task)
{
        unsigned most = 0;
        int r;

        (void)sqlite_effort();
        do {
                r = history_task_step(task, history, &at, 0);
                ck_assert_int_ge(r, 0);
                unsigned effort = sqlite_effort();
                most = MAX_OF(most, effort);
        } while (r > 0);
        history_task_done(task);
        return most;
}

static unsigned effort_of_page(void)
{
        HistoryTask task;

        ck_assert_int_eq(history_task_page(&task, "alice", 200, "", 1 << 20), 0);
        return effort_of(&task);
}

/* `first`: of the ids; those from SHORT on are unknown in the short history. */
static unsigned effort_of_ids(MessageType type, unsigned first)
{
        MessageSessions sessions = {calloc(IDS, UUID_LENGTH + 1), IDS};
        HistoryTask task;

        ck_assert_ptr_nonnull(sessions.session_ids);
        for (unsigned i = 0; i < IDS; i++)
                id_of(first + i, sessions.session_ids[i]);
        history_task_change(&task, type, "alice", sessions);
        return effort_of(&task);
}

static unsigned effort_of_all(MessageType type)
{
        HistoryTask task;

        history_task_change(&task, type, "alice", (MessageSessions){0});
        return effort_of(&task);
}

static unsigned see_unknown_ids(void)
{
        return effort_of_ids(MESSAGE_SEEN, 2 * LONG);
}

static unsigned see_ids(void)
{
        return effort_of_ids(MESSAGE_SEEN, 0);
}

static unsigned forget_ids(void)
{
        return effort_of_ids(MESSAGE_FORGET, 0);
}

static unsigned see_all(void)
{
        return effort_of_all(MESSAGE_SEEN);
}

static unsigned forget_all(void)
{
        return effort_of_all(MESSAGE_FORGET);
}

/* All that there were are deleted. */
static unsigned page_of_nothing(void)
{
        (void)effort_of_all(MESSAGE_FORGET);
        return effort_of_page();
}

static unsigned log_in(void)
{
        CallRecord *records;
        bool complete;
        size_t n;

        (void)sqlite_effort();
        ck_assert_int_eq(call_history_changes(history, "alice", 0, 10000, &records, &n, &complete),
                         0);
        ck_assert(!complete);
        call_records_free(records, n);
        return sqlite_effort();
}

static unsigned log_in_after_deletions(void)
{
        MessageSessions deleted;

        (void)effort_of_ids(MESSAGE_FORGET, 0);
        (void)sqlite_effort();
        ck_assert_int_eq(call_history_deletions(history, "alice", 1, &deleted), 0);
        ck_assert_uint_ge(deleted.count, SHORT);
        free(deleted.session_ids);
        return sqlite_effort();
}

static const struct {
        const char *name;
        unsigned (*run)(void); /* returns the effort of the most expensive step */
} requests[] = {
        {"page", effort_of_page},
        {"page of nothing", page_of_nothing},
        {"seen, of unknown calls", see_unknown_ids},
        {"seen, of calls", see_ids},
        {"seen, of all", see_all},
        {"forget, of calls", forget_ids},
        {"forget, of all", forget_all},
        {"log in", log_in},
        {"log in after deletions", log_in_after_deletions},
};

/* A step in the long one may find more of what it looks for. */
START_TEST(a_step_touches_as_many_rows_in_a_long_history_as_in_a_short_one)
{
        unsigned in_short, in_long;

        fill(SHORT);
        in_short = requests[_i].run();
        store_teardown();
        store_setup();
        fill(LONG);
        in_long = requests[_i].run();
        ck_assert_uint_gt(in_short, 0);
        ck_assert_msg(in_long <= in_short + in_short / 2,
                      "%s: %u in the short history, %u in the long one", requests[_i].name,
                      in_short, in_long);
}
END_TEST

static unsigned effort_of_past_call(unsigned n)
{
        CallRecord record = {0};
        char id[UUID_LENGTH + 1];

        id_of(n, id);
        (void)sqlite_effort();
        ck_assert_int_eq(past_calls_find(call_history_past(history), "alice", id, &record),
                         PAST_CALL_OWN);
        call_record_done(&record);
        return sqlite_effort();
}

/* The hub reads no other call's record when an id is used again. */
START_TEST(rule_1_an_id_that_was_used_costs_the_same_however_many_calls_there_were)
{
        unsigned in_short;

        fill_unsettled(SHORT);
        in_short = effort_of_past_call(SHORT - 1);
        store_teardown();
        store_setup();
        fill_unsettled(LONG);
        ck_assert_uint_gt(in_short, 0);
        ck_assert_uint_eq(effort_of_past_call(LONG - 1), in_short);
}
END_TEST

START_TEST(a_step_looks_up_so_many_ids_and_no_more)
{
        MessageSessions sessions = {calloc(IDS, UUID_LENGTH + 1), IDS};
        HistoryTask task;

        ck_assert_ptr_nonnull(sessions.session_ids);
        history_task_change(&task, MESSAGE_SEEN, "alice", sessions);
        ck_assert_int_eq(history_task_step(&task, history, &at, 0), 1);
        ck_assert_uint_eq(task.n_looked_up, HISTORY_TASK_FIND_ROWS);
        ck_assert_int_eq(history_task_finish(&task, history, &at), 0);
        ck_assert_uint_eq(task.n_looked_up, IDS);
        history_task_done(&task);
}
END_TEST

START_TEST(a_step_settles_for_a_while_and_the_next_goes_on)
{
        HistoryTask task;
        unsigned n = 0;
        int r;

        for (unsigned i = 0; i < SHORT; i++) {
                char id[UUID_LENGTH + 1];

                id_of(i, id);
                add_log("alice", id, i + 1, true);
        }
        ck_assert_int_eq(history_task_page(&task, "alice", 1, "", 1 << 20), 0);
        /* With no time at all it settles a few rows in each step. */
        do {
                r = history_task_step(&task, history, &at, 0);
                n++;
                ck_assert(r == 0 || task.page.n_records == 0);
        } while (r > 0);
        ck_assert_int_eq(r, 0);
        ck_assert_uint_gt(n, 5);
        ck_assert_uint_eq(task.page.n_records, 1);
        ck_assert_uint_eq(task.page.records[0].initiated_at, SHORT);
        history_task_done(&task);
}
END_TEST

START_TEST(a_call_that_is_missed_meanwhile_stays_unseen)
{
        HistoryTask task;

        fill(SHORT);
        history_task_change(&task, MESSAGE_SEEN, "alice", (MessageSessions){0});
        ck_assert_int_eq(history_task_step(&task, history, &at, USEC_NEVER), 1);
        /* It began before all others, and has only just ended. */
        add_log("alice", UUID("01"), 0, true);
        ck_assert_int_eq(history_task_finish(&task, history, &at), 0);
        ck_assert_uint_eq(task.n_changed, SHORT);
        history_task_done(&task);
        ck_assert_uint_eq(change_calls(MESSAGE_SEEN, NULL, 0), 1);
}
END_TEST

START_TEST(what_has_been_changed_when_a_step_fails_stays_so)
{
        HistoryTask task;

        fill(SHORT);
        history_task_change(&task, MESSAGE_FORGET, "alice", (MessageSessions){0});
        ck_assert_int_eq(history_task_step(&task, history, &at, USEC_NEVER), 1);
        ck_assert_uint_eq(task.n_forgotten, HISTORY_TASK_CHANGE_ROWS);
        ck_assert_int_eq(database_run(database->database, "PRAGMA query_only = 1"), 0);
        ck_assert_int_lt(history_task_step(&task, history, &at, USEC_NEVER), 0);
        ck_assert_uint_eq(task.n_forgotten, HISTORY_TASK_CHANGE_ROWS);
        history_task_done(&task);
        ck_assert_int_eq(database_run(database->database, "PRAGMA query_only = 0"), 0);
        ck_assert_uint_eq(change_calls(MESSAGE_FORGET, NULL, 0), SHORT - HISTORY_TASK_CHANGE_ROWS);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("history task");
        TCase *tests = tcase_create("steps");

        tcase_add_checked_fixture(tests, store_setup, store_teardown);
        tcase_add_loop_test(tests, a_step_touches_as_many_rows_in_a_long_history_as_in_a_short_one,
                            0, ELEMENTSOF(requests));
        tcase_add_test(tests,
                       rule_1_an_id_that_was_used_costs_the_same_however_many_calls_there_were);
        tcase_add_test(tests, a_step_looks_up_so_many_ids_and_no_more);
        tcase_add_test(tests, a_step_settles_for_a_while_and_the_next_goes_on);
        tcase_add_test(tests, a_call_that_is_missed_meanwhile_stays_unseen);
        tcase_add_test(tests, what_has_been_changed_when_a_step_fails_stays_so);
        suite_add_tcase(suite, tests);
        return suite_run(suite);
}
