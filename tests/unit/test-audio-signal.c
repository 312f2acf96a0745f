/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The measurements that tests of sound rely on: a rig that hears wrongly lets anything pass. */

#include <math.h>
#include <string.h>

#include "rig/audio-signal.h"
#include "suite.h"

#define SECOND RIG_RATE

static float samples[SECOND];

static void fill_tone(double frequency, double amplitude)
{
        for (size_t i = 0; i < SECOND; i++)
                samples[i] = (float)(amplitude * sin(2 * M_PI * frequency * (double)i / RIG_RATE));
}

START_TEST(a_tone_has_its_own_level)
{
        fill_tone(440.3, 0.25);
        ck_assert_double_eq_tol(rig_tone_db(samples, SECOND, 440.3), -12.04, 0.05);
        ck_assert_double_eq_tol(rig_level_db(samples, SECOND), -12.04, 0.05);
}
END_TEST

START_TEST(another_tone_is_not_taken_for_it)
{
        fill_tone(1000.7, 1.0);
        ck_assert_double_lt(rig_tone_db(samples, SECOND, 440), -90);
}
END_TEST

START_TEST(gaps_do_not_lower_the_peak_of_a_tone)
{
        fill_tone(440.3, 0.25);
        memset(samples, 0, sizeof(samples) / 2);
        ck_assert_double_eq_tol(rig_peak_db(samples, SECOND), -12.04, 0.05);
        ck_assert_double_lt(rig_level_db(samples, SECOND), -14);
        ck_assert_double_eq(rig_peak_db(samples, SECOND / 2), RIG_SILENCE_DB);
}
END_TEST

START_TEST(nothing_is_silence)
{
        fill_tone(440, 0);
        ck_assert_double_eq(rig_tone_db(samples, SECOND, 440), RIG_SILENCE_DB);
        ck_assert_double_eq(rig_level_db(samples, 0), RIG_SILENCE_DB);
}
END_TEST

START_TEST(a_chirp_is_found_to_the_sample_in_noise)
{
        float chirp[RIG_CHIRP_LENGTH];
        size_t position = 0;

        rig_chirp(chirp);
        srand(1);
        for (size_t i = 0; i < SECOND; i++)
                samples[i] = 0.05f * ((float)rand() / (float)RAND_MAX - 0.5f);
        for (size_t i = 0; i < RIG_CHIRP_LENGTH; i++)
                samples[12345 + i] += 0.3f * chirp[i];
        ck_assert_double_gt(rig_chirp_find(samples, SECOND, chirp, &position), 0.9);
        ck_assert_uint_eq(position, 12345);
}
END_TEST

START_TEST(no_chirp_is_found_where_none_is)
{
        float chirp[RIG_CHIRP_LENGTH];
        size_t position = 0;

        rig_chirp(chirp);
        fill_tone(440, 0.25);
        ck_assert_double_lt(rig_chirp_find(samples, SECOND, chirp, &position), 0.5);
        fill_tone(440, 0);
        ck_assert_double_lt(rig_chirp_find(samples, SECOND, chirp, &position), 0.5);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("audio-signal");
        TCase *tcase = tcase_create("signal");

        tcase_add_test(tcase, a_tone_has_its_own_level);
        tcase_add_test(tcase, another_tone_is_not_taken_for_it);
        tcase_add_test(tcase, gaps_do_not_lower_the_peak_of_a_tone);
        tcase_add_test(tcase, nothing_is_silence);
        tcase_add_test(tcase, a_chirp_is_found_to_the_sample_in_noise);
        tcase_add_test(tcase, no_chirp_is_found_where_none_is);
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
