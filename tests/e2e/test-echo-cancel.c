/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A microphone that hears the speaker beside it: the far end does not hear itself. */

#include "rig/audio-room.h"
#include "suite.h"

#define BOB_HZ 700.0
#define ECHO_DB -20.0    /* a voice at (nearly) its full level */
#define NO_ECHO_DB -45.0 /* inaudible beside a voice */

/* In Alice's room the microphone hears nothing but the speaker. */
static void enter(Room *room, const char *speaker, const char *form_factor)
{
        struct pw_proxy *air, *device;

        room_enter(room);
        if (form_factor)
                rig_check(rig_graph_plug(room->graph, speaker, "Audio/Sink", form_factor, &device),
                          "a speaker");
        rig_check(rig_graph_link(room->graph, speaker, RIG_PORT_SPEAKER_MONITOR, "mic-a",
                                 RIG_PORT_MICROPHONE_FEED, &air),
                  "the air between them");
        rig_graph_own(room->graph, air);
        room->alice->speaker = speaker;
        room_speak(room, "mic-b", BOB_HZ);
}

static void expect(Room *room, bool echo)
{
        RigHeard heard;

        room_expect_heard(room, room->alice->speaker, BOB_HZ);
        if (rig_listen_until(room->graph, "spk-b", BOB_HZ, echo ? ECHO_DB : NO_ECHO_DB, echo,
                             rig_patience_ms(), &heard) < 0)
                rig_fail("the echo is at %.1f dB", heard.tone_db);
}

START_TEST(echo_is_taken_out_and_comes_back_when_that_is_switched_off)
{
        Room room;

        enter(&room, "spk-a", NULL);
        room_both_join(&room);
        expect(&room, true);
        room.alice->cancels_echo = true;
        audio_end_change_devices(room.alice);
        expect(&room, false);
        room.alice->cancels_echo = false;
        audio_end_change_devices(room.alice);
        expect(&room, true);
        room_leave(&room);
}
END_TEST

START_TEST(own_voice_is_left_while_the_echo_is_taken_out)
{
        Room room;

        enter(&room, "spk-a", NULL);
        room.alice->cancels_echo = true;
        room_hush(&room);
        room_speak(&room, "mic-a", BOB_HZ);
        room_both_join(&room);
        room_expect_heard(&room, "spk-b", BOB_HZ);
        room_leave(&room);
}
END_TEST

START_TEST(headset_makes_no_echo_and_is_left_alone)
{
        Room room;

        enter(&room, "spk-worn", "headset");
        room.alice->cancels_echo = true;
        room_both_join(&room);
        expect(&room, true);
        room.alice->speaker = "spk-a";
        audio_end_change_devices(room.alice);
        room_expect_heard(&room, "spk-a", BOB_HZ);
        room_leave(&room);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("echo-cancel");
        TCase *tcase = tcase_create("echo");

        tcase_set_timeout(tcase, 60);
        tcase_add_test(tcase, echo_is_taken_out_and_comes_back_when_that_is_switched_off);
        tcase_add_test(tcase, own_voice_is_left_while_the_echo_is_taken_out);
        tcase_add_test(tcase, headset_makes_no_echo_and_is_left_alone);
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
