/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What people hear: rings, voices, silence. Alice and Bob each have a PipeWire of their own, with a
 * virtual microphone and a virtual speaker.
 */
#include <signal.h>

#include "e2e/expect.h"
#include "rig/audio-ear.h"
#include "rig/audio.h"
#include "rig/desktop.h"
#include "suite.h"

#define MICROPHONE "mouth"
#define SPEAKER "ear"
#define ALICE_HZ 440
#define BOB_HZ 660
#define QUIET_DB -70.0 /* of everything: nobody would hear that */
#define LOUD_DB -45.0  /* of everything: a ring at less than full volume */

typedef struct Person {
        Desktop *desktop;
        RigAudio *audio;
        RigGraph *graph;
} Person;

typedef struct Room {
        Rig *rig;
        Hub *hub;
        Person alice, bob;
} Room;

static int patience_ms(void)
{
        return rig_remaining_ms(rig_deadline());
}

static void person_init(Person *person, Room *room, const char *name)
{
        person->desktop = desktop_new(room->rig, name);
        rig_check(rig_audio_new((const char *const[]){MICROPHONE, NULL},
                                (const char *const[]){SPEAKER, NULL}, &person->audio),
                  "virtual audio");
        rig_check(rig_graph_new(rig_audio_directory(person->audio), &person->graph), "a graph");
        environment_set(&person->desktop->environment, "PIPEWIRE_RUNTIME_DIR", "%s",
                        rig_audio_directory(person->audio));
        desktop_start(person->desktop);
        desktop_login(person->desktop, room->hub);
}

static void person_done(Person *person)
{
        desktop_free(person->desktop);
        rig_graph_free(person->graph);
        rig_audio_free(person->audio);
}

static Room room_new(void)
{
        Room room = {.rig = rig_new()};

        room.hub = hub_new(room.rig);
        person_init(&room.alice, &room, "alice");
        person_init(&room.bob, &room, "bob");
        return room;
}

static void room_done(Room *room)
{
        person_done(&room->alice);
        person_done(&room->bob);
        hub_free(room->hub);
        rig_free(room->rig);
}

#define _cleanup_room_ _cleanup_(room_done)

static void wait_state(Person *person, const Call *call, const char *state)
{
        client_wait_property(person->desktop->client, call->path, TRING_SESSION, "State", state);
}

/* A call in which both have joined. */
static Call talk(Room *room)
{
        Call call = call_ring(room->alice.desktop, room->bob.desktop, true);

        call_accept(room->bob.desktop, &call, true);
        client_wait_signal(room->alice.desktop->client, "OutgoingCallAccepted", call.path);
        wait_state(&room->alice, &call, "connected");
        wait_state(&room->bob, &call, "connected");
        return call;
}

static void expect_tone(Person *person, double frequency, bool heard)
{
        RigHeard last;

        if (rig_listen_until(person->graph, SPEAKER, frequency, heard ? RIG_HEARD_DB : QUIET_DB,
                             heard, patience_ms(), &last) < 0)
                rig_fail("%g Hz %s at %s's speaker: %.1f dB", frequency,
                         heard ? "is not heard" : "is still heard", person->desktop->name,
                         last.tone_db);
}

/* Any sound, or none, at the speaker. */
static void expect_sound(Person *person, bool wanted)
{
        usec_t deadline = rig_deadline();
        RigHeard last;

        do {
                if (rig_remaining_ms(deadline) == 0)
                        rig_fail("%s at %s's speaker: %.1f dB", wanted ? "no sound" : "still sound",
                                 person->desktop->name, last.level_db);
                rig_check(rig_listen(person->graph, SPEAKER, ALICE_HZ, 300, &last), "listening");
        } while (wanted ? last.level_db < LOUD_DB : last.level_db > QUIET_DB);
}

