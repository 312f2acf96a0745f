/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The hub's stores with each allocation failing in turn, SQLite's included: -ENOMEM, nothing half
 * done, nothing leaked (the sanitizer run checks that), and they still work.
 */
#include <errno.h>

#include "failing-memory.h"
#include "failing-store.h"
#include "hub/database.h"
#include "hub/internal.h"
#include "suite.h"
#include "wire/stored.h"
#include "wire/wire.h"

#define UUID(n) "0b7e6a52-90f7-4d4e-8f2c-0000000000" n
#define JSON_LIVE "{}"

static HubDatabase *database;
static const HistoryTime at = {.now = 1, .date = 1763632800 * USEC_PER_SEC};
static char *record_json;

static char *record_of(const char *session_id)
{
        CallRecord record = {.direction = CALL_DIRECTION_INCOMING,
                             .status = CALL_STATUS_MISSED,
                             .initiated_at = 1,
                             .ended_at = 2};
        char *json;

        (void)STR_SET(record.session_id, session_id);
        (void)STR_SET(record.initiator.uid, "bob");
        (void)STR_SET(record.receiver.uid, "alice");
        ck_assert_int_eq(wire_encode_record(&record, &json), 0);
        return json;
}

static int write_log(void)
{
        Write writes[] = {
                {.type = WRITE_LOG, .unseen = true, .initiated_at = 1, .json = record_json},
                {.type = WRITE_DROP},
        };

        (void)STR_SET(writes[0].uid, "alice");
        (void)STR_SET(writes[0].session_id, UUID("01"));
        (void)STR_SET(writes[1].session_id, UUID("01"));
        return hub_database_write(database, &at, writes, ELEMENTSOF(writes));
}

static void setup(void)
{
        static const char *const names[] = {"alice", "bob"};
        char *text = NULL;
        bool is_new;

        failing_store_init();
        record_json = record_of(UUID("01"));
        ck_assert_int_eq(hub_database_open(NULL, &database, &text), 0);
        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                ck_assert_int_eq(hub_database_user_add(database, names[i], names[i], &is_new), 0);
        ck_assert_int_eq(hub_groups_add(hub_database_groups(database), "team", "Team", &is_new), 0);
        ck_assert_int_eq(write_log(), 0);
}

static void teardown(void)
{
        database = hub_database_free(database);
        free(record_json);
}

static int open_keeper(void)
{
        HubDatabase *opened = NULL;
        char *text = NULL;
        int r = hub_database_open(NULL, &opened, &text);

        hub_database_free(opened);
        free(text);
        return r;
}

static int user_add(void)
{
        bool is_new;

        return hub_database_user_add(database, "carol", "Carol", &is_new);
}

static int user_get(void)
{
        StoredUser user;

        return hub_database_user_get(database, "alice", &user);
}

static int on_user(const StoredUser *user, void *userdata)
{
        ++*(unsigned long *)userdata;
        return 0;
}

static int each_user(void)
{
        unsigned long n = 0;

        return hub_database_each_user(database, on_user, &n);
}

static unsigned long sum_users(void)
{
        unsigned long n = 0;

        ck_assert_int_eq(hub_database_each_user(database, on_user, &n), 0);
        return n;
}

static int user_remove(void)
{
        int r = hub_database_user_remove(database, "bob");

        return r == -ENOENT ? 0 : r;
}

static int token_mint(void)
{
        char token[TOKEN_LENGTH + 1];

        return hub_database_token_mint(database, "alice", "laptop", token);
}

static int on_token(const StoredToken *token, void *userdata)
{
        ++*(unsigned long *)userdata;
        return 0;
}

static unsigned long sum_tokens(void)
{
        unsigned long n = 0;

        ck_assert_int_eq(hub_database_each_token(database, "alice", on_token, &n), 0);
        return n;
}

static int token_find(void)
{
        char token[TOKEN_LENGTH + 1] = "0123";
        StoredToken found;
        int r = hub_database_token_find(database, token, &found);

        return r == -ENOENT ? 0 : r;
}

static int write_live(void)
{
        Write writes[] = {
                {.type = WRITE_LIVE, .json = (char *)JSON_LIVE},
                {.type = WRITE_LIVE_MEMBER, .json = (char *)JSON_LIVE},
                {.type = WRITE_WHEN_BUSY, .when_busy = WHEN_BUSY_RING},
                {.type = WRITE_BLOCK, .on = true},
                {.type = WRITE_CALLED, .on = true},
                {.type = WRITE_WHO_MAY_RING, .who_may_ring = WHO_MAY_RING_CALLED},
        };

        for (size_t i = 0; i < ELEMENTSOF(writes); i++)
                (void)STR_SET(writes[i].uid, "alice");
        (void)STR_SET(writes[0].session_id, UUID("02"));
        (void)STR_SET(writes[1].session_id, UUID("02"));
        (void)STR_SET(writes[3].other, "bob");
        (void)STR_SET(writes[4].other, "bob");
        return hub_database_write(database, &at, writes, ELEMENTSOF(writes));
}

