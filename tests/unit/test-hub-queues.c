/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Queues of the hub: outbox, commit, limiter. */

#include <errno.h>
#include <libwebsockets.h>
#include <limits.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "hub/commit.h"
#include "hub/login-limiter.h"
#include "hub/outbox.h"
#include "suite.h"

#define NOW (1000 * USEC_PER_SEC)
#define ID "0b7e6a52-90f7-4d4e-8f2c-0c9d7a1b2c3d"

static Outbox outbox;

static int push_event(uint64_t barrier, uint32_t max)
{
        Message message = {.type = MESSAGE_RINGING};

        STR_SET(message.ringing.session_id, ID);
        STR_SET(message.ringing.uid, "bob");
        return outbox_push(&outbox, &message, barrier, max, NOW);
}

static int push_reply(uint64_t id, uint64_t barrier)
{
        Message message;

        message_reply_ok(&message, id);
        return outbox_push(&outbox, &message, barrier, 1, NOW);
}

static const char *text_of(const Frame *frame)
{
        return (const char *)frame->data;
}

START_TEST(what_waits_for_a_commit_holds_up_what_is_behind)
{
        ck_assert_int_eq(push_reply(1, 5), 0);
        ck_assert_int_eq(push_event(0, 9), 0);
        ck_assert_ptr_null(outbox_peek(&outbox, 4));
        const Frame *frame = outbox_peek(&outbox, 5);
        ck_assert_ptr_nonnull(frame);
        ck_assert(frame->is_reply);
        outbox_pop(&outbox);
        ck_assert_ptr_nonnull(outbox_peek(&outbox, 4));
        outbox_pop(&outbox);
        ck_assert_ptr_null(outbox_peek(&outbox, 9));
        outbox_done(&outbox);
}
END_TEST

START_TEST(a_refusal_does_not_wait)
{
        Message message;

        ck_assert_int_eq(push_event(0, 9), 0);
        ck_assert_int_eq(push_reply(1, 5), 0);
        message_reply_error(&message, 2, CALL_ERROR_TIMEOUT, "no");
        ck_assert_int_eq(outbox_push(&outbox, &message, 0, 1, NOW), 0);
        ck_assert_uint_eq(outbox_peek(&outbox, 0)->seq, 1);
        outbox_pop(&outbox);
        ck_assert_ptr_nonnull(strstr(text_of(outbox_peek(&outbox, 0)), "\"id\":2"));
        outbox_pop(&outbox);
        ck_assert_ptr_null(outbox_peek(&outbox, 0));
        outbox_done(&outbox);
}
END_TEST

START_TEST(events_are_numbered_and_replies_are_not)
{
        ck_assert_int_eq(push_event(0, 9), 0);
        ck_assert_int_eq(push_reply(1, 0), 0);
        ck_assert_int_eq(push_event(0, 9), 0);
        ck_assert_ptr_nonnull(strstr(text_of(outbox_peek(&outbox, 0)), "\"seq\":1"));
        outbox_pop(&outbox);
        ck_assert_ptr_null(strstr(text_of(outbox_peek(&outbox, 0)), "\"seq\""));
        outbox_pop(&outbox);
        ck_assert_ptr_nonnull(strstr(text_of(outbox_peek(&outbox, 0)), "\"seq\":2"));
        outbox_done(&outbox);
}
END_TEST

START_TEST(events_count_until_they_are_acknowledged)
{
        ck_assert_int_eq(push_event(0, 2), 0);
        ck_assert_int_eq(push_event(0, 2), 0);
        outbox_pop(&outbox);
        outbox_pop(&outbox);
        ck_assert_int_eq(push_event(0, 2), -ENOBUFS);
        ck_assert_int_eq(push_reply(1, 0), 0);
        ck_assert_int_eq(outbox_acknowledge(&outbox, 3), -EINVAL);
        ck_assert_int_eq(outbox_acknowledge(&outbox, 1), 0);
        ck_assert_int_eq(push_event(0, 2), 0);
        ck_assert_uint_eq(outbox.seq, 3);
        ck_assert_int_eq(push_event(0, 2), -ENOBUFS);
        outbox_done(&outbox);
}
END_TEST

