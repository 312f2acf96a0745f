/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Two media workers, and between them a relay that delays, reorders and loses packets. */

#include "rig/audio-room.h"
#include "rig/trial.h"
#include "suite.h"

#define VOWEL_HZ 720.0 /* its loudest harmonic */
#define SEED 1
#define LISTEN_MS 5000
/*
 * A tenth of all stretches: each word stays intelligible. The bench counts dropouts, and the unit
 * test those of the jitter buffer alone.
 */
#define DROPOUTS_MAX 50
/* bitrates with many losses and with few, of 32 kbit/s */
#define LESS_BITRATE 20000
#define NEARLY_ALL_BITRATE 25000

#define REPORTS_US (20 * USEC_PER_SEC) /* one a second; each lets it rise by a twelfth */

static const RigWeather fine, bad = {.delay_ms = 20, .jitter_ms = 40, .loss = 0.03},
                              awful = {.delay_ms = 20, .loss = 0.4}, cut = {.loss = 1};

static Room room;
static RigRelay *relay;

static void enter(void)
{
        room_enter(&room);
        rig_check(rig_relay_new(SEED, &relay), "a relay");
        room.call.relay = relay;
        room_speak_vowel(&room, "mic-a");
        room_both_join(&room);
        room_expect_heard(&room, "spk-b", VOWEL_HZ);
}

static void leave(void)
{
        room_leave(&room);
        rig_relay_free(relay);
}

START_TEST(voice_gets_through_uneven_and_lossy_network)
{
        _cleanup_(rig_trial_freep) RigTrial *trial = NULL;
        const WorkerParticipantStats *stats;
        size_t dropouts;

        enter();
        rig_relay_set_weather(relay, &bad);
        rig_check(rig_listen_dropouts(room.graph, "spk-b", LISTEN_MS, &dropouts), "listening");
        trial = rig_trial_new();
        do {
                rig_trial_begin(trial);
                rig_check(rig_listen_dropouts(room.graph, "spk-b", LISTEN_MS, &dropouts),
                          "listening");
        } while (!rig_trial_judge(trial, dropouts <= DROPOUTS_MAX, "%zu dropouts in %d ms",
                                  dropouts, LISTEN_MS));
        room_expect_heard(&room, "spk-b", VOWEL_HZ);
        stats = audio_call_stats(&room.call, room.bob);
        ck_assert_double_gt(stats->loss, 0.005);
        ck_assert_double_gt(stats->jitter_ms, 3);
        /* 20 ms, and a wait of up to 40 ms, in addition to what any call takes. */
        ck_assert_double_gt(stats->mouth_to_ear_ms, 60);
        leave();
}
END_TEST

START_TEST(all_of_it_goes_through_the_relay)
{
        unsigned carried;

        enter();
        carried = rig_relay_carried(relay);
        ck_assert_uint_gt(carried, 0);
        rig_relay_set_weather(relay, &cut);
        room_expect_silence(&room, "spk-b", VOWEL_HZ);
        rig_relay_set_weather(relay, &fine);
        room_expect_heard(&room, "spk-b", VOWEL_HZ);
        ck_assert_uint_gt(rig_relay_carried(relay), carried);
        leave();
}
END_TEST

/* Waits until Alice sends less than `bitrate`, or (`less` false) more. */
static void wait_bitrate(uint32_t bitrate, bool less)
{
        usec_t deadline = rig_deadline() + REPORTS_US;
        RigHeard heard;

        audio_call_stats(&room.call, room.alice);
        do {
                if (rig_remaining_ms(deadline) == 0)
                        rig_fail("still %u bit/s", room.alice->stats.bitrate_out);
                rig_check(rig_listen(room.graph, "spk-b", VOWEL_HZ, 1000, &heard), "listening");
                audio_call_stats(&room.call, room.alice);
        } while ((room.alice->stats.bitrate_out < bitrate) != less);
}

START_TEST(less_is_sent_where_much_is_lost)
{
        enter();
        wait_bitrate(NEARLY_ALL_BITRATE, false);
        rig_relay_set_weather(relay, &awful);
        wait_bitrate(LESS_BITRATE, true);
        leave();
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("bad-network");
        TCase *tcase = tcase_create("call");

        tcase_set_timeout(tcase, 120);
        tcase_add_test(tcase, voice_gets_through_uneven_and_lossy_network);
        tcase_add_test(tcase, all_of_it_goes_through_the_relay);
        tcase_add_test(tcase, less_is_sent_where_much_is_lost);
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
