/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is heard of packets that arrive irregularly, through a decoder for a tone. */

#include <math.h>
#include <string.h>

#include "base/cleanup.h"
#include "suite.h"
#include "uneven-network.h"

#define FADED 0.01f

static JitterBuffer jitter;
static UnevenRun run;
static float heard[JITTER_RATE * 20];
static double tone_hz, other_hz;             /* other_hz: a second tone, 0: none */
static size_t decoded, recovered, concealed; /* number of calls */

/* A packet holds the position in the tone at which it begins. */
static size_t encode(void *userdata, size_t packet, uint8_t ret[static JITTER_BYTES_MAX])
{
        uint32_t begin = (uint32_t)(packet * UNEVEN_FRAME);

        memcpy(ret, &begin, sizeof(begin));
        return sizeof(begin);
}

static int decode(void *userdata, JitterDecoding decoding, const JitterPacket *packet, float *ret,
                  size_t n)
{
        static int64_t at;
        uint32_t begin = 0;

        if (packet)
                memcpy(&begin, packet->data, sizeof(begin));
        switch (decoding) {
        case JITTER_DECODE:
                at = begin;
                decoded++;
                break;
        case JITTER_RECOVER:
                at = (int64_t)begin - (int64_t)n;
                recovered++;
                break;
        case JITTER_CONCEAL:
                concealed++;
                break;
        }
        for (size_t i = 0; i < n; i++) {
                double phase = 2 * M_PI * (double)at++ / JITTER_RATE;

                ret[i] = (float)(0.5 * sin(tone_hz * phase) + 0.3 * sin(other_hz * phase));
        }
        return (int)n;
}

static void fresh(void)
{
        jitter_buffer_init(&jitter, decode, NULL);
        run = (UnevenRun){.jitter = &jitter,
                          .encode = encode,
                          .heard = heard,
                          .playback_slot_max = ELEMENTSOF(heard)};
        memset(heard, 0, sizeof(heard));
        tone_hz = 440;
        other_hz = 0;
        decoded = recovered = concealed = 0;
}

/*
 * The energy beside the tone, relative to it, in dB, of the worst stretch of 50 ms. The tone of a
 * stretch is its best fit by a sine of that frequency with any phase.
 */
static double beside_tone_db(const float *samples, size_t n)
{
        const size_t stretch = JITTER_RATE / 20;
        double worst = 0;

        for (size_t begin = 0; begin + stretch <= n; begin += stretch) {
                double ss = 0, cc = 0, sc = 0, sx = 0, cx = 0, all = 0;

                for (size_t i = 0; i < stretch; i++) {
                        double phase = 2 * M_PI * tone_hz * (double)i / JITTER_RATE;
                        double s = sin(phase), c = cos(phase), x = samples[begin + i];

                        ss += s * s;
                        cc += c * c;
                        sc += s * c;
                        sx += s * x;
                        cx += c * x;
                        all += x * x;
                }
                double d = ss * cc - sc * sc;
                double a = (sx * cc - cx * sc) / d, b = (cx * ss - sx * sc) / d;
                double tone = a * sx + b * cx;

                ck_assert_double_gt(tone, 0.05 * (double)stretch); /* the tone is there, and loud */
                worst = fmax(worst, fmax(all - tone, 1e-12) / tone);
        }
        return 10 * log10(worst);
}

static double since_db(size_t from_packet)
{
        size_t from = from_packet * UNEVEN_FRAME;

        return beside_tone_db(heard + from, run.read - from);
}

START_TEST(quiet_network_is_played_at_once_and_as_it_is)
{
        UnevenNetwork network = {.delay_ms = 1};

        uneven_run(&run, &network, 500);
        /* A frame, the network, a read, the least target, and the tolerance above it. */
        ck_assert_double_lt(uneven_delay_ms(&run), 10 + 1 + 5.4 + 12);
        ck_assert_uint_eq(recovered + concealed, 0);
        ck_assert_uint_eq(jitter.counts.repeated, 0);
        ck_assert_uint_le(jitter.counts.left_out, 1); /* reads are a coarse measure anyway */
        ck_assert_uint_eq(jitter.counts.gaps, 0);
        ck_assert_double_lt(since_db(100), -100);
}
END_TEST

START_TEST(fades_in_from_nothing)
{
        UnevenNetwork network = {.delay_ms = 1};
        size_t first = 0;

        uneven_run(&run, &network, 20);
        while (heard[first] == 0)
                first++;
        ck_assert_uint_lt(first, 6 * UNEVEN_FRAME);
        for (size_t i = first; i < first + 20; i++)
                ck_assert_float_le(fabsf(heard[i]), 0.5f * (float)(i - first + 1) / 100);
}
END_TEST