static void push_ring(uint32_t remaining_ms)
{
        Message message = {.type = MESSAGE_INCOMING};
        CallRecord *record = &message.call.record;

        STR_SET(record->session_id, ID);
        STR_SET(record->initiator.uid, "alice");
        STR_SET(record->receiver.uid, "bob");
        record->direction = CALL_DIRECTION_INCOMING;
        record->initiated_at = 1;
        message.call.remaining_ms = remaining_ms;
        ck_assert_int_eq(outbox_push(&outbox, &message, 0, 9, NOW), 0);
}

START_TEST(several_messages_are_framed_for_one_write)
{
        unsigned char buffer[1024];

        push_ring(45000);
        ck_assert(!outbox_has_several(&outbox, 0, sizeof(buffer)));
        ck_assert_int_eq(push_reply(1, 5), 0);
        ck_assert_int_eq(push_reply(2, 9), 0);
        ck_assert(!outbox_has_several(&outbox, 4, sizeof(buffer)));
        ck_assert(outbox_has_several(&outbox, 5, sizeof(buffer)));
        size_t first = outbox.frames->length, second = outbox.frames->next->length;
        ck_assert_uint_ge(first, 126);
        ck_assert_uint_lt(second, 126);
        ck_assert(!outbox_has_several(&outbox, 5, first + second));
        ck_assert_uint_eq(outbox_take(&outbox, 5, buffer, sizeof(buffer)), 4 + first + 2 + second);
        /* FIN and text; a length of 16 bits, then one of 7. */
        ck_assert_mem_eq(
                buffer,
                ((unsigned char[]){0x81, 126, (unsigned char)(first >> 8), (unsigned char)first}),
                4);
        ck_assert_mem_eq(buffer + 4, "{\"seq\":1,", 9);
        const unsigned char *reply = buffer + 4 + first;
        ck_assert_mem_eq(reply, ((unsigned char[]){0x81, (unsigned char)second}), 2);
        ck_assert_int_eq(reply[2 + second - 1], '}');
        /* The third waits. */
        ck_assert_uint_eq(outbox_take(&outbox, 5, buffer, sizeof(buffer)), 0);
        ck_assert_uint_eq(outbox.n_frames, 1);
        outbox_done(&outbox);
}
END_TEST

/* Writes the next frame; fails unless it is the event of that seq. */
static void expect_event(uint64_t seq)
{
        const Frame *frame = outbox_peek(&outbox, UINT64_MAX);

        ck_assert_ptr_nonnull(frame);
        ck_assert_uint_eq(frame->seq, seq);
        outbox_pop(&outbox);
}

START_TEST(rule_17_who_comes_back_gets_each_event_once)
{
        for (int i = 0; i < 4; i++)
                ck_assert_int_eq(push_event(0, 9), 0);
        ck_assert_int_eq(push_reply(1, 0), 0);
        expect_event(1);
        expect_event(2);
        expect_event(3);
        ck_assert_int_eq(outbox_acknowledge(&outbox, 1), 0);
        /* The second arrived, the third was lost, the fourth and the reply were never written. */
        outbox_suspend(&outbox, NOW);
        ck_assert_int_eq(push_event(0, 9), 0);
        ck_assert_int_eq(outbox_resume(&outbox, 2, NOW + 1), 0);
        expect_event(3);
        expect_event(4);
        expect_event(5);
        ck_assert_ptr_null(outbox_peek(&outbox, UINT64_MAX));
        ck_assert_int_eq(outbox_acknowledge(&outbox, 5), 0);
        ck_assert_uint_eq(outbox.n_bytes, 0);

        /* Once more, with no event missed. */
        outbox_suspend(&outbox, NOW);
        ck_assert_int_eq(outbox_resume(&outbox, 5, NOW + 1), 0);
        ck_assert_ptr_null(outbox_peek(&outbox, UINT64_MAX));
        outbox_done(&outbox);
}
END_TEST

