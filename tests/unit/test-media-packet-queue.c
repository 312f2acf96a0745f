/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A voice through codec, bad network and jitter buffer; and the queue between two threads. */

#include <errno.h>
#include <math.h>
#include <opus.h>
#include <string.h>

#include "base/cleanup.h"
#include "media/packet-queue.h"
#include "suite.h"
#include "uneven-network.h"

#define PITCH_HZ 120.0
#define HARMONICS 24
#define SWINGS 4
#define AMPLITUDE 3000.0
#define LOSS_TOLD 5 /* %, as reported to the encoder */

static PacketQueue queue;
static UnevenRun run;
static float heard[JITTER_RATE * 16];

typedef struct Mouth {
        OpusEncoder *encoder;
        uint8_t packets[UNEVEN_PACKETS_MAX][160];
        uint8_t lengths[UNEVEN_PACKETS_MAX];
} Mouth;

static Mouth mouth;
static double swing_hz; /* the pitch swings by so much, SWINGS times a second */

/* Like a deep sung voice: a voice codec conceals losses of voices, not of pure tones. */
static int16_t vowel(size_t at)
{
        double t = (double)at / JITTER_RATE, sum = 0;
        double phase = 2 * M_PI * PITCH_HZ * t + swing_hz / SWINGS * cos(2 * M_PI * SWINGS * t);

        for (int i = 1; i < HARMONICS; i++) {
                double loudness = 1 + fabs(i - 6.0) * 0.3 + fabs(i - 20.0) * 0.1;

                sum += sin(i * phase + i * i) / loudness;
        }
        return (int16_t)(AMPLITUDE * sum);
}

/* Encodes everything beforehand in order, because packets may arrive in any. */
static void speak(unsigned loss)
{
        int16_t samples[UNEVEN_FRAME];

        mouth.encoder = opus_encoder_create(JITTER_RATE, 1, OPUS_APPLICATION_VOIP, NULL);
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

static size_t encode(void *userdata, size_t packet, uint8_t ret[static JITTER_BYTES_MAX])
{
        memcpy(ret, mouth.packets[packet], mouth.lengths[packet]);
        return mouth.lengths[packet];
}

static void fresh(void)
{
        swing_hz = 0;
        queue = (PacketQueue){};
        ck_assert_int_eq(packet_queue_init(&queue), 0);
        run = (UnevenRun){.jitter = &queue.jitter,
                          .encode = encode,
                          .heard = heard,
                          .playback_slot_max = ELEMENTSOF(heard)};
}

static void done(void)
{
        packet_queue_done(&queue);
}

static double loudness(size_t packet)
{
        double sum = 0;

        for (size_t i = 0; i < UNEVEN_FRAME; i++)
                sum += heard[packet * UNEVEN_FRAME + i] * heard[packet * UNEVEN_FRAME + i];
        return sqrt(sum / UNEVEN_FRAME);
}

/* Stretches of 10 ms, after the first second, in which the voice has nearly gone (-12 dB). */
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

        speak(_i % 2 ? LOSS_TOLD : 0); /* with and without the redundancy in packets */
        uneven_run(&run, &network, 1500);
        ck_assert_uint_eq(queue.jitter.counts.gaps, 0);
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

#define SETTLED 300 /* number of packets */
#define LOSSES 10
#define LOSS_EVERY 40
#define SEARCH ((size_t)JITTER_RATE / 5) /* the greatest delay of what is heard */

static double likeness(const float *a, const float *b)
{
        double ab = 0, aa = 1e-12, bb = 1e-12;

        for (size_t i = 0; i < UNEVEN_FRAME; i++) {
                ab += a[i] * b[i];
                aa += a[i] * a[i];
                bb += b[i] * b[i];
        }
        return ab / sqrt(aa * bb);
}

/* After the packet before the lost one, whose position `spoken` gives, comes the lost one. */
static double likeness_of_lost(const float *spoken, size_t lost)
{
        const float *before = spoken + (lost - 1) * UNEVEN_FRAME;
        const float *found = heard + (lost - 1) * UNEVEN_FRAME;
        double best = 0;

        for (size_t i = 0; i < SEARCH; i++) {
                const float *at = heard + (lost - 1) * UNEVEN_FRAME + i;
                double like = likeness(before, at);

                if (like > best) {
                        best = like;
                        found = at;
                }
        }
        return likeness(spoken + lost * UNEVEN_FRAME, found + UNEVEN_FRAME);
}

/* The likeness of the concealment to the lost packets: 1 is the same. */
static double mean_likeness(unsigned loss_told)
{
        static float spoken[(SETTLED + (LOSSES + 1) * LOSS_EVERY) * UNEVEN_FRAME];
        UnevenNetwork network = {.delay_ms = 20, .jitter_ms = 40, .seed = 1};
        OpusDecoder *decoder = opus_decoder_create(JITTER_RATE, 1, NULL);
        double sum = 0;

        ck_assert_ptr_nonnull(decoder);
        speak(loss_told);
        for (size_t i = 0; i < ELEMENTSOF(spoken) / UNEVEN_FRAME; i++)
                ck_assert_int_eq(opus_decode_float(decoder, mouth.packets[i], mouth.lengths[i],
                                                   spoken + i * UNEVEN_FRAME, UNEVEN_FRAME, 0),
                                 UNEVEN_FRAME);
        opus_decoder_destroy(decoder);
        uneven_run(&run, &network, SETTLED);
        for (size_t i = 0; i < LOSSES; i++) {
                size_t lost = run.sent;

                network.loss = 1;
                uneven_run(&run, &network, 1);
                network.loss = 0;
                uneven_run(&run, &network, LOSS_EVERY - 1);
                sum += likeness_of_lost(spoken, lost) / LOSSES;
        }
        return sum;
}

START_TEST(what_is_lost_is_heard_from_what_the_next_packet_tells)
{
        double made_up, informed;

        swing_hz = 60;
        made_up = mean_likeness(0);
        done();
        fresh();
        swing_hz = 60;
        informed = mean_likeness(10);
        ck_assert_double_gt(informed, 0.35);
        ck_assert_double_lt(made_up, informed - 0.2);
}
END_TEST

/* ---- between threads ---- */

static void put(unsigned packet)
{
        packet_queue_put(&queue, 1, packet * UNEVEN_FRAME, mouth.packets[packet],
                         mouth.lengths[packet]);
}

START_TEST(reader_gets_what_was_put)
{
        float out[UNEVEN_FRAME], loudest = 0;
        PacketCounts counts;

        speak(0);
        for (unsigned i = 0; i < 20; i++) {
                put(i);
                packet_queue_read(&queue, out, UNEVEN_FRAME);
        }
        packet_queue_count(&queue, &counts);
        ck_assert_uint_gt(counts.played, 0);
        for (size_t i = 0; i < UNEVEN_FRAME; i++)
                loudest = fmaxf(loudest, fabsf(out[i]));
        ck_assert(queue.jitter.delay.count == 20);
}
END_TEST

START_TEST(nobody_reads_and_nothing_breaks)
{
        float out[UNEVEN_FRAME];

        speak(0);
        for (unsigned i = 0; i < 5 * PACKET_QUEUE_PACKETS; i++)
                put(i);
        ck_assert_uint_eq(queue.written - queue.read, PACKET_QUEUE_PACKETS);
        packet_queue_read(&queue, out, UNEVEN_FRAME);
        ck_assert_uint_eq(queue.written - queue.read, 0);
}
END_TEST

START_TEST(what_is_no_opus_is_dropped)
{
        static const uint8_t nonsense[2000] = {0xff, 0xff, 0xff, 0xff};

        packet_queue_put(&queue, 1, 0, nonsense, 0);
        packet_queue_put(&queue, 1, 0, nonsense, 2);
        packet_queue_put(&queue, 1, 0, nonsense, sizeof(nonsense));
        ck_assert_uint_eq(queue.written, 0);
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
                packet_queue_put(&queue, i / 300, (uint32_t)rand() % 20000, bytes, length);
                packet_queue_read(&queue, out, UNEVEN_READ);
                for (size_t k = 0; k < UNEVEN_READ; k++)
                        ck_assert(isfinite(out[k]));
        }
}
END_TEST

