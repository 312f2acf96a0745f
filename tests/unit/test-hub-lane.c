/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A call to a large group is done in parts, and other calls in between. */
#include <errno.h>
#include <sqlite3.h>
#include <unistd.h>

#include "failing-memory.h"
#include "hub/internal.h"
#include "hub/ws-internal.h"
#include "suite.h"

#define MEMBERS 500
#define GROUP_CALL "0b7e6a52-90f7-4d4e-8f2c-000000000001"
#define OTHER_CALL "0b7e6a52-90f7-4d4e-8f2c-000000000002"

static uv_loop_t loop;
static Hub hub;
static Config config;
static char path[64];
static Checkpointer *checkpointer;
static WsServer server; /* has no connections */

static void setup(void)
{
        const ExchangeLimits none = {0};
        char uids[MEMBERS][UID_MAX + 1], *text = NULL;
        const char *members[MEMBERS];

        hub = (Hub){.config = &config, .server = &server};
        ck_assert_int_eq(uv_loop_init(&loop), 0);
        ck_assert_int_eq(uv_idle_init(&loop, &hub.working), 0);
        STR_SET(path, "/tmp/test-hub-lane-XXXXXX");
        close(mkstemp(path));
        ck_assert_int_eq(hub_database_open(path, &hub.database, &text), 0);
        ck_assert_int_eq(checkpointer_new(path, &checkpointer), 0);
        ck_assert_int_eq(commit_new(hub.database, checkpointer, &hub.commit), 0);
        ck_assert_int_eq(exchange_new(&none, &hub.exchange), 0);
        for (size_t i = 0; i < MEMBERS; i++) {
                snprintf(uids[i], sizeof(uids[i]), "u%zu", i);
                members[i] = uids[i];
                ck_assert_int_eq(
                        exchange_user_add(hub.exchange, uids[i], uids[i], WHEN_BUSY_REJECT), 0);
        }
        ck_assert_int_eq(
                exchange_group_put(hub.exchange, hub_now(&hub), "crowd", "Crowd", members, MEMBERS),
                0);
        ck_assert_int_eq(exchange_attach(hub.exchange, hub_now(&hub), 1, "u0", "d", "D"), 0);
        ck_assert_int_eq(exchange_attach(hub.exchange, hub_now(&hub), 2, "u1", "d", "D"), 0);
        hub_drain(&hub);
}

static void teardown(void)
{
        hub_work_done(&hub);
        commit_free(hub.commit);
        exchange_free(hub.exchange);
        checkpointer_free(checkpointer);
        hub_database_free(hub.database);
        unlink(path);
        uv_close((uv_handle_t *)&hub.working, NULL);
        uv_run(&loop, UV_RUN_DEFAULT);
        ck_assert_int_eq(uv_loop_close(&loop), 0);
}

static void ask(uint64_t attachment, Message message)
{
        message.id = 1;
        STR_SET(hub.asking, attachment == 1 ? "u0" : "u1");
        ck_assert_int_eq(exchange_message(hub.exchange, hub_now(&hub), attachment, &message), 0);
        hub_drain(&hub);
}

static void call_from(uint64_t attachment, const char *guid, const char *session_id)
{
        Message initiate = {.type = MESSAGE_INITIATE,
                            .initiate.receiver_type = RECEIVER_TYPE_GROUP};

        STR_SET(initiate.initiate.receiver, guid);
        STR_SET(initiate.initiate.session_id, session_id);
        ask(attachment, initiate);
}

static void cancel_from(uint64_t attachment, const char *session_id)
{
        Message cancel = {.type = MESSAGE_CANCEL};

        STR_SET(cancel.session.session_id, session_id);
        ask(attachment, cancel);
}

static void call_the(const char *guid)
{
        call_from(1, guid, GROUP_CALL);
}

static void call_group(void)
{
        call_the("crowd");
}

static void cancel_group(void)
{
        cancel_from(1, GROUP_CALL);
}

static int count_history(const char *uid)
{
        HistoryTask task;
        const HistoryTime time = history_time_now();

        commit_run_all(hub.commit, clock_boottime());
        ck_assert_int_eq(history_task_page(&task, uid, 0, "", 1 << 20), 0);
        ck_assert_int_eq(history_task_finish(&task, hub_database_history(hub.database), &time), 0);
        int n = (int)task.page.n_records;
        history_task_done(&task);
        return n;
}

static int count_members(const LiveCall *live, void *userdata)
{
        *(size_t *)userdata += live->n_members;
        return 0;
}