START_TEST(rule_17_what_is_not_kept_cannot_be_resumed)
{
        for (int i = 0; i < 3; i++)
                ck_assert_int_eq(push_event(0, 3), 0);
        ck_assert_int_eq(outbox_acknowledge(&outbox, 2), 0);
        outbox_suspend(&outbox, NOW);
        ck_assert_int_eq(outbox_resume(&outbox, 1, NOW), -ESTALE);
        ck_assert_int_eq(outbox_resume(&outbox, 4, NOW), -ESTALE);
        ck_assert_int_eq(outbox_resume(&outbox, 3, NOW + 120 * USEC_PER_SEC), -ESTALE);
        ck_assert_int_eq(outbox_resume(&outbox, 3, NOW + 120 * USEC_PER_SEC - 1), 0);
        outbox_done(&outbox);
}
END_TEST

START_TEST(rule_17_a_device_that_is_away_has_so_many_events_and_no_more)
{
        outbox_suspend(&outbox, NOW);
        ck_assert_int_eq(push_event(0, 2), 0);
        ck_assert_int_eq(push_event(0, 2), 0);
        ck_assert_int_eq(push_event(0, 2), -ENOBUFS);
        outbox_done(&outbox);
}
END_TEST

START_TEST(rule_16_a_ring_is_announced_again_with_what_is_left_of_it)
{
        static const struct {
                usec_t after;
                const char *said;
        } cases[] = {
                {5 * USEC_PER_SEC, "\"remaining_ms\":40000,"},
                {45 * USEC_PER_SEC - 1, "\"remaining_ms\":1,"},
                {45 * USEC_PER_SEC, NULL},
                {60 * USEC_PER_SEC, NULL},
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                push_ring(45000);
                expect_event(1);
                outbox_suspend(&outbox, NOW);
                ck_assert_int_eq(outbox_resume(&outbox, 0, NOW + cases[i].after), 0);
                const char *text = text_of(outbox_peek(&outbox, 0));
                ck_assert_str_eq(strstr(text, "\"seq\":1") ? "1" : text, "1");
                const char *said = strstr(text, "\"remaining_ms\"");
                if (cases[i].said)
                        ck_assert_int_eq(
                                strncmp(said ?: text, cases[i].said, strlen(cases[i].said) - 1), 0);
                else
                        ck_assert_ptr_null(said);
                outbox_done(&outbox);
        }
}
END_TEST

/* ---- who pays ---- */

static int push_paid(const char *from)
{
        Message message = {.type = MESSAGE_SIGNALLED, .signal = {.data = (char *)"x"}};

        STR_SET(message.signal.session_id, ID);
        STR_SET(message.signal.peer, "1-aa");
        return outbox_push_from(&outbox, &message, from, 1);
}

static char takes[64];

static void on_taken(const Frame *frame, void *userdata)
{
        ck_assert_ptr_eq(userdata, takes);
        ck_assert_uint_eq(frame->n_paid, 1);
        strcat(takes, frame->from);
}

static void watch(ByteCount *count)
{
        const OutboxOwner owner = {on_taken, takes, count};

        *takes = '\0';
        outbox_set_owner(&outbox, &owner);
}

START_TEST(what_others_pay_for_takes_no_room_from_the_hubs_own)
{
        for (int i = 0; i < 100; i++)
                ck_assert_int_eq(push_paid("bob"), 0);
        ck_assert_int_eq(push_event(0, 2), 0);
        ck_assert_int_eq(push_event(0, 2), 0);
        ck_assert_int_eq(push_event(0, 2), -ENOBUFS);
        ck_assert_uint_eq(outbox.seq, 102);
        /* Nor does it make any when it is acknowledged. */
        for (int i = 0; i < 102; i++)
                outbox_pop(&outbox);
        ck_assert_int_eq(outbox_acknowledge(&outbox, 100), 0);
        ck_assert_int_eq(push_event(0, 2), -ENOBUFS);
        ck_assert_int_eq(outbox_acknowledge(&outbox, 101), 0);
        ck_assert_int_eq(push_event(0, 2), 0);
        outbox_done(&outbox);
}
END_TEST

