/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which device is used, and what is reported about it; and the fade from one sound to another. */

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "media/device-choice.h"
#include "media/fade.h"
#include "suite.h"

START_TEST(chosen_device_is_used_while_it_is_there)
{
        ck_assert_int_eq(device_use("", false, false), DEVICE_NONE);
        ck_assert_int_eq(device_use("mic", false, false), DEVICE_NONE);
        ck_assert_int_eq(device_use("", true, false), DEVICE_DEFAULT);
        ck_assert_int_eq(device_use("mic", true, true), DEVICE_CHOSEN);
        ck_assert_int_eq(device_use("mic", true, false), DEVICE_STAND_IN);
}
END_TEST

START_TEST(only_a_chosen_device_is_aimed_at)
{
        ck_assert_str_eq(device_target(DEVICE_CHOSEN, "mic", ""), "mic");
        ck_assert_str_eq(device_target(DEVICE_STAND_IN, "mic", ""), "");
        ck_assert_str_eq(device_target(DEVICE_DEFAULT, "", ""), "");
        ck_assert_str_eq(device_target(DEVICE_NONE, "mic", ""), "");
}
END_TEST

START_TEST(another_device_is_aimed_at_in_place_of_a_default_that_is_none)
{
        ck_assert_str_eq(device_target(DEVICE_CHOSEN, "mic", "other"), "mic");
        ck_assert_str_eq(device_target(DEVICE_STAND_IN, "mic", "other"), "other");
        ck_assert_str_eq(device_target(DEVICE_DEFAULT, "", "other"), "other");
        ck_assert_str_eq(device_target(DEVICE_NONE, "", "other"), "");
}
END_TEST

static const struct {
        DeviceUse was, now;
        const char *says; /* NULL: nothing */
        bool loss;
} changes[] = {
        {DEVICE_UNKNOWN, DEVICE_CHOSEN, NULL, false},
        {DEVICE_UNKNOWN, DEVICE_DEFAULT, NULL, false},
        {DEVICE_UNKNOWN, DEVICE_NONE, "there is no microphone", false},
        {DEVICE_UNKNOWN, DEVICE_STAND_IN, "there is no microphone named 'm?c'", false},
        {DEVICE_NONE, DEVICE_STAND_IN, "there is no microphone named 'm?c'", false},
        {DEVICE_NONE, DEVICE_CHOSEN, NULL, false},
        {DEVICE_NONE, DEVICE_DEFAULT, NULL, false},
        {DEVICE_CHOSEN, DEVICE_STAND_IN,
         "microphone 'm?c' was unplugged; using the default until it returns", true},
        {DEVICE_CHOSEN, DEVICE_NONE, "there is no microphone any more", true},
        {DEVICE_DEFAULT, DEVICE_NONE, "there is no microphone any more", true},
        {DEVICE_STAND_IN, DEVICE_NONE, "there is no microphone any more", true},
        {DEVICE_STAND_IN, DEVICE_CHOSEN, NULL, false},
        {DEVICE_STAND_IN, DEVICE_STAND_IN, NULL, false},
        {DEVICE_NONE, DEVICE_NONE, NULL, false},
};

START_TEST(losses_are_reported_and_returns_are_not)
{
        char sentence[256] = "";
        bool reported = device_sentence(changes[_i].was, changes[_i].now, "microphone",
                                        "m\x01"
                                        "c",
                                        sentence, sizeof(sentence));

        ck_assert_int_eq(reported, changes[_i].says != NULL);
        if (reported)
                ck_assert_msg(strstr(sentence, changes[_i].says) == sentence, "says: %s", sentence);
        ck_assert_int_eq(device_is_loss(changes[_i].was, changes[_i].now), changes[_i].loss);
}
END_TEST

#define LENGTH 480
#define LOUD 16000

START_TEST(frames_change_over_without_a_step)
{
        int16_t from[LENGTH], to[LENGTH], begin[LENGTH];

        for (size_t i = 0; i < LENGTH; i++) {
                from[i] = LOUD;
                to[i] = -LOUD;
                begin[i] = LOUD;
        }
        fade_over(from, to, LENGTH);
        fade_in(begin, LENGTH);
        ck_assert_int_eq(to[0], LOUD);
        ck_assert_int_le(to[LENGTH - 1], -LOUD * 99 / 100);
        ck_assert_int_eq(begin[0], 0);
        ck_assert_int_ge(begin[LENGTH - 1], LOUD * 99 / 100);
        for (size_t i = 1; i < LENGTH; i++) {
                ck_assert_int_le(abs(to[i] - to[i - 1]), 2 * LOUD / LENGTH + 1);
                ck_assert_int_le(abs(begin[i] - begin[i - 1]), LOUD / LENGTH + 1);
        }
}
END_TEST

START_TEST(blocks_begin_and_end_without_a_step)
{
        float block[100], end[2 * FADE_LENGTH], last = 0;
        size_t done = 0;

        for (size_t n = 0; n < 5; n++) {
                for (size_t i = 0; i < ELEMENTSOF(block); i++)
                        block[i] = 1;
                fade_in_blocks(block, ELEMENTSOF(block), &done);
                for (size_t i = 0; i < ELEMENTSOF(block); i++) {
                        ck_assert_float_le(block[i] - last, 1.5f / FADE_LENGTH);
                        last = block[i];
                }
        }
        ck_assert_float_eq(last, 1);
        fade_out_block(1, end, ELEMENTSOF(end));
        for (size_t i = 0; i < ELEMENTSOF(end); i++) {
                ck_assert_float_le(last - end[i], 1.5f / FADE_LENGTH);
                last = end[i];
        }
        ck_assert_float_eq(last, 0);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("device-choice");
        TCase *tcase = tcase_create("choice");

        tcase_add_test(tcase, chosen_device_is_used_while_it_is_there);
        tcase_add_test(tcase, only_a_chosen_device_is_aimed_at);
        tcase_add_test(tcase, another_device_is_aimed_at_in_place_of_a_default_that_is_none);
        tcase_add_loop_test(tcase, losses_are_reported_and_returns_are_not, 0, ELEMENTSOF(changes));
        tcase_add_test(tcase, frames_change_over_without_a_step);
        tcase_add_test(tcase, blocks_begin_and_end_without_a_step);
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
