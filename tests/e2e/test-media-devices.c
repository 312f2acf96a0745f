/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Microphones and speakers that are changed, unplugged and plugged in during a call. */

#include "rig/audio-room.h"
#include "suite.h"

#define ALICE_HZ 440.0
#define OTHER_HZ 620.0
#define BOB_HZ 880.0
#define UNHEARD_DB -50.0

#define MICROPHONE_CLASS "Audio/Source/Virtual"
#define SPEAKER_CLASS "Audio/Sink"

static struct pw_proxy *plug(Room *room, const char *node, const char *class)
{
        struct pw_proxy *device = NULL;

        rig_check(rig_graph_plug(room->graph, node, class, NULL, &device), node);
        return device;
}

static char *capture_node(const AudioEnd *end)
{
        static char node[128];

        snprintf(node, sizeof(node), "tring.%s.capture", end->session);
        return node;
}

/* There are several streams of one name only while one takes over from another. */
static bool is_single(RigGraph *graph, void *data)
{
        return rig_graph_count_named(graph, data) == 1;
}

static void expect_single(Room *room, const char *node)
{
        if (rig_graph_wait(room->graph, is_single, (void *)node, rig_patience_ms()) < 0)
                rig_fail("%s: %u of them", node, rig_graph_count_named(room->graph, node));
}

static void expect_no_error(Room *room, const AudioEnd *end)
{
        audio_call_stats(&room->call, room->alice);
        audio_call_stats(&room->call, room->bob);
        if (end->error != CALL_ERROR_NONE)
                rig_fail("%s: %s", end->uid, end->text);
}

/* Others may come first: a worker that joins before it knows of a device reports that, too. */
static void expect_device_error(Room *room, AudioEnd *end, const char *text)
{
        do
                audio_call_wait_error(&room->call, end, CALL_ERROR_DEVICE_NOT_FOUND);
        while (!strstr(end->text, text));
}

/* For silence beside another tone: a codec leaves traces. */
static void expect_unheard(Room *room, const char *speaker, double frequency)
{
        RigHeard heard;

        if (rig_listen_until(room->graph, speaker, frequency, UNHEARD_DB, false, rig_patience_ms(),
                             &heard) < 0)
                rig_fail("%.0f Hz is heard at %s: %.1f dB", frequency, speaker, heard.tone_db);
}

START_TEST(speaker_is_changed_in_a_call)
{
        Room room;

        room_enter(&room);
        plug(&room, "spk-c", SPEAKER_CLASS);
        room_speak(&room, "mic-b", BOB_HZ);
        room_both_join(&room);
        room_expect_heard(&room, "spk-a", BOB_HZ);
        room.alice->speaker = "spk-c";
        audio_end_change_devices(room.alice);
        room_expect_heard(&room, "spk-c", BOB_HZ);
        room_expect_silence(&room, "spk-a", BOB_HZ);
        expect_single(&room, room.alice->status.media.audio_node);
        /* And at the default speaker, spk-a. */
        room.alice->speaker = NULL;
        audio_end_change_devices(room.alice);
        room_expect_heard(&room, "spk-a", BOB_HZ);
        room_expect_silence(&room, "spk-c", BOB_HZ);
        expect_no_error(&room, room.alice);
        room_leave(&room);
}
END_TEST

START_TEST(microphone_is_changed_in_a_call)
{
        Room room;

        room_enter(&room);
        plug(&room, "mic-c", MICROPHONE_CLASS);
        room_speak(&room, "mic-a", ALICE_HZ);
        room_speak(&room, "mic-c", OTHER_HZ);
        room_both_join(&room);
        room_expect_heard(&room, "spk-b", ALICE_HZ);
        room.alice->microphone = "mic-c";
        audio_end_change_devices(room.alice);
        room_expect_heard(&room, "spk-b", OTHER_HZ);
        expect_unheard(&room, "spk-b", ALICE_HZ);
        expect_single(&room, capture_node(room.alice));
        expect_no_error(&room, room.alice);
        room_leave(&room);
}
END_TEST