START_TEST(who_pays_is_told_when_it_is_acknowledged_and_not_before)
{
        watch(NULL);
        ck_assert_int_eq(push_paid("a"), 0);
        ck_assert_int_eq(push_paid("b"), 0);
        ck_assert_int_eq(push_paid("c"), 0);
        ck_assert_int_eq(push_event(0, 9), 0);
        outbox_pop(&outbox);
        outbox_pop(&outbox);
        ck_assert_str_eq(takes, "");
        ck_assert_int_eq(outbox_acknowledge(&outbox, 1), 0);
        ck_assert_str_eq(takes, "a");
        /* One that claims to have what was not written yet gains nothing by it. */
        ck_assert_int_eq(outbox_acknowledge(&outbox, 4), 0);
        ck_assert_str_eq(takes, "ab");
        outbox_pop(&outbox);
        ck_assert_str_eq(takes, "abc");
        outbox_done(&outbox);
        ck_assert_str_eq(takes, "abc");
}
END_TEST

START_TEST(who_pays_is_told_of_what_arrived_before_the_connection_was_lost)
{
        watch(NULL);
        ck_assert_int_eq(push_paid("a"), 0);
        ck_assert_int_eq(push_paid("b"), 0);
        outbox_pop(&outbox);
        outbox_pop(&outbox);
        outbox_suspend(&outbox, NOW);
        ck_assert_int_eq(push_paid("c"), 0);
        ck_assert_str_eq(takes, "");
        ck_assert_int_eq(outbox_resume(&outbox, 1, NOW + 1), 0);
        ck_assert_str_eq(takes, "a");
        expect_event(2);
        expect_event(3);
        ck_assert_int_eq(outbox_acknowledge(&outbox, 3), 0);
        ck_assert_str_eq(takes, "abc");
        outbox_done(&outbox);
}
END_TEST

START_TEST(bytes_count_for_the_owner_and_for_the_whole)
{
        ByteCount hub = {0}, user = {.whole = &hub}, other = {.whole = &hub};

        push_ring(45000);
        watch(&user);
        ck_assert_uint_gt(user.n, 0);
        ck_assert_int_eq(push_paid("bob"), 0);
        ck_assert_int_eq(push_reply(1, 0), 0);
        ck_assert_uint_eq(user.n, outbox.n_bytes);
        ck_assert_uint_eq(hub.n, outbox.n_bytes);
        /* A ring is shorter when it is said again. */
        outbox_suspend(&outbox, NOW);
        ck_assert_uint_eq(user.n, outbox.n_bytes);
        ck_assert_int_eq(outbox_resume(&outbox, 0, NOW + 44 * USEC_PER_SEC), 0);
        ck_assert_uint_eq(user.n, outbox.n_bytes);
        watch(&other);
        ck_assert_uint_eq(user.n, 0);
        ck_assert_uint_eq(hub.n, other.n);
        outbox_done(&outbox);
        ck_assert_uint_eq(other.n, 0);
        ck_assert_uint_eq(hub.n, 0);
}
END_TEST

START_TEST(who_has_more_than_the_most_is_listed_as_long_as_that_is_so)
{
        ByteCount hub = {.max = SIZE_MAX}, user = {.whole = &hub}, other = {.whole = &hub};
        Outbox mine = outbox;
        size_t one;

        ck_assert_int_eq(push_event(0, 9), 0);
        one = outbox.n_bytes;
        user.max = 2 * one;
        watch(&user);
        ck_assert_int_eq(push_event(0, 9), 0);
        ck_assert_ptr_null(hub.over);
        ck_assert_int_eq(push_event(0, 9), 0);
        ck_assert_int_eq(push_event(0, 9), 0);
        ck_assert_ptr_eq(hub.over, &user);
        outbox_set_owner(&mine, &(OutboxOwner){.count = &other});
        ck_assert_int_eq(outbox_push_from(&mine, &(Message){.type = MESSAGE_RINGING}, "bob", 1), 0);
        ck_assert_ptr_eq(user.next, &other);
        outbox_done(&mine);
        ck_assert_ptr_null(user.next);
        outbox_pop(&outbox);
        outbox_pop(&outbox);
        ck_assert_int_eq(outbox_acknowledge(&outbox, 1), 0);
        ck_assert_ptr_eq(hub.over, &user);
        ck_assert_int_eq(outbox_acknowledge(&outbox, 2), 0);
        ck_assert_ptr_null(hub.over);
        outbox_done(&outbox);
        ck_assert_ptr_null(hub.over);
}
END_TEST