static size_t stored_members(void)
{
        size_t n = 0;

        commit_run_all(hub.commit, clock_boottime());
        ck_assert_int_eq(hub_database_each_live(hub.database, count_members, &n), 0);
        return n;
}

static void copy_file(const char *suffix, const char *to)
{
        _cleanup_free_ char *command = str_printf("cp %s%s %s%s", path, suffix, to, suffix);

        ck_assert_ptr_nonnull(command);
        ck_assert_int_eq(system(command), 0);
}

static int count_rows(sqlite3 *handle, const char *table)
{
        _cleanup_free_ char *sql = str_printf("SELECT count(*) FROM %s", table);
        sqlite3_stmt *statement;

        ck_assert_ptr_nonnull(sql);
        ck_assert_int_eq(sqlite3_prepare_v2(handle, sql, -1, &statement, NULL), SQLITE_OK);
        ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
        int n = sqlite3_column_int(statement, 0);
        sqlite3_finalize(statement);
        return n;
}

/* Another hub starts with what is on the disk now. Returns how many calls it restores. */
static size_t killed_now(void)
{
        static const char *const suffixes[] = {"", "-wal", "-shm"};
        char copy[] = "/tmp/test-hub-lane-copy-XXXXXX", *text = NULL;
        Hub next = {.config = &config};
        sqlite3 *handle;

        close(mkstemp(copy));
        copy_file("", copy);
        copy_file("-wal", copy);
        ck_assert_int_eq(hub_database_open(copy, &next.database, &text), 0);
        ck_assert_int_eq(hub_load(&next), 0);
        size_t n = exchange_n_calls(next.exchange);
        exchange_free(next.exchange);
        hub_database_free(next.database);
        ck_assert_int_eq(sqlite3_open(copy, &handle), SQLITE_OK);
        ck_assert_int_eq(count_rows(handle, "live"), (int)n);
        ck_assert_int_eq(count_rows(handle, "live_members"), n == 1 ? MEMBERS - 1 : 0);
        sqlite3_close(handle);
        for (size_t i = 0; i < ELEMENTSOF(suffixes); i++) {
                _cleanup_free_ char *name = str_printf("%s%s", copy, suffixes[i]);

                unlink(name);
        }
        return n;
}

START_TEST(of_a_large_call_a_killed_hub_has_stored_all_or_nothing)
{
        size_t n_commits = 0;
        bool is_new;

        ck_assert_int_eq(hub_database_user_add(hub.database, "u0", "U", &is_new), 0);
        ck_assert_int_eq(hub_database_user_add(hub.database, "u1", "U", &is_new), 0);
        call_group();
        uint64_t confirmed = commit_barrier(hub.commit);
        for (; commit_done(hub.commit) < confirmed; n_commits++) {
                ck_assert_uint_eq(killed_now(), 0);
                commit_run(hub.commit, clock_boottime());
        }
        ck_assert_uint_gt(n_commits, 1);
        ck_assert_uint_eq(killed_now(), 1);
}
END_TEST

START_TEST(of_a_large_call_s_end_a_part_is_done_and_the_rest_waits)
{
        char last[UID_MAX + 1];

        snprintf(last, sizeof(last), "u%d", MEMBERS - 1);
        call_group();
        ck_assert_uint_eq(stored_members(), MEMBERS - 1);
        cancel_group();
        ck_assert_uint_eq(hub.work.n_jobs, 1);
        ck_assert_int_eq(count_history("u0"), 1);
        ck_assert_int_eq(count_history(last), 0);
        /* The stored call goes last: a hub that is killed now ends it again. */
        ck_assert_uint_eq(stored_members(), MEMBERS - 1);
        while (hub.work.n_jobs > 0)
                hub_work_turn(&hub);
        ck_assert_int_eq(count_history(last), 1);
        ck_assert_uint_eq(stored_members(), 0);
}
END_TEST

/* The end of a call: a record of each, one row less, two events and the reply. */
START_TEST(sixty_four_things_are_done_at_once_and_one_more_waits)
{
        const size_t n = LANE_BEGINS_AT - 4 + (size_t)_i;
        char uids[MEMBERS][UID_MAX + 1];
        const char *members[MEMBERS];

        for (size_t i = 0; i < n; i++) {
                snprintf(uids[i], sizeof(uids[i]), "u%zu", i == 0 ? 0 : i + 1);
                members[i] = uids[i];
        }
        ck_assert_int_eq(
                exchange_group_put(hub.exchange, hub_now(&hub), "some", "Some", members, n), 0);
        hub_drain(&hub);
        call_the("some");
        ck_assert_uint_eq(hub.work.n_jobs, 0);
        cancel_group();
        ck_assert_uint_eq(hub.work.n_jobs, (size_t)_i);
        hub_lanes_finish(&hub);
}
END_TEST

