/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A voice through the codec, a bad network and the playout; and the ring between two threads. */

#include <errno.h>
#include <math.h>
#include <opus.h>
#include <string.h>

#include "base/cleanup.h"
#include "media/ring.h"
#include "suite.h"
#include "uneven-network.h"

#define PITCH_HZ 120.0
#define HARMONICS 24
#define AMPLITUDE 3000.0
#define LOSS_TOLD 5 /* %; to the encoder */

static Ring ring;
static UnevenRun run;
static float heard[PLAYOUT_RATE * 16];

typedef struct Mouth {
        OpusEncoder *encoder;
        uint8_t packets[UNEVEN_PACKETS_MAX][160];
        uint8_t lengths[UNEVEN_PACKETS_MAX];
} Mouth;

static Mouth mouth;

/* As a deep voice that sings one: a codec for voices conceals voices, and no pure tones. */
static int16_t vowel(size_t at)
{
        double sum = 0;

        for (int i = 1; i < HARMONICS; i++) {
                double loudness = 1 + fabs(i - 6.0) * 0.3 + fabs(i - 20.0) * 0.1;

                sum += sin(2 * M_PI * PITCH_HZ * i * (double)at / PLAYOUT_RATE + i * i) / loudness;
        }
        return (int16_t)(AMPLITUDE * sum);
}

/* All of it beforehand, in order, as packets come in any. */
static void speak(unsigned loss)
{
        int16_t samples[UNEVEN_FRAME];

        mouth.encoder = opus_encoder_create(PLAYOUT_RATE, 1, OPUS_APPLICATION_VOIP, NULL);
        ck_assert_ptr_nonnull(mouth.encoder);
        opus_encoder_ctl(mouth.encoder, OPUS_SET_BITRATE(32000));
        opus_encoder_ctl(mouth.encoder, OPUS_SET_COMPLEXITY(5));
        opus_encoder_ctl(mouth.encoder, OPUS_SET_INBAND_FEC(loss > 0));
        opus_encoder_ctl(mouth.encoder, OPUS_SET_PACKET_LOSS_PERC((opus_int32)loss));
        for (size_t i = 0; i < 1600; i++) {
                for (size_t k = 0; k < UNEVEN_FRAME; k++)
                        samples[k] = vowel(i * UNEVEN_FRAME + k);
                mouth.lengths[i] = (uint8_t)opus_encode(mouth.encoder, samples, UNEVEN_FRAME,
                                                        mouth.packets[i], sizeof(mouth.packets[i]));
        }
        opus_encoder_destroy(mouth.encoder);
}

static size_t encode(void *userdata, size_t packet, uint8_t ret[static PLAYOUT_BYTES_MAX])
{
        memcpy(ret, mouth.packets[packet], mouth.lengths[packet]);
        return mouth.lengths[packet];
}

static void fresh(void)
{
        ring = (Ring){};
        ck_assert_int_eq(ring_init(&ring), 0);
        run = (UnevenRun){.playout = &ring.playout,
                          .encode = encode,
                          .heard = heard,
                          .heard_max = ELEMENTSOF(heard)};
}

static void done(void)
{
        ring_done(&ring);
}

static double loudness(size_t packet)
{
        double sum = 0;

        for (size_t i = 0; i < UNEVEN_FRAME; i++)
                sum += heard[packet * UNEVEN_FRAME + i] * heard[packet * UNEVEN_FRAME + i];
        return sqrt(sum / UNEVEN_FRAME);
}

/* Stretches of 10 ms, after the first second, in which the voice has nearly gone: -12 dB. */
static size_t dropouts(void)
{
        size_t found = 0, n = run.read / UNEVEN_FRAME;
        double mean = 0;

        for (size_t i = 100; i < n; i++)
                mean += loudness(i) / (double)(n - 100);
        ck_assert_double_gt(mean, 0.03);
        for (size_t i = 100; i < n; i++)
                found += loudness(i) < mean / 4;
        return found;
}

START_TEST(voice_gets_through_a_bad_network)
{
        UnevenNetwork network = {
                .delay_ms = 20, .jitter_ms = 40, .loss = 0.03, .seed = (uint64_t)_i};

        speak(_i % 2 ? LOSS_TOLD : 0); /* with and without what packets tell of others */
        uneven_run(&run, &network, 1500);
        ck_assert_uint_eq(ring.playout.counts.gaps, 0);
        ck_assert_uint_le(dropouts(), 1);
        ck_assert_double_lt(uneven_delay_ms(&run), 95);
}
END_TEST