/* 20 ms, up to 40 more, and 3 of 100 lost: like a bad radio. */
START_TEST(uneven_network_is_heard_without_gaps)
{
        UnevenNetwork network = {
                .delay_ms = 20, .jitter_ms = 40, .loss = 0.03, .seed = (uint64_t)_i};

        uneven_run(&run, &network, 1500);
        ck_assert_uint_eq(jitter.counts.gaps, 0);
        /* The target covers the jitter, and not much more. */
        ck_assert_double_gt(uneven_delay_ms(&run), 10 + 20 + 35);
        ck_assert_double_lt(uneven_delay_ms(&run), 10 + 20 + 40 + 20);
        /* Nearly nothing is concealed but what was lost. */
        ck_assert_uint_lt(concealed, 30);
        ck_assert_uint_gt(recovered, 20);
        ck_assert_uint_lt(recovered, 80);
}
END_TEST

START_TEST(depth_follows_the_jitter_up_and_down)
{
        UnevenNetwork network = {.delay_ms = 20, .seed = 1};
        double quiet, bad;

        uneven_run(&run, &network, 300);
        quiet = uneven_delay_ms(&run);
        network.jitter_ms = 40;
        uneven_run(&run, &network, 700);
        bad = uneven_delay_ms(&run);
        network.jitter_ms = 0;
        uneven_run(&run, &network, 1000);
        ck_assert_double_gt(bad, quiet + 30);
        ck_assert_double_lt(uneven_delay_ms(&run), quiet + 8);
        ck_assert_uint_gt(jitter.counts.left_out, 2);
}
END_TEST

static const double tones[] = {200, 333, 440, 777, 1000, 3000};

/* A tone that is shortened has nothing beside it: no clicks, no roughness. */
START_TEST(leaving_out_is_not_heard)
{
        UnevenNetwork network = {.delay_ms = 60, .seed = 1};

        tone_hz = tones[_i];
        uneven_run(&run, &network, 600);
        network.delay_ms = 5; /* all later packets come earlier, so too much is buffered */
        uneven_run(&run, &network, 900);
        ck_assert_uint_gt(jitter.counts.left_out, 3);
        ck_assert_uint_eq(concealed, 0);
        ck_assert_double_lt(since_db(20), -40);
}
END_TEST

/* The same when the loudspeaker's clock is faster, and the tone has to be stretched. */
START_TEST(repeating_is_not_heard)
{
        UnevenNetwork network = {.delay_ms = 5, .seed = 1};

        tone_hz = tones[_i];
        uneven_run(&run, &network, 200);
        for (int i = 0; i < 600; i++) {
                network.delay_ms +=
                        0.02; /* 2 in 1,000: a hundred times the difference of real clocks */
                uneven_run(&run, &network, 1);
        }
        ck_assert_uint_gt(jitter.counts.repeated, 0);
        ck_assert_uint_eq(concealed, 0);
        ck_assert_double_lt(since_db(20), -40);
}
END_TEST

/* Two tones without a common period, so that no cut fits: 0.04 is their greatest step. */
START_TEST(what_does_not_fit_is_blended)
{
        UnevenNetwork network = {.delay_ms = 60, .seed = 1};

        tone_hz = 333;
        other_hz = 471.3;
        uneven_run(&run, &network, 600);
        network.delay_ms = 5;
        uneven_run(&run, &network, 700);
        for (int i = 0; i < 600; i++) {
                network.delay_ms += 0.02;
                uneven_run(&run, &network, 1);
        }
        ck_assert_uint_gt(jitter.counts.left_out, 1);
        ck_assert_uint_gt(jitter.counts.repeated, 0);
        for (size_t i = 20 * UNEVEN_FRAME; i < run.read; i++)
                ck_assert_float_lt(fabsf(heard[i] - heard[i - 1]), 0.05f);
}
END_TEST

START_TEST(what_is_lost_is_asked_of_the_next_packet)
{
        UnevenNetwork network = {.delay_ms = 20, .jitter_ms = 20, .seed = 1};

        uneven_run(&run, &network, 300);
        ck_assert_uint_eq(recovered, 0);
        network.loss = 1;
        uneven_run(&run, &network, 1);
        network.loss = 0;
        uneven_run(&run, &network, 100);
        ck_assert_uint_ge(recovered, 1);
        ck_assert_uint_eq(jitter.counts.gaps, 0);
        /* This decoder recovers all of it: the loss cannot be heard. */
        ck_assert_double_lt(since_db(200), -40);
}
END_TEST

START_TEST(silence_follows_when_nothing_comes_and_sound_when_it_does)
{
        UnevenNetwork network = {.delay_ms = 5, .seed = 1};
        size_t stopped;

        uneven_run(&run, &network, 100);
        network.loss = 1;
        stopped = run.read;
        uneven_run(&run, &network, 100);
        ck_assert_uint_eq(jitter.counts.gaps, 1);
        for (size_t i = stopped + JITTER_RATE / 4; i < run.read; i++)
                ck_assert_float_lt(fabsf(heard[i]), FADED);
        network.loss = 0;
        uneven_run(&run, &network, 100);
        ck_assert_uint_eq(jitter.counts.gaps, 1);
        ck_assert_double_lt(beside_tone_db(heard + run.read - JITTER_RATE / 2, JITTER_RATE / 2),
                            -100);
}
END_TEST