/* A device that never reads and connects again and again would fill the hub with the rest. */
START_TEST(what_is_left_for_a_closing_connection_is_little_or_goes)
{
        ByteCount user = {.max = SIZE_MAX};
        size_t left;

        watch(&user);
        for (int i = 0; i < 2; i++) {
                ck_assert_int_eq(push_event(0, 9), 0);
                outbox_pop(&outbox); /* not acknowledged */
        }
        left = outbox.n_bytes;
        ck_assert_int_eq(push_event(0, 9), 0);
        ck_assert_int_eq(push_reply(1, 5), 0);
        left = outbox.n_bytes - left;
        outbox_end(&outbox, left);
        ck_assert_uint_eq(user.n, 0);
        ck_assert_uint_eq(outbox.n_bytes, left);
        outbox_pop(&outbox); /* nobody will acknowledge it */
        ck_assert_ptr_nonnull(strstr(text_of(outbox_peek(&outbox, 5)), "\"id\":1"));
        outbox_end(&outbox, outbox.n_bytes - 1);
        ck_assert_ptr_null(outbox.frames);
        ck_assert_uint_eq(outbox.n_bytes, 0);
}
END_TEST

START_TEST(an_address_that_fails_too_often_waits_a_minute)
{
        _cleanup_(login_limiter_freep) LoginLimiter *limiter = NULL;
        usec_t now = 1000 * USEC_PER_SEC;

        ck_assert_int_eq(login_limiter_new(2, &limiter), 0);
        login_limiter_note_failure(limiter, "192.0.2.1", now);
        ck_assert(login_limiter_is_open(limiter, "192.0.2.1", now));
        login_limiter_note_failure(limiter, "192.0.2.1", now + 1);
        ck_assert(!login_limiter_is_open(limiter, "192.0.2.1", now + 2));
        ck_assert(!login_limiter_is_open(limiter, "::ffff:192.0.2.1", now + 2));
        ck_assert(login_limiter_is_open(limiter, "192.0.2.2", now + 2));
        ck_assert(!login_limiter_is_open(limiter, "192.0.2.1", now + 60 * USEC_PER_SEC - 1));
        ck_assert(login_limiter_is_open(limiter, "192.0.2.1", now + 60 * USEC_PER_SEC));
}
END_TEST

START_TEST(an_ipv6_customer_is_one_address)
{
        _cleanup_(login_limiter_freep) LoginLimiter *limiter = NULL;

        ck_assert_int_eq(login_limiter_new(1, &limiter), 0);
        login_limiter_note_failure(limiter, "2001:db8:1:2::1", 0);
        ck_assert(!login_limiter_is_open(limiter, "2001:db8:1:2:ffff::9", 1));
        ck_assert(login_limiter_is_open(limiter, "2001:db8:1:3::1", 1));
}
END_TEST

START_TEST(each_local_user_is_one_address)
{
        _cleanup_(login_limiter_freep) LoginLimiter *limiter = NULL;

        ck_assert_int_eq(login_limiter_new(1, &limiter), 0);
        login_limiter_note_failure(limiter, "user 1000", 0);
        ck_assert(!login_limiter_is_open(limiter, "user 1000", 1));
        ck_assert(login_limiter_is_open(limiter, "user 1001", 1));
        /* The same bytes as those of user 1000. */
        ck_assert(login_limiter_is_open(limiter, "232.3.0.0", 1));
        ck_assert(login_limiter_is_open(limiter, "0.0.3.232", 1));
}
END_TEST