START_TEST(both_are_heard_and_muted_is_silent)
{
        _cleanup_room_ Room room = room_new();
        _cleanup_(rig_tone_freep) RigTone *alice = NULL, *bob = NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *stats = NULL;
        Client *at_a = room.alice.desktop->client, *at_b = room.bob.desktop->client;
        Call call = talk(&room);

        client_wait_signal(at_a, "UserJoined", call.path);
        client_wait_signal(at_b, "UserJoined", call.path);
        rig_check(rig_tone_new(room.alice.graph, MICROPHONE, ALICE_HZ, &alice), "a tone");
        rig_check(rig_tone_new(room.bob.graph, MICROPHONE, BOB_HZ, &bob), "a tone");
        expect_tone(&room.bob, ALICE_HZ, true);
        expect_tone(&room.alice, BOB_HZ, true);

        client_do(at_a, call.path, TRING_SESSION, "SetAudioMuted", "b", true);
        client_wait_property(at_a, call.path, TRING_SESSION, "AudioMuted", "true");
        expect_sound(&room.bob, false);
        expect_tone(&room.alice, BOB_HZ, true);
        expect_has(client_property(at_b, call.path, TRING_SESSION, "Participants"), "muted: true");
        client_do(at_a, call.path, TRING_SESSION, "SetAudioMuted", "b", false);
        expect_tone(&room.bob, ALICE_HZ, true);

        stats = client_call(at_b, call.path, TRING_SESSION, "GetStats", NULL);
        expect_has(text_of_argument(stats, 0), "opus");

        call_end(room.bob.desktop, &call);
        call_wait_status(room.alice.desktop, &call, "ended", "remote-hangup");
        expect_sound(&room.alice, false);
        expect_sound(&room.bob, false);
}
END_TEST

START_TEST(microphone_opens_with_the_answer)
{
        _cleanup_room_ Room room = room_new();
        Call call = call_ring(room.alice.desktop, room.bob.desktop, true);
        char node[RIG_PATH_MAX];

        rig_path(node, "tring.%s.capture", call.id);
        client_wait_property(room.bob.desktop->client, call.path, TRING_CALL, "Alerting", "true");
        ck_assert(!rig_graph_has_node(room.alice.graph, node));
        ck_assert(!rig_graph_has_node(room.bob.graph, node));
        call_accept(room.bob.desktop, &call, true);
        rig_check(rig_graph_wait_node(room.alice.graph, node, true, patience_ms()), node);
        rig_check(rig_graph_wait_node(room.bob.graph, node, true, patience_ms()), node);
        client_do(room.bob.desktop->client, call.path, TRING_SESSION, "Leave", NULL);
        rig_check(rig_graph_wait_node(room.bob.graph, node, false, patience_ms()), node);
        wait_state(&room.bob, &call, "left");
        client_wait_signal(room.alice.desktop->client, "UserLeft", call.path);
        call_wait_status(room.alice.desktop, &call, "ongoing", NULL);
        call_end(room.alice.desktop, &call);
        rig_check(rig_graph_wait_node(room.alice.graph, node, false, patience_ms()), node);
}
END_TEST

START_TEST(ring_and_ring_back_sound_until_the_answer)
{
        _cleanup_room_ Room room = room_new();
        Call call = call_ring(room.alice.desktop, room.bob.desktop, false);

        expect_sound(&room.bob, true);
        expect_sound(&room.alice, true);
        client_wait_property(room.bob.desktop->client, TRING_ROOT, TRING_MANAGER, "Ringing",
                             "true");
        call_accept(room.bob.desktop, &call, false);
        expect_sound(&room.bob, false);
        expect_sound(&room.alice, false);
        client_wait_property(room.bob.desktop->client, TRING_ROOT, TRING_MANAGER, "Ringing",
                             "false");
}
END_TEST

START_TEST(silence_stops_the_sound_and_not_the_call)
{
        _cleanup_room_ Room room = room_new();
        Call call = call_ring(room.alice.desktop, room.bob.desktop, false);

        expect_sound(&room.bob, true);
        client_do(room.bob.desktop->client, call.path, TRING_CALL, "Silence", NULL);
        expect_sound(&room.bob, false);
        call_wait_status(room.bob.desktop, &call, "initiated", NULL);
        call_reject(room.alice.desktop, &call, "cancelled");
        expect_sound(&room.alice, false);

        client_do(room.bob.desktop->client, TRING_ROOT, TRING_MANAGER, "TestRing", NULL);
        expect_sound(&room.bob, true);
        expect_sound(&room.bob, false);
}
END_TEST

