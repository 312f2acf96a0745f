/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* When a worker that gives no sign of life is asked, and when it is given up. */
#include "loop/worker-watch.h"

#include "suite.h"

#define BEGIN (1000 * USEC_PER_SEC)

typedef struct Story {
        WorkerLife life;
        usec_t now;
} Story;

static Story begin(void)
{
        Story story = {.now = BEGIN};

        ck_assert_int_eq(worker_life_look(&story.life, story.now), WORKER_LIVES);
        return story;
}

/* Looks once a second; the verdict after so much time. */
static WorkerVerdict after(Story *story, usec_t us)
{
        WorkerVerdict verdict = WORKER_LIVES;

        for (usec_t end = story->now + us; story->now < end;) {
                story->now += USEC_PER_SEC;
                verdict = worker_life_look(&story->life, story->now);
        }
        return verdict;
}

START_TEST(silent_worker_is_asked_once_and_given_up_after_10_s_more)
{
        Story story = begin();

        ck_assert_int_eq(after(&story, WORKER_QUIET_US - USEC_PER_SEC), WORKER_LIVES);
        ck_assert_int_eq(after(&story, USEC_PER_SEC), WORKER_IS_ASKED);
        ck_assert_int_eq(after(&story, USEC_PER_SEC), WORKER_LIVES);
        ck_assert_int_eq(after(&story, WORKER_ANSWER_US - 2 * USEC_PER_SEC), WORKER_LIVES);
        ck_assert_int_eq(after(&story, USEC_PER_SEC), WORKER_IS_DEAD);
}
END_TEST

START_TEST(any_sign_of_life_starts_it_over)
{
        Story story = begin();

        after(&story, WORKER_QUIET_US + WORKER_ANSWER_US - USEC_PER_SEC);
        worker_life_heard(&story.life);
        ck_assert_int_eq(after(&story, WORKER_QUIET_US - USEC_PER_SEC), WORKER_LIVES);
        ck_assert_int_eq(after(&story, USEC_PER_SEC), WORKER_IS_ASKED);
        ck_assert_int_eq(after(&story, WORKER_ANSWER_US - USEC_PER_SEC), WORKER_LIVES);
        ck_assert_int_eq(after(&story, USEC_PER_SEC), WORKER_IS_DEAD);
}
END_TEST

START_TEST(time_in_which_this_program_did_not_run_does_not_count)
{
        Story story = begin();

        after(&story, WORKER_QUIET_US);
        /* A night of sleep counts as one look. */
        story.now += 8 * 3600 * USEC_PER_SEC;
        ck_assert_int_eq(worker_life_look(&story.life, story.now), WORKER_LIVES);
        ck_assert_int_eq(after(&story, WORKER_ANSWER_US - OWN_TIME_STEP_MAX_US - USEC_PER_SEC),
                         WORKER_LIVES);
        ck_assert_int_eq(after(&story, USEC_PER_SEC), WORKER_IS_DEAD);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("worker-watch");
        TCase *tcase = tcase_create("watch");

        tcase_add_test(tcase, silent_worker_is_asked_once_and_given_up_after_10_s_more);
        tcase_add_test(tcase, any_sign_of_life_starts_it_over);
        tcase_add_test(tcase, time_in_which_this_program_did_not_run_does_not_count);
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
