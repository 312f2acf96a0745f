/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/cleanup.h"
#include "model/deadline.h"
#include "suite.h"

#define MANY 1000

/* The same numbers in every run, so that a failure can be repeated. */
static usec_t next_number(void)
{
        static uint32_t state = 12345;

        state = state * 1664525 + 1013904223;
        return state >> 8;
}

/* Takes all deadlines, none earlier than the one before. Returns their number. */
static size_t drain(Deadlines *deadlines)
{
        Deadline *first;
        usec_t last = 0;
        size_t n = 0;

        while ((first = deadlines_first(deadlines))) {
                ck_assert_uint_ge(first->at, last);
                last = first->at;
                deadlines_remove(deadlines, first);
                n++;
        }
        return n;
}

START_TEST(the_earliest_comes_first)
{
        static Deadline many[MANY];
        Deadlines deadlines = {0};

        for (size_t i = 0; i < MANY; i++)
                ck_assert_int_eq(deadlines_add(&deadlines, &many[i], next_number()), 0);
        ck_assert_uint_eq(drain(&deadlines), MANY);
        deadlines_done(&deadlines);
}
END_TEST

START_TEST(one_that_is_set_again_finds_its_place)
{
        static Deadline many[MANY];
        Deadlines deadlines = {0};

        for (size_t i = 0; i < MANY; i++)
                ck_assert_int_eq(deadlines_add(&deadlines, &many[i], next_number()), 0);
        for (size_t i = 0; i < MANY; i += 3)
                deadlines_set(&deadlines, &many[i], next_number());
        deadlines_set(&deadlines, &many[MANY / 2], 0);
        ck_assert_ptr_eq(deadlines_first(&deadlines), &many[MANY / 2]);
        deadlines_set(&deadlines, &many[MANY / 2], USEC_NEVER);
        ck_assert_ptr_ne(deadlines_first(&deadlines), &many[MANY / 2]);
        ck_assert_uint_eq(drain(&deadlines), MANY);
        deadlines_done(&deadlines);
}
END_TEST

START_TEST(one_that_is_removed_is_not_seen_again)
{
        static Deadline many[MANY];
        Deadlines deadlines = {0};

        for (size_t i = 0; i < MANY; i++)
                ck_assert_int_eq(deadlines_add(&deadlines, &many[i], next_number()), 0);
        for (size_t i = 0; i < MANY; i += 2)
                deadlines_remove(&deadlines, &many[i]);
        ck_assert_uint_eq(drain(&deadlines), MANY / 2);
        ck_assert_ptr_null(deadlines_first(&deadlines));
        deadlines_done(&deadlines);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("deadline");
        TCase *deadline = tcase_create("deadline");

        tcase_add_test(deadline, the_earliest_comes_first);
        tcase_add_test(deadline, one_that_is_set_again_finds_its_place);
        tcase_add_test(deadline, one_that_is_removed_is_not_seen_again);
        suite_add_tcase(suite, deadline);
        return suite_run(suite);
}