START_TEST(without_a_limit_the_gate_stays_open)
{
        _cleanup_(login_limiter_freep) LoginLimiter *limiter = NULL;

        ck_assert_int_eq(login_limiter_new(0, &limiter), 0);
        for (int i = 0; i < 1000; i++)
                login_limiter_note_failure(limiter, "192.0.2.1", 0);
        ck_assert(login_limiter_is_open(limiter, "192.0.2.1", 0));
}
END_TEST

/* A commit with its own database file. */
static char path[64];
static HubDatabase *database;
static Checkpointer *checkpointer;
static Commit *commit;

static void setup_commit(void)
{
        char *text = NULL;

        STR_SET(path, "/tmp/test-hub-queues-XXXXXX");
        close(mkstemp(path));
        ck_assert_int_eq(hub_database_open(path, &database, &text), 0);
        ck_assert_int_eq(checkpointer_new(path, &checkpointer), 0);
        ck_assert_int_eq(commit_new(database, checkpointer, &commit), 0);
}

static void teardown_commit(void)
{
        commit = commit_free(commit);
        checkpointer = checkpointer_free(checkpointer);
        database = hub_database_free(database);
        unlink(path);
}

static void add_drop(usec_t now)
{
        Write write = {.type = WRITE_DROP, .session_id = "0b7e6a52-90f7-4d4e-8f2c-0c9d7a1b2c3d"};

        ck_assert_int_eq(commit_add(commit, &write, now), 0);
}

START_TEST(a_commit_is_due_at_once_and_numbered)
{
        usec_t now = 1000 * USEC_PER_SEC;

        ck_assert_uint_eq(commit_wait(commit, now), USEC_NEVER);
        ck_assert_uint_eq(commit_barrier(commit), commit_done(commit));
        add_drop(now);
        ck_assert_uint_eq(commit_wait(commit, now), 0);
        uint64_t barrier = commit_barrier(commit);
        ck_assert_uint_eq(barrier, commit_done(commit) + 1);
        commit_run(commit, now);
        ck_assert_uint_eq(commit_done(commit), barrier);
        ck_assert_uint_eq(commit_wait(commit, now), USEC_NEVER);
}
END_TEST

START_TEST(a_commit_writes_so_much_and_the_next_one_goes_on)
{
        usec_t now = 1000 * USEC_PER_SEC;
        uint64_t done = commit_done(commit);

        for (int i = 0; i < COMMIT_WRITES_MAX; i++)
                add_drop(now);
        ck_assert_uint_eq(commit_barrier(commit), done + 1);
        add_drop(now);
        ck_assert_uint_eq(commit_barrier(commit), done + 2);
        commit_run(commit, now);
        ck_assert_uint_eq(commit_done(commit), done + 1);
        ck_assert_uint_eq(commit_barrier(commit), done + 2);
        ck_assert_uint_ne(commit_wait(commit, now), USEC_NEVER);
        commit_run(commit, now);
        ck_assert_uint_eq(commit_done(commit), done + 2);
        ck_assert_uint_eq(commit_barrier(commit), done + 2);
        for (int i = 0; i < 2 * COMMIT_WRITES_MAX + 1; i++)
                add_drop(now);
        commit_run_all(commit, now);
        ck_assert_uint_eq(commit_done(commit), done + 5);
        ck_assert_uint_eq(commit_wait(commit, now), USEC_NEVER);
}
END_TEST

static void add_called(unsigned n)
{
        Write write = {.type = WRITE_CALLED, .uid = "alice", .on = true};

        snprintf(write.other, sizeof(write.other), "u%u", n);
        ck_assert_int_eq(commit_add(commit, &write, NOW), 0);
}

static int expect_called(const char *uid, const char *called, void *userdata)
{
        unsigned *n = userdata;
        char expected[UID_MAX + 1];

        snprintf(expected, sizeof(expected), "u%u", (*n)++);
        ck_assert_str_eq(called, expected);
        return 0;
}

