/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Two media workers in a call: sound from one's microphone reaches the other's speaker. */

#include <errno.h>

#include "rig/audio-room.h"
#include "rig/trial.h"
#include "suite.h"

#define ALICE_HZ 440.0
#define BOB_HZ 1000.0

START_TEST(each_hears_the_other)
{
        RigHeard heard;
        Room room;

        room_enter(&room);
        room_speak(&room, "mic-a", ALICE_HZ);
        room_speak(&room, "mic-b", BOB_HZ);
        room_both_join(&room);
        room_expect_heard(&room, "spk-b", ALICE_HZ);
        room_expect_heard(&room, "spk-a", BOB_HZ);
        /* Nobody hears their own voice. */
        rig_check(rig_listen(room.graph, "spk-a", ALICE_HZ, 1000, &heard), "listening");
        ck_assert_double_lt(heard.tone_db, -50);
        room_leave(&room);
}
END_TEST

START_TEST(muted_is_silence_at_the_other_end)
{
        Room room;

        room_enter(&room);
        room_speak(&room, "mic-a", ALICE_HZ);
        room_both_join(&room);
        room_expect_heard(&room, "spk-b", ALICE_HZ);
        audio_end_mute(room.alice, true);
        room_expect_silence(&room, "spk-b", ALICE_HZ);
        audio_end_mute(room.alice, false);
        room_expect_heard(&room, "spk-b", ALICE_HZ);
        room_leave(&room);
}
END_TEST

START_TEST(joined_muted_is_never_heard)
{
        RigFirstSound *first;
        int64_t at;
        Room room;

        room_enter(&room);
        room_speak(&room, "mic-b", BOB_HZ);
        rig_check(rig_first_sound_new(room.graph, "spk-a", &first), "an ear");
        audio_call_join(&room.call, room.alice, false);
        audio_call_join(&room.call, room.bob, true);
        audio_call_wait_state(&room.call, room.bob, SESSION_CONNECTED);
        room_expect_silence(&room, "spk-a", BOB_HZ);
        ck_assert_int_eq(rig_first_sound_wait(first, 0, &at), -ETIMEDOUT);
        rig_first_sound_free(first);
        room_leave(&room);
}
END_TEST

START_TEST(microphone_is_open_between_join_and_leave_only)
{
        char capture[128], playback[128], property[128];
        Room room;

        room_enter(&room);
        snprintf(capture, sizeof(capture), "tring.%s.capture", room.alice->session);
        snprintf(playback, sizeof(playback), "tring.%s.playback.bob", room.alice->session);
        /* It answers, so it is up; but it has opened nothing. */
        audio_call_stats(&room.call, room.alice);
        ck_assert(!rig_graph_has_node(room.graph, capture));
        room_both_join(&room);
        ck_assert_int_eq(rig_graph_wait_node(room.graph, capture, true, rig_patience_ms()), 0);
        ck_assert_int_eq(rig_graph_wait_node(room.graph, playback, true, rig_patience_ms()), 0);
        ck_assert_str_eq(room.alice->status.media.audio_node, playback);
        ck_assert(rig_graph_node_property(room.graph, playback, PW_KEY_NODE_DESCRIPTION, property,
                                          sizeof(property)));
        ck_assert_str_eq(property, "bob, call");
        /* With a role it would have the volume of other programs. */
        ck_assert(!rig_graph_node_property(room.graph, capture, PW_KEY_MEDIA_ROLE, property,
                                           sizeof(property)));
        audio_call_leave(&room.call, room.alice);
        audio_call_wait_state(&room.call, room.alice, SESSION_LEFT);
        ck_assert_int_eq(rig_graph_wait_node(room.graph, capture, false, rig_patience_ms()), 0);
        ck_assert_int_eq(rig_graph_wait_node(room.graph, playback, false, rig_patience_ms()), 0);
        room_leave(&room);
}
END_TEST

START_TEST(a_user_who_left_can_join_again)
{
        Room room;

        room_enter(&room);
        room_speak(&room, "mic-a", ALICE_HZ);
        room_speak(&room, "mic-b", BOB_HZ);
        room_both_join(&room);
        room_expect_heard(&room, "spk-b", ALICE_HZ);
        audio_call_leave(&room.call, room.alice);
        room_expect_silence(&room, "spk-b", ALICE_HZ);
        audio_call_join(&room.call, room.alice, false);
        audio_call_wait_state(&room.call, room.alice, SESSION_CONNECTED);
        room_expect_heard(&room, "spk-b", ALICE_HZ);
        room_expect_heard(&room, "spk-a", BOB_HZ);
        room_leave(&room);
}
END_TEST