static int on_live(const LiveCall *live, void *userdata)
{
        return 0;
}

static int each_live(void)
{
        return hub_database_each_live(database, on_live, NULL);
}

static int finish(HistoryTask *task)
{
        int r = history_task_finish(task, hub_database_history(database), &at);

        history_task_done(task);
        return r;
}

static int page(void)
{
        HistoryTask task;
        int r = history_task_page(&task, "alice", 10, "", 1 << 16);

        return r < 0 ? r : finish(&task);
}

static int changes(void)
{
        CallRecord *records;
        bool complete;
        size_t n;
        int r = call_history_changes(hub_database_history(database), "alice", 0, 1 << 16, &records,
                                     &n, &complete);

        if (r == 0)
                call_records_free(records, n);
        return r;
}

static int mark_seen(void)
{
        HistoryTask task;

        history_task_change(&task, MESSAGE_SEEN, "alice", (MessageSessions){0});
        return finish(&task);
}

static int forget(void)
{
        HistoryTask task;

        history_task_change(&task, MESSAGE_FORGET, "alice", (MessageSessions){0});
        return finish(&task);
}

static int deletions(void)
{
        MessageSessions deleted;
        int r = call_history_deletions(hub_database_history(database), "alice", 0, &deleted);

        if (r == 0)
                free(deleted.session_ids);
        return r;
}

static int on_latest(const char *uid, const char *session_id, void *userdata)
{
        return 0;
}

static int latest(void)
{
        return call_history_latest(hub_database_history(database), 10, on_latest, NULL);
}

static int prune(void)
{
        size_t n;
        int r;

        do
                r = call_history_prune(hub_database_history(database), &at, 1, 10, USEC_NEVER, &n);
        while (r > 0);
        return r;
}

static int count_running(void)
{
        return call_history_count_running(hub_database_history(database), &at);
}

static int last_change(void)
{
        usec_t last;

        return call_history_last_change(hub_database_history(database), &last);
}

static int group_join(void)
{
        static const char *const uids[] = {"alice", "bob"};
        const char *uid;

        return hub_groups_join(hub_database_groups(database), "team", uids, ELEMENTSOF(uids), &uid);
}

static unsigned long sum_members(void)
{
        StoredGroup group;

        ck_assert_int_eq(hub_groups_get(hub_database_groups(database), "team", &group), 0);
        unsigned long n = group.n_uids;
        stored_group_done(&group);
        return n;
}

static int on_group(const StoredGroup *group, void *userdata)
{
        return 0;
}

static int each_group(void)
{
        return hub_groups_each(hub_database_groups(database), on_group, NULL);
}

static int group_leave(void)
{
        static const char *const uids[] = {"alice"};
        const char *uid;

        return hub_groups_leave(hub_database_groups(database), "team", uids, ELEMENTSOF(uids),
                                &uid);
}

static const FailingOperation operations[] = {
        {"open", open_keeper, NULL, .every = 11},
        {"user add", user_add, sum_users},
        {"user get", user_get, NULL},
        {"each user", each_user, NULL},
        {"token mint", token_mint, sum_tokens},
        {"token find", token_find, NULL},
        {"write live", write_live, NULL},
        {"each live", each_live, NULL},
        {"write log", write_log, NULL},
        {"page", page, NULL},
        {"changes", changes, NULL},
        {"mark seen", mark_seen, NULL},
        {"forget", forget, NULL},
        {"deletions", deletions, NULL},
        {"latest", latest, NULL},
        {"prune", prune, NULL},
        {"count running", count_running, NULL},
        {"last change", last_change, NULL},
        {"group join", group_join, sum_members},
        {"each group", each_group, NULL},
        {"group leave", group_leave, sum_members},
        {"user remove", user_remove, sum_users},
};

START_TEST(what_the_hub_stores_survives_every_allocation_that_fails)
{
        for (size_t i = 0; i < ELEMENTSOF(operations); i++)
                operation_survives(&operations[i]);
}
END_TEST

static int count_live(const LiveCall *live, void *userdata)
{
        ++*(size_t *)userdata;
        return 0;
}