START_TEST(quiet_network_is_heard_soon)
{
        UnevenNetwork network = {.delay_ms = 1};

        speak(0);
        uneven_run(&run, &network, 300);
        ck_assert_uint_eq(dropouts(), 0);
        ck_assert_double_lt(uneven_delay_ms(&run), 27);
}
END_TEST

/* ---- between threads ---- */

static void put(unsigned packet)
{
        ring_put(&ring, 1, packet * UNEVEN_FRAME, mouth.packets[packet], mouth.lengths[packet]);
}

START_TEST(reader_gets_what_was_put)
{
        float out[UNEVEN_FRAME], loudest = 0;
        RingCounts counts;

        speak(0);
        for (unsigned i = 0; i < 20; i++) {
                put(i);
                ring_read(&ring, out, UNEVEN_FRAME);
        }
        ring_count(&ring, &counts);
        ck_assert_uint_gt(counts.played, 0);
        for (size_t i = 0; i < UNEVEN_FRAME; i++)
                loudest = fmaxf(loudest, fabsf(out[i]));
        ck_assert(ring.playout.transit.count == 20);
}
END_TEST

START_TEST(nobody_reads_and_nothing_breaks)
{
        float out[UNEVEN_FRAME];

        speak(0);
        for (unsigned i = 0; i < 5 * RING_PACKETS; i++)
                put(i);
        ck_assert_uint_eq(ring.written - ring.read, RING_PACKETS);
        ring_read(&ring, out, UNEVEN_FRAME);
        ck_assert_uint_eq(ring.written - ring.read, 0);
}
END_TEST

START_TEST(what_is_no_opus_is_dropped)
{
        static const uint8_t nonsense[2000] = {0xff, 0xff, 0xff, 0xff};

        ring_put(&ring, 1, 0, nonsense, 0);
        ring_put(&ring, 1, 0, nonsense, 2);
        ring_put(&ring, 1, 0, nonsense, sizeof(nonsense));
        ck_assert_uint_eq(ring.written, 0);
}
END_TEST

START_TEST(garbage_that_looks_like_opus_is_borne)
{
        uint8_t bytes[200];
        float out[UNEVEN_READ];

        srand(1);
        for (unsigned i = 0; i < 1000; i++) {
                size_t length = 1 + (size_t)rand() % sizeof(bytes);

                for (size_t k = 0; k < length; k++)
                        bytes[k] = (uint8_t)rand();
                ring_put(&ring, i / 300, (uint32_t)rand() % 20000, bytes, length);
                ring_read(&ring, out, UNEVEN_READ);
                for (size_t k = 0; k < UNEVEN_READ; k++)
                        ck_assert(isfinite(out[k]));
        }
}
END_TEST

static void count_changes(void *userdata)
{
        (*(int *)userdata)++;
}

START_TEST(speaking_is_told_by_the_reader)
{
        UnevenNetwork network = {.delay_ms = 1};
        int changes = 0;
        float out[UNEVEN_FRAME];

        speak(0);
        ring.speech_changed = count_changes;
        ring.userdata = &changes;
        uneven_run(&run, &network, 20); /* so that it plays; this way tells nobody */
        ring_read(&ring, out, UNEVEN_FRAME / 4);
        ck_assert(!ring.speaking || changes == 1);
        ring.playout.playing = false;
        for (int i = 0; i < 100; i++)
                ring_read(&ring, out, UNEVEN_FRAME);
        ck_assert(!ring.speaking);
        ck_assert_int_eq(changes % 2, 0);
}
END_TEST

START_TEST(uninitialised_ring_is_silent)
{
        static Ring unused;
        float out[3] = {1, 1, 1};

        ring_read(&unused, out, ELEMENTSOF(out));
        ck_assert(out[0] == 0 && out[1] == 0 && out[2] == 0);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("media-ring");
        TCase *tcase = tcase_create("ring");

        tcase_add_checked_fixture(tcase, fresh, done);
        tcase_set_timeout(tcase, 60);
        tcase_add_loop_test(tcase, voice_gets_through_a_bad_network, 0, 4);
        tcase_add_test(tcase, quiet_network_is_heard_soon);
        tcase_add_test(tcase, reader_gets_what_was_put);
        tcase_add_test(tcase, nobody_reads_and_nothing_breaks);
        tcase_add_test(tcase, what_is_no_opus_is_dropped);
        tcase_add_test(tcase, garbage_that_looks_like_opus_is_borne);
        tcase_add_test(tcase, speaking_is_told_by_the_reader);
        tcase_add_test(tcase, uninitialised_ring_is_silent);
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