START_TEST(microphone_that_goes_gives_way_to_the_default_until_it_is_back)
{
        struct pw_proxy *device;
        Room room;

        room_enter(&room);
        device = plug(&room, "mic-c", MICROPHONE_CLASS);
        room.alice->microphone = "mic-c";
        room_speak(&room, "mic-a", ALICE_HZ); /* the default */
        room_both_join(&room);
        room_expect_silence(&room, "spk-b", ALICE_HZ);

        rig_graph_unplug(room.graph, "mic-c", device);
        expect_device_error(&room, room.alice, "'mic-c' was unplugged; using the default");
        room_expect_heard(&room, "spk-b", ALICE_HZ);

        plug(&room, "mic-c", MICROPHONE_CLASS);
        room_speak(&room, "mic-c", OTHER_HZ);
        room_expect_heard(&room, "spk-b", OTHER_HZ);
        expect_unheard(&room, "spk-b", ALICE_HZ);
        expect_single(&room, capture_node(room.alice));
        expect_no_error(&room, room.alice);
        room_leave(&room);
}
END_TEST

START_TEST(speaker_that_goes_gives_way_to_the_default_until_it_is_back)
{
        struct pw_proxy *device;
        Room room;

        room_enter(&room);
        device = plug(&room, "spk-c", SPEAKER_CLASS);
        room.alice->speaker = "spk-c";
        room_speak(&room, "mic-b", BOB_HZ);
        room_both_join(&room);
        room_expect_heard(&room, "spk-c", BOB_HZ);

        rig_graph_unplug(room.graph, "spk-c", device);
        expect_device_error(&room, room.alice, "'spk-c' was unplugged; using the default");
        room_expect_heard(&room, "spk-a", BOB_HZ);

        plug(&room, "spk-c", SPEAKER_CLASS);
        room_expect_heard(&room, "spk-c", BOB_HZ);
        room_expect_silence(&room, "spk-a", BOB_HZ);
        expect_no_error(&room, room.alice);
        room_leave(&room);
}
END_TEST

START_TEST(changes_of_the_systems_default_are_followed)
{
        Room room;

        room_enter(&room);
        room.alice->microphone = room.alice->speaker = NULL;
        plug(&room, "mic-c", MICROPHONE_CLASS);
        plug(&room, "spk-c", SPEAKER_CLASS);
        room_speak(&room, "mic-c", OTHER_HZ);
        room_speak(&room, "mic-b", BOB_HZ);
        room_both_join(&room);
        room_expect_heard(&room, "spk-a", BOB_HZ);
        rig_graph_set_default(room.graph, "mic-c", "spk-c");
        room_expect_heard(&room, "spk-c", BOB_HZ);
        room_expect_heard(&room, "spk-b", OTHER_HZ);
        expect_no_error(&room, room.alice);
        room_leave(&room);
}
END_TEST

static void enter_without_devices(Room *room)
{
        static const char *const none[] = {NULL};

        *room = (Room){};
        rig_check(rig_audio_new(none, none, &room->audio), "a PipeWire without devices");
        rig_check(rig_graph_new(rig_audio_directory(room->audio), &room->graph), "its graph");
        audio_call_init(&room->call, rig_audio_directory(room->audio));
        room->alice = audio_call_add(&room->call, &(AudioEnd){.uid = "alice"});
        room->bob = audio_call_add(&room->call, &(AudioEnd){.uid = "bob"});
}

START_TEST(devices_that_are_plugged_in_late_are_used)
{
        Room room;

        enter_without_devices(&room);
        audio_call_join(&room.call, room.alice, false);
        audio_call_wait_error(&room.call, room.alice, CALL_ERROR_DEVICE_NOT_FOUND);
        audio_call_join(&room.call, room.bob, false);
        audio_call_wait_peer(&room.call, room.alice);
        plug(&room, "spk-late", SPEAKER_CLASS);
        plug(&room, "mic-late", MICROPHONE_CLASS);
        room_speak(&room, "mic-late", ALICE_HZ);
        room_expect_heard(&room, "spk-late", ALICE_HZ);
        room_leave(&room);
}
END_TEST

