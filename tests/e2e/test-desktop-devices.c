/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* org.tring.Calls1.Devices with a real PipeWire: reading and writing its properties. */

#include <signal.h>

#include "base/str.h"
#include "e2e/expect.h"
#include "rig/talk.h"
#include "suite.h"

#define MICROPHONES "[{name: mouth, description: mouth, default: true}]"
#define SPEAKERS "[{name: ear, description: ear, default: true}]"
#define TWO_SPEAKERS                                      \
        "[{name: ear, description: ear, default: true}, " \
        "{name: bell, description: bell, default: false}]"
#define CAMERAS "[{name: eye, description: eye, default: false}]"

/* One desktop without a hub. */
typedef struct Place {
        Rig *rig;
        Person person;
} Place;

static const char *const microphones[] = {"mouth", NULL};
static const char *const speakers[] = {"ear", NULL};

static Place place_new(void)
{
        Place place = {.rig = rig_new()};
        Person *person = &place.person;

        person->desktop = desktop_new(place.rig, "alice");
        rig_check(rig_audio_new(microphones, speakers, &person->audio), "virtual audio");
        rig_check(rig_graph_new(rig_audio_directory(person->audio), &person->graph), "a graph");
        environment_set(&person->desktop->environment, "PIPEWIRE_RUNTIME_DIR", "%s",
                        rig_audio_directory(person->audio));
        desktop_start(person->desktop);
        return place;
}

static void place_done(Place *place)
{
        desktop_free(place->person.desktop);
        rig_graph_free(place->person.graph);
        rig_audio_free(place->person.audio);
        rig_free(place->rig);
}
#define _cleanup_place_ _cleanup_(place_done)

static struct pw_proxy *plug(Person *person, const char *node, const char *media_class)
{
        struct pw_proxy *device = NULL;

        rig_check(rig_graph_plug(person->graph, node, media_class, NULL, &device), node);
        return device;
}

static void expect_list(Person *person, const char *list, const char *value)
{
        client_wait_property(person->desktop->client, TRING_ROOT, TRING_DEVICES, list, value);
}

START_TEST(first_reading_knows_what_there_is)
{
        _cleanup_place_ Place place = place_new();
        Client *client = place.person.desktop->client;
        _cleanup_free_ char *found = client_property(client, TRING_ROOT, TRING_DEVICES, "Speakers");
        sd_bus_message *all =
                client_call(client, TRING_ROOT, DBUS_PROPERTIES, "GetAll", "s", TRING_DEVICES);
        _cleanup_free_ char *listed = text_of_key(all, 0, "Microphones");

        ck_assert_str_eq(found, SPEAKERS);
        ck_assert_str_eq(listed, MICROPHONES);
        sd_bus_message_unref(all);
}
END_TEST

START_TEST(lists_follow_what_is_plugged_in_and_out)
{
        _cleanup_place_ Place place = place_new();
        Person *person = &place.person;
        struct pw_proxy *bell, *eye;

        expect_list(person, "Speakers", SPEAKERS);
        bell = plug(person, "bell", "Audio/Sink");
        expect_list(person, "Speakers", TWO_SPEAKERS);
        rig_graph_unplug(person->graph, "bell", bell);
        expect_list(person, "Speakers", SPEAKERS);
        expect_list(person, "Cameras", "[]");
        rig_check(rig_graph_plug_camera(person->graph, "eye", &eye), "a camera");
        expect_list(person, "Cameras", CAMERAS);
}
END_TEST

START_TEST(lists_are_empty_without_pipewire_and_come_back_with_it)
{
        _cleanup_place_ Place place = place_new();
        Person *person = &place.person;

        expect_list(person, "Microphones", MICROPHONES);
        person->graph = rig_graph_free(person->graph);
        rig_audio_crash(person->audio);
        expect_list(person, "Microphones", "[]");
        rig_check(rig_audio_restart(person->audio), "PipeWire again");
        expect_list(person, "Microphones", MICROPHONES);
        expect_list(person, "Speakers", SPEAKERS);
}
END_TEST

START_TEST(watch_that_dies_is_started_again)
{
        _cleanup_place_ Place place = place_new();
        Person *person = &place.person;
        _cleanup_(run_result_done) RunResult result = {};
        char parent[32];

        expect_list(person, "Microphones", MICROPHONES);
        snprintf(parent, sizeof(parent), "%d", person->desktop->tringd->pid);
        process_run(place.rig, &person->desktop->environment,
                    ARGV("pkill", "-KILL", "--parent", parent, "--full", "devices$"), NULL,
                    &result);
        ck_assert_int_eq(result.status, 0);
        expect_list(person, "Microphones", "[]");
        expect_list(person, "Microphones", MICROPHONES);
}
END_TEST

