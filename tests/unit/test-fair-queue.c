/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whose work is done next. */
#include <errno.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "hub/fair-queue.h"
#include "suite.h"

static FairQueue queue;

START_TEST(users_take_turns_and_each_does_one_thing_after_the_other)
{
        FairJob alice[3] = {0}, bob = {0};

        for (size_t i = 0; i < ELEMENTSOF(alice); i++)
                ck_assert_int_eq(fair_queue_add(&queue, "alice", &alice[i], 1), 0);
        ck_assert_int_eq(fair_queue_add(&queue, "bob", &bob, 1), 0);
        for (int i = 0; i < 3; i++) {
                ck_assert_ptr_eq(fair_queue_next(&queue), &alice[0]);
                ck_assert_ptr_eq(fair_queue_next(&queue), &bob);
        }
        fair_queue_remove(&queue, &alice[0]);
        ck_assert_ptr_eq(fair_queue_next(&queue), &alice[1]);
        fair_queue_remove(&queue, &bob);
        ck_assert_ptr_eq(fair_queue_next(&queue), &alice[1]);
        fair_queue_remove(&queue, &alice[1]);
        ck_assert_ptr_eq(fair_queue_first(&queue, "alice"), &alice[2]);
        ck_assert_ptr_null(fair_queue_first(&queue, "bob"));
        fair_queue_remove(&queue, &alice[2]);
        ck_assert_ptr_null(fair_queue_next(&queue));
        ck_assert_uint_eq(queue.n_jobs, 0);
}
END_TEST

START_TEST(who_comes_later_waits_for_one_step_of_each)
{
        FairJob jobs[3] = {0};

        ck_assert_int_eq(fair_queue_add(&queue, "alice", &jobs[0], 1), 0);
        ck_assert_int_eq(fair_queue_add(&queue, "bob", &jobs[1], 1), 0);
        ck_assert_ptr_eq(fair_queue_next(&queue), &jobs[0]);
        ck_assert_int_eq(fair_queue_add(&queue, "carol", &jobs[2], 1), 0);
        ck_assert_ptr_eq(fair_queue_next(&queue), &jobs[1]);
        ck_assert_ptr_eq(fair_queue_next(&queue), &jobs[0]);
        ck_assert_ptr_eq(fair_queue_next(&queue), &jobs[2]);
        for (size_t i = 0; i < ELEMENTSOF(jobs); i++)
                fair_queue_remove(&queue, &jobs[i]);
}
END_TEST

START_TEST(what_is_put_first_is_done_before_the_user_s_other_jobs)
{
        FairJob jobs[2] = {0}, first = {0}, second = {0}, other = {0};

        ck_assert_int_eq(fair_queue_add(&queue, "alice", &jobs[0], 1), 0);
        ck_assert_int_eq(fair_queue_add(&queue, "alice", &jobs[1], 1), 0);
        ck_assert_int_eq(fair_queue_add(&queue, "bob", &other, 1), 0);
        ck_assert_ptr_eq(fair_queue_next(&queue), &jobs[0]);
        ck_assert_int_eq(fair_queue_add_first(&queue, "alice", &first, 1), 0);
        ck_assert_ptr_eq(fair_queue_next(&queue), &other);
        ck_assert_ptr_eq(fair_queue_next(&queue), &first);
        fair_queue_remove(&queue, &other);
        ck_assert_int_eq(fair_queue_add_first(&queue, "alice", &second, 1), 0);
        ck_assert_ptr_eq(fair_queue_next(&queue), &first);
        fair_queue_remove(&queue, &first);
        ck_assert_ptr_eq(fair_queue_next(&queue), &second);
        fair_queue_remove(&queue, &second);
        ck_assert_ptr_eq(fair_queue_next(&queue), &jobs[0]);
        fair_queue_remove(&queue, &jobs[0]);
        fair_queue_remove(&queue, &jobs[1]);
        /* Also as the only one. */
        ck_assert_int_eq(fair_queue_add_first(&queue, "alice", &first, 1), 0);
        ck_assert_ptr_eq(fair_queue_next(&queue), &first);
        fair_queue_remove(&queue, &first);
}
END_TEST

