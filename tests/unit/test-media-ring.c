/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "media/ring.h"
#include "suite.h"

#define CYCLE 128 /* samples that the graph takes at once */

static Ring ring;

static void write_level(int16_t level, size_t n)
{
        int16_t samples[SOUND_FRAME];

        for (size_t i = 0; i < SOUND_FRAME; i++)
                samples[i] = level;
        ring_write(&ring, samples, n);
}

static void fresh(void)
{
        ring = (Ring){};
}

/* Frames as they come from a network without jitter: one for each that is played. */
static void play_evenly(size_t frames, int16_t level)
{
        float out[SOUND_FRAME];

        for (size_t i = 0; i < frames; i++) {
                write_level(level, SOUND_FRAME);
                ring_read(&ring, out, SOUND_FRAME);
        }
}

START_TEST(silent_until_the_target_has_gathered)
{
        float out[CYCLE];

        write_level(16384, SOUND_FRAME);
        ring_read(&ring, out, CYCLE);
        ck_assert_float_eq(out[CYCLE - 1], 0);
        write_level(16384, SOUND_FRAME);
        ring_read(&ring, out, CYCLE);
        ck_assert_float_gt(out[CYCLE - 1], 0);
}
END_TEST

START_TEST(fades_in_from_nothing_to_all)
{
        float out[SOUND_FRAME];

        write_level(16384, SOUND_FRAME);
        write_level(16384, SOUND_FRAME);
        ring_read(&ring, out, SOUND_FRAME);
        ck_assert_float_lt(out[0], 0.01f);
        for (size_t i = 1; i < SOUND_FRAME; i++)
                ck_assert_float_ge(out[i], out[i - 1]);
        ck_assert_float_eq(out[SOUND_FRAME - 1], 0.5f);
}
END_TEST

START_TEST(what_is_written_comes_out_in_order)
{
        int16_t samples[SOUND_FRAME];
        float out[SOUND_FRAME], last = -1;

        play_evenly(2, 0);
        for (int frame = 0; frame < 30; frame++) {
                for (size_t i = 0; i < SOUND_FRAME; i++)
                        samples[i] = (int16_t)(frame * SOUND_FRAME + (int)i);
                ring_write(&ring, samples, SOUND_FRAME);
                ring_read(&ring, out, SOUND_FRAME);
                for (size_t i = 0; i < SOUND_FRAME; i++) {
                        ck_assert_float_ge(out[i], last);
                        last = out[i];
                }
        }
        ck_assert_float_gt(last, 0.3f);
}
END_TEST

START_TEST(running_dry_fades_out_without_a_step)
{
        float out[SOUND_FRAME], last;

        play_evenly(10, 16384);
        ring_read(&ring, out, SOUND_FRAME); /* what was left over */
        last = 0.5f;
        ring_read(&ring, out, SOUND_FRAME);
        for (size_t i = 0; i < SOUND_FRAME; i++) {
                ck_assert_float_le(last - out[i], 0.02f);
                last = out[i];
        }
        ck_assert_float_lt(last, 0.01f);
        ck_assert_uint_eq(ring.underruns, 1);
}
END_TEST

START_TEST(after_running_dry_it_gathers_again)
{
        float out[SOUND_FRAME];

        play_evenly(10, 16384);
        for (int i = 0; i < 3; i++)
                ring_read(&ring, out, SOUND_FRAME);
        write_level(16384, SOUND_FRAME);
        ring_read(&ring, out, CYCLE);
        ck_assert_float_lt(out[CYCLE - 1], 0.01f);
        write_level(16384, SOUND_FRAME);
        ring_read(&ring, out, SOUND_FRAME);
        ck_assert_float_eq(out[SOUND_FRAME - 1], 0.5f);
}
END_TEST

START_TEST(surplus_is_dropped_within_two_seconds_and_without_a_step)
{
        float out[SOUND_FRAME], last = 0.5f;
        size_t waiting;

        play_evenly(10, 16384);
        for (int i = 0; i < 10; i++) /* a burst: 100 ms too many */
                write_level(16384, SOUND_FRAME);
        for (int i = 0; i < 200; i++) {
                write_level(16384, SOUND_FRAME);
                ring_read(&ring, out, SOUND_FRAME);
                for (size_t k = 0; k < SOUND_FRAME; k++) {
                        ck_assert_float_le(fabsf(out[k] - last), 0.02f);
                        last = out[k];
                }
        }
        waiting = ring.written - ring.read;
        ck_assert_uint_le(waiting, 3 * SOUND_FRAME);
        ck_assert_uint_eq(ring.underruns, 0);
}
END_TEST

START_TEST(stale_sound_is_not_played_when_a_speaker_comes_late)
{
        float out[SOUND_FRAME];

        for (int i = 0; i < 100; i++)
                write_level(16384, SOUND_FRAME);
        ck_assert_uint_le(ring.written - ring.read, RING_SIZE);
        ring_read(&ring, out, SOUND_FRAME);
        ck_assert_uint_eq(ring.written - ring.read, RING_TARGET - SOUND_FRAME);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("media-ring");
        TCase *tcase = tcase_create("ring");

        tcase_add_checked_fixture(tcase, fresh, NULL);
        tcase_add_test(tcase, silent_until_the_target_has_gathered);
        tcase_add_test(tcase, fades_in_from_nothing_to_all);
        tcase_add_test(tcase, what_is_written_comes_out_in_order);
        tcase_add_test(tcase, running_dry_fades_out_without_a_step);
        tcase_add_test(tcase, after_running_dry_it_gathers_again);
        tcase_add_test(tcase, surplus_is_dropped_within_two_seconds_and_without_a_step);
        tcase_add_test(tcase, stale_sound_is_not_played_when_a_speaker_comes_late);
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