/* A PipeWire with speakers alone: its default microphone is what the first of them plays. */
static void enter_without_microphone(Room *room)
{
        static const char *const none[] = {NULL}, *const speakers[] = {"spk-a", "spk-b", NULL};
        const AudioEnd alice = {.uid = "alice", .speaker = "spk-b"};
        const AudioEnd bob = {.uid = "bob", .speaker = "spk-b"};

        *room = (Room){};
        rig_check(rig_audio_new(none, speakers, &room->audio), "a PipeWire without microphones");
        rig_check(rig_graph_new(rig_audio_directory(room->audio), &room->graph), "its graph");
        audio_call_init(&room->call, rig_audio_directory(room->audio));
        room->alice = audio_call_add(&room->call, &alice);
        room->bob = audio_call_add(&room->call, &bob);
}

static bool is_monitor_default(RigGraph *graph, void *data)
{
        return rig_graph_has_defaults(graph, "spk-a", "spk-a");
}

START_TEST(monitor_of_a_speaker_is_no_microphone)
{
        struct pw_proxy *device;
        Room room;

        enter_without_microphone(&room);
        rig_check(rig_graph_wait(room.graph, is_monitor_default, NULL, rig_patience_ms()),
                  "a monitor as the default microphone");
        audio_call_join(&room.call, room.alice, false);
        audio_call_wait_error(&room.call, room.alice, CALL_ERROR_DEVICE_NOT_FOUND);
        ck_assert_str_eq(room.alice->text, "there is no microphone");
        audio_call_wait_microphone(&room.call, room.alice, false);
        audio_call_join(&room.call, room.bob, false);
        audio_call_wait_peer(&room.call, room.alice);
        ck_assert(!rig_graph_has_node(room.graph, capture_node(room.alice)));

        /* The monitor stays the default: the microphone has a lower priority. */
        device = plug(&room, "mic-low", MICROPHONE_CLASS);
        rig_check(rig_graph_wait_link(room.graph, "mic-low", capture_node(room.alice),
                                      rig_patience_ms()),
                  "the microphone's link");
        ck_assert(!rig_graph_has_link(room.graph, "spk-a", capture_node(room.alice)));
        audio_call_wait_microphone(&room.call, room.alice, true);
        rig_graph_unplug(room.graph, "mic-low", device);
        rig_check(
                rig_graph_wait_node(room.graph, capture_node(room.alice), false, rig_patience_ms()),
                "the end of the microphone's stream");
        audio_call_wait_microphone(&room.call, room.alice, false);
        room_leave(&room);
}
END_TEST

START_TEST(monitor_of_a_speaker_that_somebody_has_made_the_default_is_used)
{
        Room room;

        enter_without_microphone(&room);
        rig_graph_set_default(room.graph, "spk-a", NULL);
        audio_call_join(&room.call, room.alice, false);
        rig_check(rig_graph_wait_link(room.graph, "spk-a", capture_node(room.alice),
                                      rig_patience_ms()),
                  "the monitor's link");
        room_leave(&room);
}
END_TEST

static void leave_both(Room *room)
{
        audio_call_leave(&room->call, room->alice);
        audio_call_leave(&room->call, room->bob);
        audio_call_wait_state(&room->call, room->alice, SESSION_LEFT);
        audio_call_wait_state(&room->call, room->bob, SESSION_LEFT);
}

/* Sound comes from the other one, and is not heard. */
static void expect_quiet(Room *room, double frequency)
{
        RigHeard heard;

        audio_call_wait_speaking(&room->call, room->alice, true);
        rig_check(rig_listen(room->graph, "spk-a", frequency, 1000, &heard), "listening");
        ck_assert_double_lt(heard.tone_db, UNHEARD_DB);
}

START_TEST(volume_set_for_a_person_is_that_persons)
{
        const AudioEnd like = {.uid = "carol", .microphone = "mic-b", .speaker = "spk-b"};
        AudioEnd *carol;
        Room room;

        room_enter(&room);
        room_speak(&room, "mic-b", BOB_HZ);
        room_both_join(&room);
        room_expect_heard(&room, "spk-a", BOB_HZ);
        rig_graph_set_volume(room.graph, room.alice->status.media.audio_node, 0.001);
        expect_unheard(&room, "spk-a", BOB_HZ);
        leave_both(&room);

        carol = audio_call_add(&room.call, &like);
        audio_call_join(&room.call, room.alice, false);
        audio_call_join(&room.call, carol, false);
        audio_call_wait_state(&room.call, carol, SESSION_CONNECTED);
        audio_call_wait_peer(&room.call, room.alice);
        room_expect_heard(&room, "spk-a", BOB_HZ);
        audio_call_leave(&room.call, carol);
        audio_call_leave(&room.call, room.alice);
        audio_call_wait_state(&room.call, room.alice, SESSION_LEFT);

        room_both_join(&room);
        expect_quiet(&room, BOB_HZ);
        room_leave(&room);
}
END_TEST

