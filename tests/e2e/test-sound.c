/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Audible effects: rings, voices, silence. */
#include "e2e/expect.h"
#include "rig/talk.h"
#include "suite.h"

START_TEST(both_are_heard_and_muted_is_silent)
{
        _cleanup_talk_ Talk talk = talk_new();
        _cleanup_(rig_tone_freep) RigTone *alice = NULL, *bob = NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *stats = NULL;
        Client *at_a = talk.alice.desktop->client, *at_b = talk.bob.desktop->client;
        Call call = talk_begin(&talk);

        client_wait_signal(at_a, "UserJoined", call.path);
        client_wait_signal(at_b, "UserJoined", call.path);
        rig_check(rig_tone_new(talk.alice.graph, TALK_MICROPHONE, TALK_ALICE_HZ, &alice), "a tone");
        rig_check(rig_tone_new(talk.bob.graph, TALK_MICROPHONE, TALK_BOB_HZ, &bob), "a tone");
        person_expect_tone(&talk.bob, TALK_ALICE_HZ, true);
        person_expect_tone(&talk.alice, TALK_BOB_HZ, true);

        client_do(at_a, call.path, TRING_SESSION, "SetAudioMuted", "b", true);
        client_wait_property(at_a, call.path, TRING_SESSION, "AudioMuted", "true");
        person_expect_sound(&talk.bob, false);
        person_expect_tone(&talk.alice, TALK_BOB_HZ, true);
        expect_has(client_property(at_b, call.path, TRING_SESSION, "Participants"), "muted: true");
        client_do(at_a, call.path, TRING_SESSION, "SetAudioMuted", "b", false);
        person_expect_tone(&talk.bob, TALK_ALICE_HZ, true);

        stats = client_call(at_b, call.path, TRING_SESSION, "GetStats", NULL);
        expect_has(text_of_argument(stats, 0), "opus");

        call_end(talk.bob.desktop, &call);
        call_wait_status(talk.alice.desktop, &call, "ended", "remote-hangup");
        person_expect_sound(&talk.alice, false);
        person_expect_sound(&talk.bob, false);
}
END_TEST

START_TEST(microphone_opens_with_the_answer)
{
        _cleanup_talk_ Talk talk = talk_new();
        Call call = call_ring(talk.alice.desktop, talk.bob.desktop, true);
        char node[RIG_PATH_MAX];

        rig_path(node, "tring.%s.capture", call.id);
        client_wait_property(talk.bob.desktop->client, call.path, TRING_CALL, "Alerting", "true");
        ck_assert(!rig_graph_has_node(talk.alice.graph, node));
        ck_assert(!rig_graph_has_node(talk.bob.graph, node));
        call_accept(talk.bob.desktop, &call, true);
        rig_check(rig_graph_wait_node(talk.alice.graph, node, true, rig_patience_ms()), node);
        rig_check(rig_graph_wait_node(talk.bob.graph, node, true, rig_patience_ms()), node);
        client_do(talk.bob.desktop->client, call.path, TRING_SESSION, "Leave", NULL);
        rig_check(rig_graph_wait_node(talk.bob.graph, node, false, rig_patience_ms()), node);
        person_wait_state(&talk.bob, &call, "left");
        client_wait_signal(talk.alice.desktop->client, "UserLeft", call.path);
        call_wait_status(talk.alice.desktop, &call, "ongoing", NULL);
        call_end(talk.alice.desktop, &call);
        rig_check(rig_graph_wait_node(talk.alice.graph, node, false, rig_patience_ms()), node);
}
END_TEST

START_TEST(ring_and_ring_back_sound_until_the_answer)
{
        _cleanup_talk_ Talk talk = talk_new();
        Call call = call_ring(talk.alice.desktop, talk.bob.desktop, false);

        person_expect_sound(&talk.bob, true);
        person_expect_sound(&talk.alice, true);
        client_wait_property(talk.bob.desktop->client, TRING_ROOT, TRING_MANAGER, "Ringing",
                             "true");
        call_accept(talk.bob.desktop, &call, false);
        person_expect_sound(&talk.bob, false);
        person_expect_sound(&talk.alice, false);
        client_wait_property(talk.bob.desktop->client, TRING_ROOT, TRING_MANAGER, "Ringing",
                             "false");
}
END_TEST

START_TEST(silence_stops_the_sound_and_not_the_call)
{
        _cleanup_talk_ Talk talk = talk_new();
        Call call = call_ring(talk.alice.desktop, talk.bob.desktop, false);

        person_expect_sound(&talk.bob, true);
        client_do(talk.bob.desktop->client, call.path, TRING_CALL, "Silence", NULL);
        person_expect_sound(&talk.bob, false);
        call_wait_status(talk.bob.desktop, &call, "initiated", NULL);
        call_reject(talk.alice.desktop, &call, "cancelled");
        person_expect_sound(&talk.alice, false);

        client_do(talk.bob.desktop->client, TRING_ROOT, TRING_MANAGER, "TestRing", NULL);
        person_expect_sound(&talk.bob, true);
        person_expect_sound(&talk.bob, false);
}
END_TEST

START_TEST(rule_19_a_call_without_pipewire_is_published_and_says_what_is_missing)
{
        _cleanup_talk_ Talk talk = talk_new();
        Client *at_b = talk.bob.desktop->client;
        Call call;

        rig_audio_crash(talk.bob.audio);
        call = call_ring(talk.alice.desktop, talk.bob.desktop, true);
        call_accept(talk.bob.desktop, &call, true);
        expect_has(text_of_argument(client_wait_signal(at_b, "Error", call.path)->message, 1),
                   "PipeWire");
        call_wait_status(talk.alice.desktop, &call, "ongoing", NULL);
        call_end(talk.alice.desktop, &call);
        call_wait_status(talk.bob.desktop, &call, "ended", "remote-hangup");
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
        tcase_add_test(tcase,
                       rule_19_a_call_without_pipewire_is_published_and_says_what_is_missing);
        suite_add_tcase(suite, tcase);
        return suite;
}

int main(void)
{
        return suite_run(sound_suite());
}
