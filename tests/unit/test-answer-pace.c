/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/answer-pace.h"

#include "suite.h"

#define BEGIN (100 * USEC_PER_SEC)

START_TEST(one_answer_is_made_at_a_time)
{
        AnswerPace pace = {};

        ck_assert(answer_pace_begin(&pace, BEGIN));
        ck_assert(!answer_pace_begin(&pace, BEGIN));
        ck_assert(!answer_pace_begin(&pace, BEGIN + 3600 * USEC_PER_SEC));
        answer_pace_done(&pace);
        ck_assert(answer_pace_begin(&pace, BEGIN + 3600 * USEC_PER_SEC));
}
END_TEST

START_TEST(a_few_answers_are_made_a_second)
{
        AnswerPace pace = {};

        for (usec_t now = BEGIN; now <= BEGIN + USEC_PER_SEC; now += USEC_PER_SEC) {
                for (unsigned n = 0; n < ANSWERS_PER_SECOND_MAX; n++) {
                        ck_assert(answer_pace_begin(&pace, now));
                        answer_pace_done(&pace);
                }
                ck_assert(!answer_pace_begin(&pace, now));
                ck_assert(!answer_pace_begin(&pace, now + USEC_PER_SEC - 1));
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("answer-pace");
        TCase *tcase = tcase_create("answer-pace");

        tcase_add_test(tcase, one_answer_is_made_at_a_time);
        tcase_add_test(tcase, a_few_answers_are_made_a_second);
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