/* Whether Bob falls silent within a second, and is silent for another one. */
static bool stays_muted(Room *room)
{
        RigHeard heard;

        return rig_listen_until(room->graph, "spk-a", BOB_HZ, ROOM_SILENCE_DB, false, 1000, NULL) ==
                       0 &&
               rig_listen(room->graph, "spk-a", BOB_HZ, 1000, &heard) == 0 &&
               heard.tone_db < ROOM_SILENCE_DB;
}

/* Repeats it, as a person would: one that comes with the beginning of a call is undone. */
static void mute_in_mixer(Room *room, const char *stream)
{
        usec_t deadline = rig_deadline();

        do
                rig_graph_set_mute(room->graph, stream, true);
        while (!stays_muted(room) && rig_remaining_ms(deadline) > 0);
        room_expect_silence(room, "spk-a", BOB_HZ);
}

START_TEST(mute_that_an_earlier_call_left_behind_is_undone)
{
        Room room;

        room_enter(&room);
        room_speak(&room, "mic-b", BOB_HZ);
        room_both_join(&room);
        room_expect_heard(&room, "spk-a", BOB_HZ);
        mute_in_mixer(&room, capture_node(room.bob));
        leave_both(&room);
        room_both_join(&room);
        room_expect_heard(&room, "spk-a", BOB_HZ);
        room_leave(&room);
}
END_TEST

START_TEST(microphone_that_gives_only_silence_is_reported)
{
        Room room;

        room_enter(&room);
        room_speak(&room, "mic-b", BOB_HZ);
        room_both_join(&room);
        audio_call_wait_unheard(&room.call, room.alice);
        ck_assert_ptr_nonnull(strstr(room.alice->unheard, "gives nothing but silence"));
        expect_no_error(&room, room.alice);
        ck_assert_str_eq(room.bob->unheard, "");
        room_leave(&room);
}
END_TEST

START_TEST(microphone_that_no_session_manager_links_is_reported)
{
        Room room;

        room_enter(&room);
        rig_audio_stop_manager(room.audio);
        room_both_join(&room);
        audio_call_wait_unheard(&room.call, room.alice);
        ck_assert_ptr_nonnull(strstr(room.alice->unheard, "the others cannot hear you"));
        room_leave(&room);
}
END_TEST

START_TEST(session_manager_that_comes_in_the_call_links_the_streams)
{
        Room room;

        room_enter(&room);
        rig_audio_stop_manager(room.audio);
        room_both_join(&room);
        audio_call_wait_unheard(&room.call, room.alice);
        rig_check(rig_audio_start_manager(room.audio), "another session manager");
        rig_check(rig_graph_wait_link(room.graph, "mic-a", capture_node(room.alice),
                                      rig_patience_ms()),
                  "the microphone's link");
        room_speak(&room, "mic-a", ALICE_HZ);
        room_speak(&room, "mic-b", BOB_HZ);
        room_expect_heard(&room, "spk-b", ALICE_HZ);
        room_expect_heard(&room, "spk-a", BOB_HZ);
        expect_no_error(&room, room.alice);
        room_leave(&room);
}
END_TEST

/* Hardware's: the session manager makes their nodes, and they go with it. */
typedef struct Hardware {
        struct pw_proxy *microphone, *speaker;
} Hardware;

static Hardware plug_hardware(Room *room)
{
        return (Hardware){.speaker = plug(room, "spk-h", SPEAKER_CLASS),
                          .microphone = plug(room, "mic-h", MICROPHONE_CLASS)};
}

