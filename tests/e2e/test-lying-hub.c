/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A desktop whose hub lies: it makes of an audio call a video call, and a camera is plugged in.
 * CALL-MODEL.md, rule 22.
 */
#include "rig/liar.h"
#include "rig/picture-camera.h"
#include "rig/talk.h"
#include "suite.h"

#define CAMERA "lens"

typedef struct Scene {
        Talk talk; /* Alice's hub lies */
        Liar *liar;
        RigCamera *camera; /* hers */
} Scene;

static Scene scene_new(void)
{
        Scene scene = {.talk.rig = rig_new()};
        Talk *talk = &scene.talk;

        talk->hub = hub_new(talk->rig);
        scene.liar = liar_new(talk->hub);
        Hub lying = liar_hub(scene.liar);
        person_init(&talk->alice, talk->rig, "alice");
        person_init(&talk->bob, talk->rig, "bob");
        person_log_in(&talk->alice, &lying);
        person_log_in(&talk->bob, talk->hub);
        rig_check(rig_camera_new(talk->alice.graph, CAMERA, &scene.camera), "a camera");
        return scene;
}

static void scene_done(Scene *scene)
{
        rig_camera_free(scene->camera);
        liar_free(scene->liar);
        talk_done(&scene->talk);
}

#define _cleanup_scene_ _cleanup_(scene_done)

static void lie(Scene *scene)
{
        liar_says(scene->liar, "\"call_type\":\"audio\"", "\"call_type\":\"video\"");
}

/* Alice was lied to, is heard, and is not seen before she opens the camera herself. */
static void expect_unseen(Scene *scene, const Call *call)
{
        Client *at_a = scene->talk.alice.desktop->client;

        person_wait_state(&scene->talk.alice, call, "connected");
        ck_assert_uint_gt(liar_lies(scene->liar), 0);
        client_wait_property(at_a, call->path, TRING_CALL, "CallType", "video");
        client_wait_property(at_a, call->path, TRING_SESSION, "VideoPaused", "true");
        client_wait_property(at_a, call->path, TRING_SESSION, "AudioMuted", "false");
        person_wait_participant(&scene->talk.bob, call, "video_paused: true");
        ck_assert_uint_eq(rig_camera_times_opened(scene->camera), 0);
        client_do(at_a, call->path, TRING_SESSION, "SetVideoPaused", "b", false);
        rig_check(rig_camera_wait_open(scene->camera, true, rig_patience_ms()),
                  "the camera that she opens");
        call_end(scene->talk.alice.desktop, call);
}

START_TEST(rule_22_a_placed_call_that_becomes_a_video_call_opens_no_camera)
{
        _cleanup_scene_ Scene scene = scene_new();
        Talk *talk = &scene.talk;
        Call call = call_ring(talk->alice.desktop, talk->bob.desktop, true);

        lie(&scene);
        call_accept(talk->bob.desktop, &call, true);
        client_wait_signal(talk->alice.desktop->client, "OutgoingCallAccepted", call.path);
        expect_unseen(&scene, &call);
}
END_TEST

START_TEST(rule_22_an_answered_call_that_becomes_a_video_call_opens_no_camera)
{
        _cleanup_scene_ Scene scene = scene_new();
        Talk *talk = &scene.talk;
        Call call = call_ring(talk->bob.desktop, talk->alice.desktop, true);

        lie(&scene);
        call_accept(talk->alice.desktop, &call, true);
        expect_unseen(&scene, &call);
}
END_TEST

START_TEST(rule_22_a_video_call_answered_as_audio_opens_no_camera_though_the_hub_says_video)
{
        _cleanup_scene_ Scene scene = scene_new();
        Talk *talk = &scene.talk;
        Call call =
                call_start_with(talk->bob.desktop, "alice", "video", "a{sv}", 1, "join", "b", true);

        client_wait_signal(talk->alice.desktop->client, "IncomingCallReceived", call.path);
        lie(&scene);
        client_do(talk->alice.desktop->client, TRING_ROOT, TRING_MANAGER, "AcceptCall", "sa{sv}",
                  call.id, 1, "call_type", "s", "audio");
        expect_unseen(&scene, &call);
}
END_TEST

START_TEST(rule_22_a_tringd_that_is_killed_comes_back_as_unseen_as_before)
{
        _cleanup_scene_ Scene scene = scene_new();
        Talk *talk = &scene.talk;
        Call call = call_ring(talk->alice.desktop, talk->bob.desktop, true);

        call_accept(talk->bob.desktop, &call, true);
        client_wait_signal(talk->alice.desktop->client, "OutgoingCallAccepted", call.path);
        person_wait_state(&talk->alice, &call, "connected");
        client_do(talk->alice.desktop->client, call.path, TRING_SESSION, "SetAudioMuted", "b",
                  true);
        client_wait_property(talk->alice.desktop->client, call.path, TRING_SESSION, "AudioMuted",
                             "true");
        desktop_wait_stored(talk->alice.desktop);
        desktop_kill(talk->alice.desktop);
        lie(&scene);
        desktop_start(talk->alice.desktop);
        desktop_wait_online(talk->alice.desktop);
        person_wait_state(&talk->alice, &call, "connected");
        client_wait_property(talk->alice.desktop->client, call.path, TRING_SESSION, "AudioMuted",
                             "true");
        client_wait_property(talk->alice.desktop->client, call.path, TRING_SESSION, "VideoPaused",
                             "true");
        ck_assert_uint_eq(rig_camera_times_opened(scene.camera), 0);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("lying-hub");
        TCase *tests = tcase_create("lying-hub");

        tcase_set_timeout(tests, 120);
        tcase_add_test(tests, rule_22_a_placed_call_that_becomes_a_video_call_opens_no_camera);
        tcase_add_test(tests, rule_22_an_answered_call_that_becomes_a_video_call_opens_no_camera);
        tcase_add_test(
                tests,
                rule_22_a_video_call_answered_as_audio_opens_no_camera_though_the_hub_says_video);
        tcase_add_test(tests, rule_22_a_tringd_that_is_killed_comes_back_as_unseen_as_before);
        suite_add_tcase(suite, tests);
        return suite_run(suite);
}