/* The pid of the media worker that this desktop's tringd has started. */
static pid_t worker_of(const Person *person, const Call *call)
{
        _cleanup_(run_result_done) RunResult result;
        char parent[32];

        snprintf(parent, sizeof(parent), "%d", person->desktop->tringd->pid);
        process_run(person->desktop->rig, &person->desktop->environment,
                    ARGV("pgrep", "--parent", parent, "--full", call->id), NULL, &result);
        if (result.status != 0)
                rig_fail("%s has no media worker", person->desktop->name);
        return atoi(result.out);
}

START_TEST(dead_worker_is_an_error_and_can_be_replaced)
{
        _cleanup_room_ Room room = room_new();
        _cleanup_(rig_tone_freep) RigTone *bob = NULL;
        Client *at_a = room.alice.desktop->client;
        Call call = talk(&room);

        rig_check(rig_tone_new(room.bob.graph, MICROPHONE, BOB_HZ, &bob), "a tone");
        expect_tone(&room.alice, BOB_HZ, true);
        kill(worker_of(&room.alice, &call), SIGKILL);
        expect_has(text_of_argument(client_wait_signal(at_a, "Error", call.path)->message, 0),
                   "MediaFailed");
        wait_state(&room.alice, &call, "failed");
        call_wait_status(room.alice.desktop, &call, "ongoing", NULL);

        client_do(at_a, call.path, TRING_SESSION, "Join", "a{sv}", 0);
        wait_state(&room.alice, &call, "connected");
        expect_tone(&room.alice, BOB_HZ, true);
        call_end(room.alice.desktop, &call);
        call_wait_status(room.bob.desktop, &call, "ended", "remote-hangup");
}
END_TEST

START_TEST(voices_go_on_while_tringd_is_killed_and_comes_back)
{
        _cleanup_room_ Room room = room_new();
        _cleanup_(rig_tone_freep) RigTone *bob = NULL;
        Call call = talk(&room);

        rig_check(rig_tone_new(room.bob.graph, MICROPHONE, BOB_HZ, &bob), "a tone");
        expect_tone(&room.alice, BOB_HZ, true);
        desktop_kill(room.alice.desktop);
        expect_tone(&room.alice, BOB_HZ, true);
        desktop_start(room.alice.desktop);
        desktop_wait_online(room.alice.desktop);
        call_wait_status(room.alice.desktop, &call, "ongoing", NULL);
        wait_state(&room.alice, &call, "connected");
        expect_tone(&room.alice, BOB_HZ, true);
        call_end(room.alice.desktop, &call);
        call_wait_status(room.bob.desktop, &call, "ended", "remote-hangup");
        expect_sound(&room.alice, false);
}
END_TEST

START_TEST(call_without_pipewire_is_published_and_says_what_is_missing)
{
        _cleanup_room_ Room room = room_new();
        Client *at_b = room.bob.desktop->client;
        Call call;

        rig_audio_crash(room.bob.audio);
        call = call_ring(room.alice.desktop, room.bob.desktop, true);
        call_accept(room.bob.desktop, &call, true);
        expect_has(text_of_argument(client_wait_signal(at_b, "Error", call.path)->message, 1),
                   "PipeWire");
        call_wait_status(room.alice.desktop, &call, "ongoing", NULL);
        call_end(room.alice.desktop, &call);
        call_wait_status(room.bob.desktop, &call, "ended", "remote-hangup");
}
END_TEST

static Suite *sound_suite(void)
{
        Suite *suite = suite_create("sound");
        TCase *tcase = tcase_create("sound");

        tcase_set_timeout(tcase, 180);
        tcase_add_test(tcase, both_are_heard_and_muted_is_silent);
        tcase_add_test(tcase, microphone_opens_with_the_answer);
        tcase_add_test(tcase, ring_and_ring_back_sound_until_the_answer);
        tcase_add_test(tcase, silence_stops_the_sound_and_not_the_call);
        tcase_add_test(tcase, dead_worker_is_an_error_and_can_be_replaced);
        tcase_add_test(tcase, voices_go_on_while_tringd_is_killed_and_comes_back);
        tcase_add_test(tcase, call_without_pipewire_is_published_and_says_what_is_missing);
        suite_add_tcase(suite, tcase);
        return suite;
}

int main(void)
{
        return suite_run(sound_suite());
}