START_TEST(a_user_has_so_many_bytes_in_line_and_no_more)
{
        FairJob first = {0}, second = {0}, other = {0};

        ck_assert_int_eq(fair_queue_add(&queue, "alice", &first, FAIR_LINE_BYTES_MAX - 1), 0);
        ck_assert_int_eq(fair_queue_add(&queue, "alice", &second, 2), -ENOBUFS);
        ck_assert_int_eq(fair_queue_add(&queue, "alice", &second, 1), 0);
        ck_assert_int_eq(fair_queue_add(&queue, "bob", &other, FAIR_LINE_BYTES_MAX), 0);
        fair_queue_remove(&queue, &first);
        ck_assert_int_eq(fair_queue_add(&queue, "alice", &first, FAIR_LINE_BYTES_MAX - 1), 0);
        fair_queue_remove(&queue, &first);
        fair_queue_remove(&queue, &second);
        fair_queue_remove(&queue, &other);
        ck_assert_uint_eq(queue.n_shared, 0);
}
END_TEST

/* However many others have taken all the rest. */
START_TEST(what_a_user_is_sure_of_is_there_when_all_users_have_too_much)
{
        enum {
                SHARED = FAIR_LINE_BYTES_MAX - FAIR_LINE_BYTES_SURE,
                USERS = FAIR_QUEUE_BYTES_MAX / SHARED,
                REST = FAIR_QUEUE_BYTES_MAX - USERS * SHARED
        };
        FairJob jobs[USERS] = {0}, most = {0}, last = {0}, sure = {0}, none = {0}, one = {0};
        char uid[8];

        for (int i = 0; i < USERS; i++) {
                snprintf(uid, sizeof(uid), "u%d", i);
                ck_assert_int_eq(fair_queue_add(&queue, uid, &jobs[i], FAIR_LINE_BYTES_MAX), 0);
        }
        ck_assert_int_eq(fair_queue_add(&queue, "carol", &most, FAIR_LINE_BYTES_SURE + REST - 1),
                         0);
        ck_assert_int_eq(fair_queue_add(&queue, "carol", &last, 2), -ENOBUFS);
        ck_assert_int_eq(fair_queue_add(&queue, "carol", &last, 1), 0);
        ck_assert_int_eq(fair_queue_add(&queue, "alice", &one, FAIR_LINE_BYTES_SURE + 1), -ENOBUFS);
        /* What was refused has left no line behind. */
        ck_assert_ptr_null(fair_queue_first(&queue, "alice"));
        ck_assert_int_eq(fair_queue_add(&queue, "alice", &sure, FAIR_LINE_BYTES_SURE), 0);
        ck_assert_int_eq(fair_queue_add(&queue, "alice", &one, 1), -ENOBUFS);
        ck_assert_int_eq(fair_queue_add(&queue, "u0", &none, 0), 0);
        fair_queue_remove(&queue, &last);
        ck_assert_int_eq(fair_queue_add(&queue, "alice", &one, 1), 0);

        FairJob *job;
        while ((job = fair_queue_next(&queue)))
                fair_queue_remove(&queue, job);
        ck_assert_uint_eq(queue.n_shared, 0);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("fair queue");
        TCase *tests = tcase_create("lines");

        tcase_add_test(tests, users_take_turns_and_each_does_one_thing_after_the_other);
        tcase_add_test(tests, who_comes_later_waits_for_one_step_of_each);
        tcase_add_test(tests, what_is_put_first_is_done_before_the_user_s_other_jobs);
        tcase_add_test(tests, a_user_has_so_many_bytes_in_line_and_no_more);
        tcase_add_test(tests, what_a_user_is_sure_of_is_there_when_all_users_have_too_much);
        suite_add_tcase(suite, tests);
        return suite_run(suite);
}
