/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which device goes when too many messages wait. All devices here are away, and may come back. */
#include "hub/internal.h"
#include "suite.h"

#define TEXT_BYTES 40000

static Hub hub;

static void setup(void)
{
        hub = (Hub){.queued.max = OUTBOXES_BYTES_MAX};
        ck_assert_int_eq(exchange_new(&(ExchangeLimits){0}, &hub.exchange), 0);
}

static DeviceSession *add_device(const char *uid)
{
        DeviceSession *session = calloc(1, sizeof(*session));

        ck_assert_ptr_nonnull(session);
        session->hub = &hub;
        session->number = ++hub.last_number;
        session->user = hub_user_enter(&hub, uid);
        ck_assert_ptr_nonnull(session->user);
        snprintf(session->device, sizeof(session->device), "d%u", (unsigned)session->number);
        HASH_ADD(hh, hub.sessions, number, sizeof(session->number), session);
        DL_APPEND(session->user->sessions, session);
        session->user->n_sessions++;
        DL_APPEND2(hub.suspended, session, waits_prev, waits_next);
        outbox_set_owner(&session->outbox, &(OutboxOwner){.count = &session->user->queued});
        return session;
}

static void put(DeviceSession *session, size_t n)
{
        static char text[TEXT_BYTES + 1];
        Message message = {.type = MESSAGE_SIGNALLED, .signal.data = text};

        memset(text, 'x', TEXT_BYTES);
        STR_SET(message.signal.session_id, "0b7e6a52-90f7-4d4e-8f2c-0c9d7a1b2c3d");
        STR_SET(message.signal.peer, "1-aa");
        for (size_t i = 0; i < n; i++)
                ck_assert_int_eq(outbox_push_from(&session->outbox, &message, "carol", 1), 0);
}

static void teardown(void)
{
        DeviceSession *session, *next;

        HASH_ITER (hh, hub.sessions, session, next)
                device_session_free(&hub, session);
        ck_assert_uint_eq(hub.queued.n, 0);
        exchange_free(hub.exchange);
}

static bool is_there(uint64_t number)
{
        return device_session_find(&hub, number);
}

/* Both sides of the limit. */
START_TEST(of_a_users_devices_the_one_with_most_in_line_goes)
{
        DeviceSession *few = add_device("alice"), *most = add_device("alice");
        DeviceSession *other = add_device("bob");
        uint64_t gone = most->number, left = few->number, other_left = other->number;
        size_t one, n;

        put(few, 1);
        one = few->outbox.n_bytes;
        n = OUTBOXES_BYTES_USER_MAX / (one + 10); /* numbers grow by some digits */
        put(most, n / 2 + 1);
        put(few, n - n / 2 - 2);
        put(other, n);
        hub_shed(&hub);
        ck_assert(is_there(gone) && is_there(left) && is_there(other_left));
        put(few, 1 + n / 100);
        put(most, 1 + n / 100);
        hub_shed(&hub);
        ck_assert(!is_there(gone));
        ck_assert(is_there(left) && is_there(other_left));
}
END_TEST

START_TEST(each_user_who_has_too_much_in_line_loses_a_device_and_nobody_else_does)
{
        DeviceSession *first = add_device("alice"), *between = add_device("bob");
        DeviceSession *last = add_device("carol");
        uint64_t first_gone = first->number, left = between->number, last_gone = last->number;
        size_t n = OUTBOXES_BYTES_USER_MAX / TEXT_BYTES + 1;

        put(first, n);
        put(last, n);
        /* It had too much for a moment only. */
        put(between, n);
        while (outbox_peek(&between->outbox, 0))
                outbox_pop(&between->outbox);
        ck_assert_int_eq(outbox_acknowledge(&between->outbox, n / 2), 0);
        hub_shed(&hub);
        ck_assert(!is_there(first_gone) && !is_there(last_gone));
        ck_assert(is_there(left));
}
END_TEST

START_TEST(of_all_devices_the_one_with_most_in_line_goes)
{
        DeviceSession *few = add_device("alice"), *most = add_device("bob");
        uint64_t gone = most->number, left = few->number;

        put(few, 2);
        put(most, 3);
        hub.queued.n += OUTBOXES_BYTES_MAX - 5 * TEXT_BYTES - 1000; /* of others */
        hub_shed(&hub);
        ck_assert(is_there(gone) && is_there(left));
        put(few, 1);
        put(most, 1);
        hub_shed(&hub);
        ck_assert(!is_there(gone));
        ck_assert(is_there(left));
        hub.queued.n -= OUTBOXES_BYTES_MAX - 5 * TEXT_BYTES - 1000;
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("hub crowd");
        TCase *tests = tcase_create("crowd");

        tcase_add_checked_fixture(tests, setup, teardown);
        tcase_add_test(tests, of_a_users_devices_the_one_with_most_in_line_goes);
        tcase_add_test(tests,
                       each_user_who_has_too_much_in_line_loses_a_device_and_nobody_else_does);
        tcase_add_test(tests, of_all_devices_the_one_with_most_in_line_goes);
        suite_add_tcase(suite, tests);
        return suite_run(suite);
}