START_TEST(another_call_does_not_wait_for_a_large_one)
{
        Message initiate = {.type = MESSAGE_INITIATE, .initiate.receiver = "u2"};
        Message end = {.type = MESSAGE_CANCEL};

        call_group();
        cancel_group();
        ck_assert_uint_eq(hub.work.n_jobs, 1);
        STR_SET(initiate.initiate.session_id, OTHER_CALL);
        ask(2, initiate);
        STR_SET(end.session.session_id, OTHER_CALL);
        ask(2, end);
        ck_assert_uint_eq(hub.work.n_jobs, 1);
        ck_assert_int_eq(count_history("u1"), 2);
}
END_TEST

/* The device is away, and may come back. */
static DeviceSession *suspended(uint64_t number)
{
        DeviceSession *session = calloc(1, sizeof(*session));

        ck_assert_ptr_nonnull(session);
        session->hub = &hub;
        session->number = number;
        HASH_ADD(hh, hub.sessions, number, sizeof(session->number), session);
        DL_APPEND2(hub.suspended, session, waits_prev, waits_next);
        return session;
}

/* The device gets the next message, which is this event of this call. */
static void expect_event(DeviceSession *session, const char *event, const char *call)
{
        const Frame *frame = outbox_peek(&session->outbox, UINT64_MAX);

        ck_assert_ptr_nonnull(frame);
        ck_assert_ptr_nonnull(strstr((const char *)frame->data, event));
        ck_assert_ptr_nonnull(strstr((const char *)frame->data, call));
        outbox_pop(&session->outbox);
}

START_TEST(a_device_sees_a_large_call_in_order_and_other_calls_in_between)
{
        Message initiate = {.type = MESSAGE_INITIATE, .initiate.receiver = "u1"};
        DeviceSession *session = suspended(2);

        config.queue_per_device = 99;
        call_group();
        cancel_group();
        STR_SET(initiate.initiate.session_id, OTHER_CALL);
        ask(1, initiate);
        hub_lanes_finish(&hub);
        expect_event(session, "\"incoming\"", GROUP_CALL);
        expect_event(session, "\"incoming\"", OTHER_CALL);
        expect_event(session, "\"over\"", GROUP_CALL);
        expect_event(session, "\"logged\"", GROUP_CALL);
        ck_assert_ptr_null(outbox_peek(&session->outbox, UINT64_MAX));
        device_session_free(&hub, session);
}
END_TEST

START_TEST(what_comes_of_a_large_call_later_comes_after_what_waits)
{
        enum {
                LAST = 200
        };
        Message reject = {.type = MESSAGE_REJECT, .reject.status = CALL_STATUS_REJECTED};
        char uid[UID_MAX + 1];

        for (uint64_t number = 3; number <= LAST; number++) {
                snprintf(uid, sizeof(uid), "u%d", (int)number - 1);
                ck_assert_int_eq(
                        exchange_attach(hub.exchange, hub_now(&hub), number, uid, "d", "D"), 0);
        }
        hub_drain(&hub);
        DeviceSession *session = suspended(LAST);
        config.queue_per_device = 99;
        call_group();
        /* It is not rung yet. */
        ck_assert_ptr_null(outbox_peek(&session->outbox, UINT64_MAX));
        STR_SET(reject.reject.session_id, GROUP_CALL);
        ask(LAST, reject);
        hub_lanes_finish(&hub);
        expect_event(session, "\"incoming\"", GROUP_CALL);
        expect_event(session, "\"over\"", GROUP_CALL);
        expect_event(session, "\"logged\"", GROUP_CALL);
        device_session_free(&hub, session);
}
END_TEST

/* The end of a call: LANE_BEGINS_AT are done with it, and as many with each help. */
START_TEST(whoever_waits_for_a_large_call_helps_with_a_part_at_a_time)
{
        const int n_actions = MEMBERS + 4; /* records; one row less, two events and the reply */
        int n = 1;

        call_group();
        hub_lanes_finish(&hub);
        cancel_group();
        while (hub_lanes_help(&hub))
                n++;
        ck_assert_int_eq(n, (n_actions - 1) / LANE_BEGINS_AT);
        ck_assert_uint_eq(hub.work.n_jobs, 0);
        ck_assert_uint_eq(stored_members(), 0);
}
END_TEST