/* Alice calls Bob at a hub whose n-th allocation fails while it stores the call. */
static void store_a_call(unsigned n)
{
        Message initiate = {.type = MESSAGE_INITIATE, .id = 1};
        Hub hub = {.database = database};

        (void)STR_SET(initiate.initiate.receiver, "bob");
        snprintf(initiate.initiate.session_id, sizeof(initiate.initiate.session_id), UUID("%02x"),
                 n);
        const ExchangeNow *now = hub_now(&hub);

        ck_assert_int_eq(exchange_new(&(ExchangeLimits){0}, &hub.exchange), 0);
        ck_assert_int_eq(commit_new(database, NULL, &hub.commit), 0);
        ck_assert_int_eq(exchange_user_add(hub.exchange, "alice", "Alice", WHEN_BUSY_REJECT), 0);
        ck_assert_int_eq(exchange_user_add(hub.exchange, "bob", "Bob", WHEN_BUSY_REJECT), 0);
        ck_assert_int_eq(exchange_attach(hub.exchange, now, 1, "alice", "desk", "Desk"), 0);
        ck_assert_int_eq(exchange_message(hub.exchange, now, 1, &initiate), 0);
        memory_failed = false;
        memory_fails_at = n;
        hub_drain(&hub);
        memory_fails_at = 0;
        ck_assert(hub.stalled == memory_failed && hub_stores(&hub) == !memory_failed);
        hub_drain(&hub);
        ck_assert(hub_stores(&hub));
        commit_run(hub.commit, now->now);
        commit_free(hub.commit);
        exchange_free(hub.exchange);
}

START_TEST(a_call_is_stored_before_anything_confirms_it_even_if_memory_was_short)
{
        unsigned n = 0;

        do {
                size_t n_live = 0;

                store_a_call(++n);
                ck_assert_int_eq(hub_database_each_live(database, count_live, &n_live), 0);
                ck_assert_uint_eq(n_live, n);
        } while (memory_failed);
        ck_assert_uint_gt(n, 1);
}
END_TEST

/*
 * Bob's device is away, and a signal of Alice's with so many bytes is to be queued for it, while
 * the n-th allocation fails. Returns true if the device is still expected back: then it has the
 * signal in line, unless that is too long.
 */
static bool queue_a_signal(unsigned n, size_t n_bytes)
{
        _cleanup_free_ char *data = calloc(1, n_bytes + 1);
        DeviceSession *session = calloc(1, sizeof(*session));
        Hub hub = {.database = database};
        ExchangeAction action = {.type = EXCHANGE_SEND,
                                 .attachment = 1,
                                 .from = "alice",
                                 .n_bytes = (uint32_t)n_bytes,
                                 .message = {.type = MESSAGE_SIGNALLED, .signal.data = data}};

        ck_assert(data && session);
        memset(data, 'x', n_bytes);
        (void)STR_SET(action.message.signal.session_id, UUID("01"));
        (void)STR_SET(action.message.signal.peer, "1-aa");
        session->hub = &hub;
        session->number = 1;
        ck_assert_int_eq(exchange_new(&(ExchangeLimits){0}, &hub.exchange), 0);
        ck_assert_int_eq(exchange_user_add(hub.exchange, "bob", "Bob", WHEN_BUSY_REJECT), 0);
        ck_assert_int_eq(exchange_attach(hub.exchange, hub_now(&hub), 1, "bob", "desk", "Desk"), 0);
        HASH_ADD(hh, hub.sessions, number, sizeof(session->number), session);
        DL_APPEND2(hub.suspended, session, waits_prev, waits_next);
        memory_failed = false;
        memory_fails_at = n;
        int r = hub_carry_out(&hub, &action);
        memory_fails_at = 0;
        ck_assert_int_eq(r, 0);
        session = device_session_find(&hub, 1);
        if (session) {
                ck_assert_uint_eq(session->outbox.n_frames, n_bytes <= WIRE_MESSAGE_MAX);
                device_session_free(&hub, session);
        }
        exchange_free(hub.exchange);
        return session;
}

/* No seq would be missing: the device could not find out. */
START_TEST(who_cannot_be_sent_what_another_user_has_caused_is_given_up)
{
        unsigned n = 0, n_given_up = 0;

        do
                n_given_up += !queue_a_signal(++n, 1000);
        while (memory_failed);
        ck_assert_uint_gt(n_given_up, 0);
        ck_assert_uint_lt(n_given_up, n);
}
END_TEST

START_TEST(a_signal_that_is_too_long_is_left_out_and_ends_nothing)
{
        ck_assert(queue_a_signal(0, WIRE_MESSAGE_MAX + 1));
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("hub-memory");
        TCase *tcase = tcase_create("memory");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_set_timeout(tcase, 60);
        tcase_add_test(tcase, what_the_hub_stores_survives_every_allocation_that_fails);
        tcase_add_test(tcase,
                       a_call_is_stored_before_anything_confirms_it_even_if_memory_was_short);
        tcase_add_test(tcase, who_cannot_be_sent_what_another_user_has_caused_is_given_up);
        tcase_add_test(tcase, a_signal_that_is_too_long_is_left_out_and_ends_nothing);
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