/* While others come: more than are written, and then fewer, so that the queue grows and shrinks. */
START_TEST(what_waits_is_written_in_order_and_once)
{
        unsigned n = 0, n_seen = 0;

        for (unsigned round = 0; round < 40; round++) {
                for (unsigned i = 0; i < (round < 20 ? 400u : 150u); i++)
                        add_called(n++);
                commit_run(commit, NOW);
        }
        ck_assert_uint_eq(commit_barrier(commit) - commit_done(commit),
                          (n - 40 * COMMIT_WRITES_MAX + COMMIT_WRITES_MAX - 1) / COMMIT_WRITES_MAX);
        commit_run_all(commit, NOW);
        ck_assert_int_eq(hub_database_each_called(database, expect_called, &n_seen), 0);
        ck_assert_uint_eq(n_seen, n);
}
END_TEST

/* The processor's time for it, which others on the machine do not change. */
static double writing_takes(unsigned n)
{
        clock_t begin = clock();
        int r = 0;

        for (unsigned i = 0; i < n; i++) {
                Write write = {.type = WRITE_DROP, .session_id = ID};

                r |= commit_add(commit, &write, NOW);
        }
        commit_run_all(commit, NOW);
        ck_assert_int_eq(r, 0);
        ck_assert_uint_eq(commit_wait(commit, NOW), USEC_NEVER);
        return (double)(clock() - begin);
}

/* After a time with a full disk. It takes 30 times as long if each commit moves what is left. */
START_TEST(ten_times_as_many_that_wait_take_about_ten_times_as_long)
{
        double few = writing_takes(10000);

        ck_assert_double_lt(writing_takes(100000), 20 * few);
}
END_TEST

static void add_live(usec_t now)
{
        Write write = {.type = WRITE_LIVE, .session_id = ID, .json = strdup("{}")};

        ck_assert_int_eq(commit_add(commit, &write, now), 0);
}

START_TEST(while_nothing_can_be_written_nothing_is_confirmed)
{
        struct rlimit full = {4096, RLIM_INFINITY}, empty = {RLIM_INFINITY, RLIM_INFINITY};
        usec_t now = 1000 * USEC_PER_SEC;

        signal(SIGXFSZ, SIG_IGN);
        add_live(now);
        uint64_t barrier = commit_barrier(commit), done = commit_done(commit);
        ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &full), 0);
        commit_run(commit, now);
        ck_assert_int_lt(commit_error(commit), 0);
        ck_assert_uint_eq(commit_done(commit), done);
        /* It is tried again, but not with each request. */
        ck_assert_uint_eq(commit_wait(commit, now), USEC_PER_SEC);
        ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &empty), 0);
        add_drop(now + 1);
        commit_run(commit, now + 1);
        ck_assert_uint_eq(commit_done(commit), done);
        commit_run(commit, now + USEC_PER_SEC);
        ck_assert_int_eq(commit_error(commit), 0);
        ck_assert_uint_eq(commit_done(commit), barrier);
        ck_assert_uint_eq(commit_wait(commit, now + USEC_PER_SEC), USEC_NEVER);
}
END_TEST

static void no_log(int n_pages, void *userdata)
{
}

static off_t file_size(void)
{
        struct stat status;

        ck_assert_int_eq(stat(path, &status), 0);
        return status.st_size;
}

/* In the checkpointer's thread, while the database still has its connection. */
START_TEST(the_log_is_moved_into_the_database)
{
        Write write = {.type = WRITE_LIVE, .session_id = ID};
        usec_t deadline = clock_boottime() + 60 * USEC_PER_SEC;
        off_t before = file_size();

        hub_database_watch_log(database, no_log, NULL);
        write.json = calloc(1, 1000000);
        ck_assert_ptr_nonnull(write.json);
        memset(write.json, ' ', 999999);
        ck_assert_int_eq(commit_add(commit, &write, 1), 0);
        commit_run(commit, 1);
        ck_assert_int_eq(file_size(), before);
        checkpointer_log_grew(INT_MAX, checkpointer);
        while (file_size() < before + 1000000 && clock_boottime() < deadline)
                usleep(1000);
        ck_assert_int_ge(file_size(), before + 1000000);
}
END_TEST