START_TEST(other_goes_on_when_a_worker_is_killed)
{
        const AudioEnd again = {.uid = "bob", .microphone = "mic-b", .speaker = "spk-b"};
        AudioEnd *bob;
        Room room;

        room_enter(&room);
        room_speak(&room, "mic-a", ALICE_HZ);
        room_both_join(&room);
        audio_end_kill(room.bob);
        /* Before the hub notices: the sound has stopped. */
        audio_call_wait_state(&room.call, room.alice, SESSION_RECONNECTING);
        audio_call_lose(&room.call, room.bob);
        audio_call_wait_state(&room.call, room.alice, SESSION_CONNECTED);
        bob = audio_call_add(&room.call, &again);
        audio_call_join(&room.call, bob, false);
        audio_call_wait_state(&room.call, bob, SESSION_CONNECTED);
        room_expect_heard(&room, "spk-b", ALICE_HZ);
        room_leave(&room);
}
END_TEST

START_TEST(echo_gives_back_what_it_hears)
{
        const AudioEnd echo = {.uid = "echo", .echo = true};
        AudioEnd *end;
        Room room;

        room_enter(&room);
        end = audio_call_add(&room.call, &echo);
        room_speak(&room, "mic-a", ALICE_HZ);
        audio_call_join(&room.call, end, false);
        audio_call_wait_state(&room.call, end, SESSION_CONNECTED);
        audio_call_join(&room.call, room.alice, false);
        audio_call_wait_state(&room.call, room.alice, SESSION_CONNECTED);
        room_expect_heard(&room, "spk-a", ALICE_HZ);
        room_leave(&room);
}
END_TEST

START_TEST(speaking_is_reported_when_it_begins_and_ends)
{
        Room room;

        room_enter(&room);
        room_both_join(&room);
        room_speak(&room, "mic-a", ALICE_HZ);
        audio_call_wait_speaking(&room.call, room.bob, true);
        audio_end_mute(room.alice, true);
        audio_call_wait_speaking(&room.call, room.bob, false);
        room_leave(&room);
}
END_TEST

static bool are_of_a_good_call(const WorkerParticipantStats *stats)
{
        return stats->bitrate_in > 10000 && stats->bitrate_in < 100000 &&
               stats->bitrate_out > 1000 && stats->loss < 0.5 && stats->mouth_to_ear_ms > 10 &&
               stats->mouth_to_ear_ms < 300;
}

START_TEST(stats_tell_what_goes_through)
{
        _cleanup_(rig_trial_freep) RigTrial *trial = NULL;
        const WorkerParticipantStats *stats;
        Room room;

        room_enter(&room);
        room_speak(&room, "mic-a", ALICE_HZ);
        room_both_join(&room);
        room_expect_heard(&room, "spk-b", ALICE_HZ);
        trial = rig_trial_new();
        do {
                rig_trial_begin(trial);
                audio_call_stats(&room.call, room.bob);
                room_expect_heard(&room, "spk-b", ALICE_HZ);
                stats = audio_call_stats(&room.call, room.bob);
                ck_assert_str_eq(stats->id, room.alice->id);
                ck_assert_str_eq(stats->codec, "opus");
        } while (!rig_trial_judge(trial, are_of_a_good_call(stats),
                                  "%u bit/s come and %u go, %.2f are lost, %.0f ms to the ear",
                                  stats->bitrate_in, stats->bitrate_out, stats->loss,
                                  stats->mouth_to_ear_ms));
        room_leave(&room);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("media");
        TCase *tcase = tcase_create("call");

        tcase_set_timeout(tcase, 60);
        tcase_add_test(tcase, each_hears_the_other);
        tcase_add_test(tcase, muted_is_silence_at_the_other_end);
        tcase_add_test(tcase, joined_muted_is_never_heard);
        tcase_add_test(tcase, microphone_is_open_between_join_and_leave_only);
        tcase_add_test(tcase, a_user_who_left_can_join_again);
        tcase_add_test(tcase, other_goes_on_when_a_worker_is_killed);
        tcase_add_test(tcase, echo_gives_back_what_it_hears);
        tcase_add_test(tcase, speaking_is_reported_when_it_begins_and_ends);
        tcase_add_test(tcase, stats_tell_what_goes_through);
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