static void count_changes(void *userdata)
{
        (*(int *)userdata)++;
}

START_TEST(speaking_is_reported_by_the_reader)
{
        float out[UNEVEN_FRAME];
        int changes = 0;

        speak(0);
        queue.speech_changed = count_changes;
        queue.userdata = &changes;
        for (unsigned i = 0; i < 30; i++) {
                put(i);
                packet_queue_read(&queue, out, UNEVEN_FRAME);
        }
        ck_assert(queue.speaking);
        ck_assert_int_eq(changes, 1);
        for (int i = 0; i < 100; i++)
                packet_queue_read(&queue, out, UNEVEN_FRAME);
        ck_assert(!queue.speaking);
        ck_assert_int_eq(changes, 2);
}
END_TEST

START_TEST(uninitialised_ring_is_silent)
{
        static PacketQueue unused;
        float out[3] = {1, 1, 1};

        packet_queue_read(&unused, out, ELEMENTSOF(out));
        ck_assert(out[0] == 0 && out[1] == 0 && out[2] == 0);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("media-queue");
        TCase *tcase = tcase_create("queue");

        tcase_add_checked_fixture(tcase, fresh, done);
        tcase_set_timeout(tcase, 60);
        tcase_add_loop_test(tcase, voice_gets_through_a_bad_network, 0, 4);
        tcase_add_test(tcase, quiet_network_is_heard_soon);
        tcase_add_test(tcase, what_is_lost_is_heard_from_what_the_next_packet_tells);
        tcase_add_test(tcase, reader_gets_what_was_put);
        tcase_add_test(tcase, nobody_reads_and_nothing_breaks);
        tcase_add_test(tcase, what_is_no_opus_is_dropped);
        tcase_add_test(tcase, garbage_that_looks_like_opus_is_borne);
        tcase_add_test(tcase, speaking_is_reported_by_the_reader);
        tcase_add_test(tcase, uninitialised_ring_is_silent);
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