START_TEST(whoever_has_to_find_everything_empties_the_lanes)
{
        char last[UID_MAX + 1];

        snprintf(last, sizeof(last), "u%d", MEMBERS - 1);
        call_group();
        cancel_group();
        hub_lanes_finish(&hub);
        ck_assert_uint_eq(hub.work.n_jobs, 0);
        ck_assert_int_eq(count_history(last), 1);
}
END_TEST

/* A step of the lane, in which no memory can be had for the first thing that has to be stored. */
static void step_without_memory(Lane *lane)
{
        memory_fails_at = 1;
        bool more = hub_lane_step(&hub, lane);
        ck_assert(memory_fails_at == 0 && more);
}

static Lane *next_lane(void)
{
        return CONTAINER_OF(fair_queue_next(&hub.work), HubJob, fair)->lane;
}

START_TEST(while_one_lane_cannot_store_the_hub_stores_nothing_whatever_others_do)
{
        call_group();
        cancel_group();
        call_from(2, "crowd", OTHER_CALL);
        cancel_from(2, OTHER_CALL);
        ck_assert_uint_eq(hub.work.n_jobs, 2);
        Lane *first = next_lane(), *second = next_lane();
        step_without_memory(first);
        ck_assert(!hub_stores(&hub));
        ck_assert(hub_lane_step(&hub, second));
        ck_assert(!hub_stores(&hub));
        ck_assert(hub_lane_step(&hub, first));
        ck_assert(hub_stores(&hub));
        ck_assert_int_eq(hub_lanes_finish(&hub), 0);
}
END_TEST

START_TEST(a_lane_that_is_given_up_does_not_keep_the_hub_from_storing)
{
        call_group();
        cancel_group();
        step_without_memory(hub.lanes);
        hub_work_done(&hub);
        ck_assert(hub_stores(&hub));
}
END_TEST

/* The removed user's call: its end is stored for all others. */
START_TEST(a_user_is_not_removed_before_everything_is_stored_even_if_memory_is_short)
{
        char last[UID_MAX + 1];
        bool is_new;
        int r;

        snprintf(last, sizeof(last), "u%d", MEMBERS - 1);
        ck_assert_int_eq(hub_database_user_add(hub.database, "u0", "U", &is_new), 0);
        call_group();
        cancel_group();
        unsigned n = 0;
        do {
                memory_fails_at = ++n;
                r = hub_user_remove(&hub, "u0");
                memory_fails_at = 0;
                ck_assert(r >= 0 || r == -ENOMEM);
        } while (r < 0);
        ck_assert_uint_gt(n, 1);
        ck_assert(hub_stores(&hub));
        ck_assert_uint_eq(hub.work.n_jobs, 0);
        ck_assert_int_eq(count_history(last), 1);
        ck_assert_uint_eq(stored_members(), 0);
        ck_assert_int_eq(hub_user_remove(&hub, "u0"), -ENOENT);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("hub lane");
        TCase *tests = tcase_create("lanes");

        tcase_add_checked_fixture(tests, setup, teardown);
        tcase_add_test(tests, of_a_large_call_a_killed_hub_has_stored_all_or_nothing);
        tcase_add_test(tests, of_a_large_call_s_end_a_part_is_done_and_the_rest_waits);
        tcase_add_loop_test(tests, sixty_four_things_are_done_at_once_and_one_more_waits, 0, 2);
        tcase_add_test(tests, another_call_does_not_wait_for_a_large_one);
        tcase_add_test(tests, a_device_sees_a_large_call_in_order_and_other_calls_in_between);
        tcase_add_test(tests, what_comes_of_a_large_call_later_comes_after_what_waits);
        tcase_add_test(tests, whoever_waits_for_a_large_call_helps_with_a_part_at_a_time);
        tcase_add_test(tests, whoever_has_to_find_everything_empties_the_lanes);
        tcase_add_test(tests,
                       while_one_lane_cannot_store_the_hub_stores_nothing_whatever_others_do);
        tcase_add_test(tests, a_lane_that_is_given_up_does_not_keep_the_hub_from_storing);
        tcase_add_test(tests,
                       a_user_is_not_removed_before_everything_is_stored_even_if_memory_is_short);
        suite_add_tcase(suite, tests);
        return suite_run(suite);
}