/* 0.5 is the tone's amplitude; its own steps are 0.03. */
START_TEST(no_step_is_ever_heard)
{
        UnevenNetwork network = {.delay_ms = 5, .jitter_ms = 60, .loss = 0.1, .seed = (uint64_t)_i};

        for (int i = 0; i < 8; i++) {
                network.loss = i % 4 == 3 ? 1 : 0.1;
                uneven_run(&run, &network, 40);
        }
        /* Clicks where the decoder continues elsewhere in the tone are not the jitter buffer's. */
        for (size_t i = 1; i < run.read; i++)
                if (heard[i] == 0 || heard[i - 1] == 0)
                        ck_assert_float_lt(fabsf(heard[i] - heard[i - 1]), 0.03f);
}
END_TEST

START_TEST(stale_sound_is_not_played_when_a_speaker_comes_late)
{
        static JitterPacket packet = {.span = UNEVEN_FRAME, .length = 4};
        float samples[UNEVEN_FRAME];

        for (unsigned i = 0; i < 50; i++) {
                packet.timestamp = i * UNEVEN_FRAME;
                packet.arrived = (i + 1) * 10 * USEC_PER_MSEC;
                jitter_buffer_put(&jitter, &packet);
        }
        jitter_buffer_read(&jitter, 510 * USEC_PER_MSEC, samples, UNEVEN_FRAME);
        ck_assert(jitter.playing);
        ck_assert_int_ge(jitter.next, 48 * UNEVEN_FRAME);
}
END_TEST

START_TEST(another_source_starts_over)
{
        UnevenNetwork network = {.delay_ms = 5};
        JitterPacket packet = {.source = 77, .timestamp = 5, .span = UNEVEN_FRAME, .length = 4};

        uneven_run(&run, &network, 50);
        packet.arrived = 2000 * USEC_PER_SEC;
        jitter_buffer_put(&jitter, &packet);
        ck_assert(!jitter.playing);
        ck_assert_uint_eq(jitter.delay.count, 1);
}
END_TEST

START_TEST(packets_that_come_twice_or_too_late_are_dropped)
{
        UnevenNetwork network = {.delay_ms = 5};
        JitterPacket packet = {.source = 0x1234, .span = UNEVEN_FRAME, .length = 4};

        uneven_run(&run, &network, 50);
        packet.timestamp = jitter.timestamp - 10 * UNEVEN_FRAME;
        packet.arrived = 1001 * USEC_PER_SEC;
        jitter_buffer_put(&jitter, &packet);
        packet.timestamp = jitter.timestamp + 20 * UNEVEN_FRAME;
        for (int i = 0; i < 2; i++)
                jitter_buffer_put(&jitter, &packet);
        size_t waiting = 0;

        for (size_t i = 0; i < JITTER_WAITING_MAX; i++)
                waiting += jitter.waiting[i].length > 0;
        ck_assert_uint_le(waiting, 2);
}
END_TEST

START_TEST(more_packets_than_fit_push_out_the_oldest)
{
        static JitterPacket packet = {.span = 120, .length = 4};

        for (unsigned i = 0; i < 3 * JITTER_WAITING_MAX; i++) {
                packet.timestamp = i * 120;
                packet.arrived = (i + 1) * 2500;
                jitter_buffer_put(&jitter, &packet);
        }
        for (size_t i = 0; i < JITTER_WAITING_MAX; i++)
                ck_assert_uint_ge(jitter.waiting[i].timestamp, 2 * JITTER_WAITING_MAX * 120);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("media-jitter");
        TCase *tcase = tcase_create("jitter");

        tcase_set_timeout(tcase, 60);
        tcase_add_checked_fixture(tcase, fresh, NULL);
        tcase_add_test(tcase, quiet_network_is_played_at_once_and_as_it_is);
        tcase_add_test(tcase, fades_in_from_nothing);
        tcase_add_loop_test(tcase, uneven_network_is_heard_without_gaps, 0, 8);
        tcase_add_test(tcase, depth_follows_the_jitter_up_and_down);
        tcase_add_loop_test(tcase, leaving_out_is_not_heard, 0, ELEMENTSOF(tones));
        tcase_add_loop_test(tcase, repeating_is_not_heard, 0, ELEMENTSOF(tones));
        tcase_add_test(tcase, what_does_not_fit_is_blended);
        tcase_add_test(tcase, what_is_lost_is_asked_of_the_next_packet);
        tcase_add_test(tcase, silence_follows_when_nothing_comes_and_sound_when_it_does);
        tcase_add_loop_test(tcase, no_step_is_ever_heard, 0, 4);
        tcase_add_test(tcase, stale_sound_is_not_played_when_a_speaker_comes_late);
        tcase_add_test(tcase, another_source_starts_over);
        tcase_add_test(tcase, packets_that_come_twice_or_too_late_are_dropped);
        tcase_add_test(tcase, more_packets_than_fit_push_out_the_oldest);
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
