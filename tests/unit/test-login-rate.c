/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hub/login-rate.h"

#include <errno.h>

#include "base/str.h"
#include "suite.h"

#define DEVICES 64 /* of one user, at most (PROTOCOL.md, Limits) */
#define BEGIN (1000 * USEC_PER_SEC)

static LoginRate *rate;

static void setup(void)
{
        ck_assert_int_eq(login_rate_new(&rate), 0);
}

static void teardown(void)
{
        rate = login_rate_free(rate);
}

static int log_in(const char *uid, usec_t now)
{
        usec_t wait;

        return login_rate_note(rate, uid, now, &wait);
}

static void use_up(const char *uid, usec_t now)
{
        for (int i = 0; i < FULL_LOGINS_PER_MINUTE; i++)
                ck_assert_int_eq(log_in(uid, now), 0);
}

START_TEST(all_devices_of_a_user_are_back_twice_in_a_minute)
{
        for (usec_t i = 0; i < 2 * DEVICES; i++)
                ck_assert_int_eq(log_in("alice", BEGIN + i), 0);
}
END_TEST

START_TEST(one_login_more_than_a_minute_s_waits_for_the_next_minute)
{
        usec_t wait = 0;

        use_up("alice", BEGIN);
        ck_assert_int_eq(login_rate_note(rate, "alice", BEGIN + 20 * USEC_PER_SEC, &wait), -EAGAIN);
        ck_assert_uint_eq(wait, 40 * USEC_PER_SEC);
        ck_assert_int_eq(log_in("alice", BEGIN + 60 * USEC_PER_SEC - 1), -EAGAIN);
        use_up("alice", BEGIN + 60 * USEC_PER_SEC);
        ck_assert_int_eq(log_in("alice", BEGIN + 60 * USEC_PER_SEC), -EAGAIN);
}
END_TEST

START_TEST(one_user_s_logins_are_held_against_no_other)
{
        use_up("alice", BEGIN);
        ck_assert_int_eq(log_in("bob", BEGIN), 0);
        ck_assert_int_eq(log_in("alice", BEGIN), -EAGAIN);
}
END_TEST

START_TEST(a_user_who_came_later_is_not_forgotten_with_the_earlier_one)
{
        ck_assert_int_eq(log_in("alice", BEGIN), 0);
        use_up("bob", BEGIN + USEC_PER_SEC);
        ck_assert_int_eq(log_in("alice", BEGIN + 60 * USEC_PER_SEC), 0);
        ck_assert_int_eq(log_in("bob", BEGIN + 60 * USEC_PER_SEC), -EAGAIN);
        ck_assert_int_eq(log_in("bob", BEGIN + 61 * USEC_PER_SEC), 0);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("login rate");
        TCase *tests = tcase_create("logins");

        tcase_add_checked_fixture(tests, setup, teardown);
        tcase_add_test(tests, all_devices_of_a_user_are_back_twice_in_a_minute);
        tcase_add_test(tests, one_login_more_than_a_minute_s_waits_for_the_next_minute);
        tcase_add_test(tests, one_user_s_logins_are_held_against_no_other);
        tcase_add_test(tests, a_user_who_came_later_is_not_forgotten_with_the_earlier_one);
        suite_add_tcase(suite, tests);
        return suite_run(suite);
}