START_TEST(sound_returns_when_the_session_manager_does)
{
        Hardware hardware;
        Room room;

        enter_without_devices(&room);
        hardware = plug_hardware(&room);
        room_speak(&room, "mic-h", ALICE_HZ);
        room_both_join(&room);
        room_expect_heard(&room, "spk-h", ALICE_HZ);

        room_hush(&room);
        rig_audio_stop_manager(room.audio);
        rig_graph_unplug(room.graph, "mic-h", hardware.microphone);
        rig_graph_unplug(room.graph, "spk-h", hardware.speaker);
        audio_call_wait_error(&room.call, room.alice, CALL_ERROR_DEVICE_NOT_FOUND);

        rig_check(rig_audio_start_manager(room.audio), "another session manager");
        plug_hardware(&room);
        room_speak(&room, "mic-h", ALICE_HZ);
        room_expect_heard(&room, "spk-h", ALICE_HZ);
        ck_assert_int_eq(room.alice->state, SESSION_CONNECTED);
        room_leave(&room);
}
END_TEST

START_TEST(sound_returns_when_pipewire_does)
{
        Room room;

        room_enter(&room);
        room_both_join(&room);
        rig_graph_free(room.graph);
        rig_audio_crash(room.audio);
        audio_call_wait_error(&room.call, room.alice, CALL_ERROR_MEDIA_FAILED);
        audio_call_wait_error(&room.call, room.bob, CALL_ERROR_MEDIA_FAILED);
        ck_assert_ptr_nonnull(strstr(room.alice->text, "until it is back"));

        rig_check(rig_audio_restart(room.audio), "PipeWire again");
        rig_check(rig_graph_new(rig_audio_directory(room.audio), &room.graph), "its graph");
        room_speak(&room, "mic-a", ALICE_HZ);
        room_speak(&room, "mic-b", BOB_HZ);
        room_expect_heard(&room, "spk-b", ALICE_HZ);
        room_expect_heard(&room, "spk-a", BOB_HZ);
        expect_no_error(&room, room.alice);
        expect_no_error(&room, room.bob);
        ck_assert_int_eq(room.alice->state, SESSION_CONNECTED);
        room_leave(&room);
}
END_TEST

START_TEST(sound_comes_when_pipewire_is_started_after_the_join)
{
        Room room;

        room_enter(&room);
        rig_graph_free(room.graph);
        rig_audio_crash(room.audio);
        audio_call_join(&room.call, room.alice, false);
        audio_call_wait_error(&room.call, room.alice, CALL_ERROR_MEDIA_FAILED);
        audio_call_join(&room.call, room.bob, false);
        audio_call_wait_peer(&room.call, room.alice);
        rig_check(rig_audio_restart(room.audio), "PipeWire again");
        rig_check(rig_graph_new(rig_audio_directory(room.audio), &room.graph), "its graph");
        room_speak(&room, "mic-a", ALICE_HZ);
        room_expect_heard(&room, "spk-b", ALICE_HZ);
        room_leave(&room);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("media-devices");
        TCase *tcase = tcase_create("devices");

        tcase_set_timeout(tcase, 60);
        tcase_add_test(tcase, speaker_is_changed_in_a_call);
        tcase_add_test(tcase, microphone_is_changed_in_a_call);
        tcase_add_test(tcase, microphone_that_goes_gives_way_to_the_default_until_it_is_back);
        tcase_add_test(tcase, speaker_that_goes_gives_way_to_the_default_until_it_is_back);
        tcase_add_test(tcase, changes_of_the_systems_default_are_followed);
        tcase_add_test(tcase, devices_that_are_plugged_in_late_are_used);
        tcase_add_test(tcase, monitor_of_a_speaker_is_no_microphone);
        tcase_add_test(tcase, monitor_of_a_speaker_that_somebody_has_made_the_default_is_used);
        tcase_add_test(tcase, volume_set_for_a_person_is_that_persons);
        tcase_add_test(tcase, mute_that_an_earlier_call_left_behind_is_undone);
        tcase_add_test(tcase, microphone_that_gives_only_silence_is_reported);
        tcase_add_test(tcase, microphone_that_no_session_manager_links_is_reported);
        tcase_add_test(tcase, session_manager_that_comes_in_the_call_links_the_streams);
        tcase_add_test(tcase, sound_returns_when_the_session_manager_does);
        tcase_add_test(tcase, sound_returns_when_pipewire_does);
        tcase_add_test(tcase, sound_comes_when_pipewire_is_started_after_the_join);
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