START_TEST(call_that_goes_on_follows_what_is_written)
{
        _cleanup_talk_ Talk talk = talk_new();
        _cleanup_(rig_tone_freep) RigTone *bob = NULL, *other = NULL;
        Person *alice = &talk.alice;
        struct pw_proxy *second_ear = plug(alice, "second-ear", "Audio/Sink");
        Call call = talk_begin(&talk);
        const char *error;

        rig_check(rig_tone_new(talk.bob.graph, TALK_MICROPHONE, TALK_BOB_HZ, &bob), "a tone");
        person_expect_tone(alice, TALK_BOB_HZ, true);
        person_choose(alice, "Speaker", "second-ear");
        rig_check(rig_listen_until(alice->graph, "second-ear", TALK_BOB_HZ, RIG_HEARD_DB, true,
                                   rig_patience_ms(), NULL),
                  "the second speaker");
        person_expect_tone(alice, TALK_BOB_HZ, false);

        plug(alice, "second-mouth", "Audio/Source/Virtual");
        rig_check(rig_tone_new(alice->graph, "second-mouth", TALK_ALICE_HZ, &other), "a tone");
        person_choose(alice, "Microphone", "second-mouth");
        person_expect_tone(&talk.bob, TALK_ALICE_HZ, true);

        rig_graph_unplug(alice->graph, "second-ear", second_ear);
        sd_bus_message *told =
                client_wait_signal(alice->desktop->client, "Error", call.path)->message;
        ck_assert_int_ge(sd_bus_message_rewind(told, true), 0);
        ck_assert_int_ge(sd_bus_message_read(told, "s", &error), 0);
        ck_assert_ptr_nonnull(strstr(error, "DeviceNotFound"));
        expect_has(text_of_argument(told, 1), "'second-ear' was unplugged");
        person_expect_tone(alice, TALK_BOB_HZ, true);
        person_wait_state(alice, &call, "connected");
}
END_TEST

START_TEST(sound_of_a_call_returns_with_pipewire)
{
        _cleanup_talk_ Talk talk = talk_new();
        _cleanup_(rig_tone_freep) RigTone *bob = NULL;
        Person *alice = &talk.alice;
        Call call = talk_begin(&talk);

        rig_check(rig_tone_new(talk.bob.graph, TALK_MICROPHONE, TALK_BOB_HZ, &bob), "a tone");
        person_expect_tone(alice, TALK_BOB_HZ, true);
        alice->graph = rig_graph_free(alice->graph);
        rig_audio_crash(alice->audio);
        expect_has(
                text_of_argument(
                        client_wait_signal(alice->desktop->client, "Error", call.path)->message, 1),
                "until it is back");
        rig_check(rig_audio_restart(alice->audio), "PipeWire again");
        rig_check(rig_graph_new(rig_audio_directory(alice->audio), &alice->graph), "a graph");
        person_expect_tone(alice, TALK_BOB_HZ, true);
        person_wait_state(alice, &call, "connected");
        ck_assert_uint_eq(client_count_signals(alice->desktop->client, "Error", call.path), 1);
}
END_TEST

START_TEST(who_has_no_microphone_is_shown_to_the_others_as_muted)
{
        _cleanup_talk_ Talk talk = talk_new();
        Person *alice = &talk.alice;
        Call call = talk_begin(&talk);

        person_wait_participant(&talk.bob, &call, "muted: false");
        alice->graph = rig_graph_free(alice->graph);
        rig_audio_crash(alice->audio);
        person_wait_participant(&talk.bob, &call, "muted: true");
        rig_check(rig_audio_restart(alice->audio), "PipeWire again");
        person_wait_participant(&talk.bob, &call, "muted: false");
        client_wait_property(alice->desktop->client, call.path, TRING_SESSION, "AudioMuted",
                             "false");
}
END_TEST

START_TEST(ring_is_heard_again_with_pipewire)
{
        _cleanup_talk_ Talk talk = talk_new();
        Person *bob = &talk.bob;
        Call call = call_ring(talk.alice.desktop, bob->desktop, false);

        person_expect_sound(bob, true);
        bob->graph = rig_graph_free(bob->graph);
        rig_audio_crash(bob->audio);
        rig_check(rig_audio_restart(bob->audio), "PipeWire again");
        rig_check(rig_graph_new(rig_audio_directory(bob->audio), &bob->graph), "a graph");
        person_expect_sound(bob, true);
        call_wait_status(bob->desktop, &call, "initiated", NULL);
}
END_TEST

static void ring_on(Person *person, const char *one, const char *other)
{
        client_set(person->desktop->client, TRING_ROOT, TRING_DEVICES, "RingDevices", "as",
                   other ? 2 : 1, one, other);
}