START_TEST(under_load_a_commit_waits_a_millisecond)
{
        usec_t now = 1000 * USEC_PER_SEC;

        /* 100 in 10 ms is not load yet. */
        for (int i = 0; i < 100; i++)
                add_drop(now);
        commit_run(commit, now);
        add_drop(now + 10 * USEC_PER_MSEC);
        ck_assert_uint_eq(commit_wait(commit, now + 10 * USEC_PER_MSEC), 0);
        commit_run(commit, now);

        now += USEC_PER_SEC;
        for (int i = 0; i < 101; i++)
                add_drop(now);
        commit_run(commit, now);
        now += 10 * USEC_PER_MSEC;
        add_drop(now);
        ck_assert_uint_eq(commit_wait(commit, now), USEC_PER_MSEC);
        ck_assert_uint_eq(commit_wait(commit, now + 400), USEC_PER_MSEC - 400);
        ck_assert_uint_eq(commit_wait(commit, now + USEC_PER_MSEC), 0);
        commit_run(commit, now);
        now += USEC_PER_SEC;
        add_drop(now);
        ck_assert_uint_eq(commit_wait(commit, now), 0);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("hub queues");
        TCase *tests = tcase_create("queues"), *commits = tcase_create("commit");

        tcase_add_test(tests, what_waits_for_a_commit_holds_up_what_is_behind);
        tcase_add_test(tests, a_refusal_does_not_wait);
        tcase_add_test(tests, events_are_numbered_and_replies_are_not);
        tcase_add_test(tests, events_count_until_they_are_acknowledged);
        tcase_add_test(tests, several_messages_are_framed_for_one_write);
        tcase_add_test(tests, rule_17_who_comes_back_gets_each_event_once);
        tcase_add_test(tests, rule_17_what_is_not_kept_cannot_be_resumed);
        tcase_add_test(tests, rule_17_a_device_that_is_away_has_so_many_events_and_no_more);
        tcase_add_test(tests, rule_16_a_ring_is_announced_again_with_what_is_left_of_it);
        tcase_add_test(tests, what_others_pay_for_takes_no_room_from_the_hubs_own);
        tcase_add_test(tests, who_pays_is_told_when_it_is_acknowledged_and_not_before);
        tcase_add_test(tests, who_pays_is_told_of_what_arrived_before_the_connection_was_lost);
        tcase_add_test(tests, bytes_count_for_the_owner_and_for_the_whole);
        tcase_add_test(tests, who_has_more_than_the_most_is_listed_as_long_as_that_is_so);
        tcase_add_test(tests, what_is_left_for_a_closing_connection_is_little_or_goes);
        tcase_add_test(tests, an_address_that_fails_too_often_waits_a_minute);
        tcase_add_test(tests, an_ipv6_customer_is_one_address);
        tcase_add_test(tests, each_local_user_is_one_address);
        tcase_add_test(tests, without_a_limit_the_gate_stays_open);
        suite_add_tcase(suite, tests);
        tcase_add_checked_fixture(commits, setup_commit, teardown_commit);
        tcase_add_test(commits, a_commit_is_due_at_once_and_numbered);
        tcase_add_test(commits, a_commit_writes_so_much_and_the_next_one_goes_on);
        tcase_add_test(commits, what_waits_is_written_in_order_and_once);
        tcase_add_test(commits, ten_times_as_many_that_wait_take_about_ten_times_as_long);
        tcase_add_test(commits, while_nothing_can_be_written_nothing_is_confirmed);
        tcase_add_test(commits, the_log_is_moved_into_the_database);
        tcase_add_test(commits, under_load_a_commit_waits_a_millisecond);
        suite_add_tcase(suite, commits);
        return suite_run(suite);
}