/* Waits for the first sound at the speaker since `first` was made. */
static bool is_heard(RigFirstSound *first, int patience_ms)
{
        int64_t at;

        return rig_first_sound_wait(first, patience_ms, &at) == 0;
}

static void expect_ring(Person *person, bool at_ear, bool at_bell)
{
        _cleanup_(rig_first_sound_freep) RigFirstSound *ear = NULL, *bell = NULL;

        rig_check(rig_first_sound_new(person->graph, "ear", &ear), "an ear");
        rig_check(rig_first_sound_new(person->graph, "bell", &bell), "another");
        client_do(person->desktop->client, TRING_ROOT, TRING_MANAGER, "TestRing", NULL);
        if (at_ear && !is_heard(ear, rig_patience_ms()))
                rig_fail("no ring at the first speaker");
        if (at_bell && !is_heard(bell, rig_patience_ms()))
                rig_fail("no ring at the second speaker");
        client_do(person->desktop->client, TRING_ROOT, TRING_MANAGER, "SilenceAll", NULL);
        client_wait_property(person->desktop->client, TRING_ROOT, TRING_MANAGER, "Ringing",
                             "false");
        if (is_heard(ear, 0) != at_ear || is_heard(bell, 0) != at_bell)
                rig_fail("it rings where it should not");
}

START_TEST(it_rings_on_the_chosen_speakers)
{
        _cleanup_place_ Place place = place_new();
        Person *person = &place.person;

        plug(person, "bell", "Audio/Sink");
        ring_on(person, "bell", NULL);
        expect_ring(person, false, true);
        ring_on(person, "*", NULL);
        expect_ring(person, true, true);
        ring_on(person, "nowhere", "neither");
        expect_ring(person, true, false);
}
END_TEST

static void ctl_expect(Place *place, int status, const char *says, const char *const *argv)
{
        RunResult result;

        process_run(place->rig, &place->person.desktop->environment, argv, NULL, &result);
        if (result.status != status || !strstr(status == 0 ? result.out : result.err, says))
                rig_fail("tringctl gave %d, '%s', '%s'", result.status, result.out, result.err);
        run_result_done(&result);
}

START_TEST(tringctl_shows_and_chooses)
{
        _cleanup_place_ Place place = place_new();
        const char *ctl = rig_program("CTL");

        ctl_expect(&place, 0, "speakers:\n* ear  ear (default)\n", ARGV(ctl, "devices"));
        plug(&place.person, "bell", "Audio/Sink");
        expect_list(&place.person, "Speakers", TWO_SPEAKERS);
        ctl_expect(&place, 0, "* bell  bell\n", ARGV(ctl, "devices", "speaker", "bell"));
        ctl_expect(&place, 0, "  nothing is chosen, but not connected\n",
                   ARGV(ctl, "devices", "microphone", "nothing"));
        ctl_expect(&place, 0, "* mouth  mouth (default)\n",
                   ARGV(ctl, "devices", "microphone", "default"));
        ctl_expect(&place, 0, "rings on bell, ear, volume 1.00\n",
                   ARGV(ctl, "devices", "ring", "bell", "ear"));
        ctl_expect(&place, 0, "echo-cancel: no\n", ARGV(ctl, "devices", "echo-cancel", "no"));
        ctl_expect(&place, 0, "\"speaker\":\"bell\"", ARGV(ctl, "--json", "devices"));
        ctl_expect(&place, 1, "'maybe'", ARGV(ctl, "devices", "echo-cancel", "maybe"));
        ctl_expect(&place, 2, "not 'keyboard'", ARGV(ctl, "devices", "keyboard", "x"));
        ctl_expect(&place, 2, "missing", ARGV(ctl, "devices", "speaker"));
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("desktop-devices");
        TCase *tcase = tcase_create("devices");

        tcase_set_timeout(tcase, 180);
        tcase_add_test(tcase, first_reading_knows_what_there_is);
        tcase_add_test(tcase, lists_follow_what_is_plugged_in_and_out);
        tcase_add_test(tcase, lists_are_empty_without_pipewire_and_come_back_with_it);
        tcase_add_test(tcase, watch_that_dies_is_started_again);
        tcase_add_test(tcase, call_that_goes_on_follows_what_is_written);
        tcase_add_test(tcase, sound_of_a_call_returns_with_pipewire);
        tcase_add_test(tcase, who_has_no_microphone_is_shown_to_the_others_as_muted);
        tcase_add_test(tcase, ring_is_heard_again_with_pipewire);
        tcase_add_test(tcase, it_rings_on_the_chosen_speakers);
        tcase_add_test(tcase, tringctl_shows_and_chooses);
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
