/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Video calls from one desktop to another, as programs on D-Bus see them. */

#include "e2e/expect.h"
#include "rig/picture-eye.h"
#include "rig/picture-viewer.h"
#include "rig/portal.h"
#include "rig/talk.h"
#include "suite.h"

#define CAMERA "lens"
#define SIZE_CHANGES 6
#define PICTURES 10 /* in which another format would have come */
#define LOOK_US (20 * USEC_PER_MSEC)

/* Makes a video call from Alice, with these session settings, to Bob, who answers. */
static Call begin_video(Talk *talk, const char *camera)
{
        Client *at_a = talk->alice.desktop->client, *at_b = talk->bob.desktop->client;
        Call call = call_start_with(talk->alice.desktop, "bob", "video", "a{sv}", 1, "session",
                                    "a{sv}", 1, "camera", "s", camera);

        client_wait_signal(at_b, "IncomingCallReceived", call.path);
        client_do(at_b, TRING_ROOT, TRING_MANAGER, "AcceptCall", "sa{sv}", call.id, 1, "session",
                  "a{sv}", 1, "start_video_paused", "b", true);
        client_wait_signal(at_a, "OutgoingCallAccepted", call.path);
        person_wait_state(&talk->alice, &call, "connected");
        person_wait_state(&talk->bob, &call, "connected");
        return call;
}

static RigCamera *plug_in(Person *person)
{
        RigCamera *camera;

        rig_check(rig_camera_new(person->graph, CAMERA, &camera), "a camera");
        return camera;
}

static RigEye *look_at(Person *person, const Call *call, const char *whose)
{
        char node[RIG_PATH_MAX];
        RigEye *eye;

        rig_path(node, "tring.%s.video.%s", call->id, whose);
        rig_check(rig_graph_wait_node(person->graph, node, true, rig_patience_ms()), node);
        rig_check(rig_eye_new(rig_audio_directory(person->audio), node, &eye), "an eye");
        return eye;
}

static void expect_open(RigCamera *camera, bool open)
{
        if (rig_camera_wait_open(camera, open, rig_patience_ms()) < 0)
                rig_fail("the camera is %s", open ? "not opened" : "still open");
}

START_TEST(picture_of_a_camera_is_seen_until_it_is_paused)
{
        _cleanup_talk_ Talk talk = talk_new();
        _cleanup_(rig_camera_freep) RigCamera *camera = plug_in(&talk.alice);
        _cleanup_(rig_eye_freep) RigEye *eye = NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *stats = NULL;
        Client *at_a = talk.alice.desktop->client, *at_b = talk.bob.desktop->client;
        Call call = begin_video(&talk, CAMERA);

        client_wait_property(at_a, call.path, TRING_SESSION, "VideoPaused", "false");
        client_wait_property(at_b, call.path, TRING_SESSION, "VideoPaused", "true");
        expect_open(camera, true);
        eye = look_at(&talk.bob, &call, "alice");
        rig_eye_expect(eye, rig_picture_is_camera, "call-camera");
        person_wait_participant(&talk.bob, &call, "video_paused: false");
        person_wait_participant(&talk.alice, &call, "video_paused: true");
        stats = client_call(at_b, call.path, TRING_SESSION, "GetStats", NULL);
        expect_has(text_of_argument(stats, 0), "video_codec: vp8");
        expect_has(text_of_argument(stats, 0), "width: 640, height: 480");

        client_do(at_a, call.path, TRING_SESSION, "SetVideoPaused", "b", true);
        client_wait_property(at_a, call.path, TRING_SESSION, "VideoPaused", "true");
        expect_open(camera, false);
        rig_eye_expect(eye, rig_picture_is_dark, "call-paused");
        person_wait_participant(&talk.bob, &call, "video_paused: true");
        client_do(at_a, call.path, TRING_SESSION, "SetVideoPaused", "b", false);
        rig_eye_expect(eye, rig_picture_is_camera, "call-again");
        call_end(talk.alice.desktop, &call);
        expect_open(camera, false);
}
END_TEST

START_TEST(answered_as_audio_nobody_is_seen)
{
        _cleanup_talk_ Talk talk = talk_new();
        _cleanup_(rig_camera_freep) RigCamera *camera = plug_in(&talk.alice);
        Client *at_a = talk.alice.desktop->client, *at_b = talk.bob.desktop->client;
        Call call = call_start_with(talk.alice.desktop, "bob", "video", "a{sv}", 0);
        char node[RIG_PATH_MAX];

        client_wait_signal(at_b, "IncomingCallReceived", call.path);
        ck_assert(!rig_camera_is_open(camera));
        client_do(at_b, TRING_ROOT, TRING_MANAGER, "AcceptCall", "sa{sv}", call.id, 1, "call_type",
                  "s", "audio");
        client_wait_signal(at_a, "OutgoingCallAccepted", call.path);
        person_wait_state(&talk.alice, &call, "connected");
        person_wait_state(&talk.bob, &call, "connected");
        client_wait_property(at_a, call.path, TRING_CALL, "CallType", "audio");
        client_wait_property(at_a, call.path, TRING_SESSION, "VideoPaused", "true");
        client_wait_property(at_b, call.path, TRING_SESSION, "VideoPaused", "true");
        ck_assert(!rig_camera_is_open(camera));
        /* Either side can still add a picture. */
        client_do(at_a, call.path, TRING_SESSION, "SetVideoPaused", "b", false);
        expect_open(camera, true);
        rig_path(node, "tring.%s.video.alice", call.id);
        rig_check(rig_graph_wait_node(talk.bob.graph, node, true, rig_patience_ms()), node);
        call_end(talk.bob.desktop, &call);
}
END_TEST

START_TEST(without_a_camera_that_is_reported_and_a_test_card_is_seen)
{
        _cleanup_talk_ Talk talk = talk_new();
        _cleanup_(rig_camera_freep) RigCamera *camera = NULL;
        _cleanup_(rig_eye_freep) RigEye *eye = NULL;
        Call call = begin_video(&talk, "");
        HeardSignal *fault = client_wait_signal(talk.alice.desktop->client, "Error", call.path);

        expect_text(text_of_argument(fault->message, 0), "org.tring.Calls1.Error.DeviceNotFound");
        expect_has(text_of_argument(fault->message, 1), "there is no camera");
        eye = look_at(&talk.bob, &call, "alice");
        rig_eye_expect(eye, rig_picture_is_test_card, "no-camera");
        /* … until one is plugged in. */
        camera = plug_in(&talk.alice);
        rig_eye_expect(eye, rig_picture_is_camera, "camera-plugged-in");
        camera = rig_camera_free(camera);
        rig_eye_expect(eye, rig_picture_is_test_card, "camera-gone");
        call_end(talk.alice.desktop, &call);
}
END_TEST

START_TEST(a_screen_takes_the_place_of_the_camera)
{
        _cleanup_talk_ Talk talk = talk_new();
        _cleanup_(rig_camera_freep) RigCamera *camera = plug_in(&talk.alice);
        _cleanup_(portal_freep) Portal *portal = NULL;
        _cleanup_(rig_eye_freep) RigEye *eye = NULL;
        Client *at_a = talk.alice.desktop->client;
        Call call = begin_video(&talk, "test");
        size_t width, height;

        client_refused(at_a, "NotSupported", "no org.freedesktop.portal.ScreenCast", call.path,
                       TRING_SESSION, "StartScreenSharing", "a{sv}", 0);
        portal = portal_new(talk.alice.desktop, talk.alice.graph,
                            rig_audio_directory(talk.alice.audio));
        portal->user = PORTAL_USER_DISMISSES;
        client_refused(at_a, "MediaFailed", "the dialog was closed", call.path, TRING_SESSION,
                       "StartScreenSharing", "a{sv}", 0);
        client_wait_property(at_a, call.path, TRING_SESSION, "ScreenSharing", "false");

        portal->user = PORTAL_USER_PICKS;
        eye = look_at(&talk.bob, &call, "alice");
        rig_eye_expect(eye, rig_picture_is_test_card, "before-the-screen");
        client_do(at_a, call.path, TRING_SESSION, "StartScreenSharing", "a{sv}", 0);
        client_wait_property(at_a, call.path, TRING_SESSION, "ScreenSharing", "true");
        /* A program that looked before still gets the old size; a new one gets every pixel. */
        rig_eye_expect(eye, rig_picture_is_camera, "the-screen-made-to-fit");
        rig_eye_size(eye, &width, &height);
        ck_assert_uint_eq(width, RIG_CAMERA_WIDTH);
        ck_assert_uint_eq(height, RIG_CAMERA_HEIGHT);
        eye = rig_eye_free(eye);
        eye = look_at(&talk.bob, &call, "alice");
        rig_eye_expect(eye, rig_picture_is_camera, "the-screen");
        rig_eye_size(eye, &width, &height);
        ck_assert_uint_eq(width, RIG_SCREEN_WIDTH);
        ck_assert_uint_eq(height, RIG_SCREEN_HEIGHT);
        person_wait_participant(&talk.bob, &call, "sharing: true");
        client_refused(at_a, "InvalidTransition", "already", call.path, TRING_SESSION,
                       "StartScreenSharing", "a{sv}", 0);

        unsigned closed = portal->closed;
        client_do(at_a, call.path, TRING_SESSION, "StopScreenSharing", NULL);
        client_wait_property(at_a, call.path, TRING_SESSION, "ScreenSharing", "false");
        portal_wait_closed(portal, closed + 1);
        expect_open(portal->screen, false);
        eye = rig_eye_free(eye);
        eye = look_at(&talk.bob, &call, "alice");
        rig_eye_expect(eye, rig_picture_is_test_card, "after-the-screen");
        person_wait_participant(&talk.bob, &call, "sharing: false");
        call_end(talk.alice.desktop, &call);
}
END_TEST

/* Each program comes just as the one before it has left, which had the other size. */
START_TEST(a_program_sees_the_picture_after_one_that_had_another_size)
{
        _cleanup_talk_ Talk talk = talk_new();
        _cleanup_(portal_freep) Portal *portal = portal_new(talk.alice.desktop, talk.alice.graph,
                                                            rig_audio_directory(talk.alice.audio));
        _cleanup_(rig_eye_freep) RigEye *eye = NULL;
        Client *at_a = talk.alice.desktop->client;
        Call call = begin_video(&talk, "test");

        for (unsigned i = 0; i < SIZE_CHANGES; i++) {
                eye = look_at(&talk.bob, &call, "alice");
                rig_eye_expect(eye, rig_picture_is_test_card, "the-card");
                client_do(at_a, call.path, TRING_SESSION, "StartScreenSharing", "a{sv}", 0);
                rig_eye_expect(eye, rig_picture_is_camera, "the-screen-made-to-fit");
                eye = rig_eye_free(eye);
                eye = look_at(&talk.bob, &call, "alice");
                rig_eye_expect(eye, rig_picture_is_camera, "the-screen");
                client_do(at_a, call.path, TRING_SESSION, "StopScreenSharing", NULL);
                rig_eye_expect(eye, rig_picture_is_test_card, "the-card-made-to-fit");
                eye = rig_eye_free(eye);
        }
        call_end(talk.alice.desktop, &call);
}
END_TEST

/* Waits until the person's worker has received pictures of this size. */
static void wait_size(Person *person, const Call *call, const char *size)
{
        usec_t deadline = rig_deadline();

        for (;;) {
                _cleanup_(sd_bus_message_unrefp) sd_bus_message *stats = client_call(
                        person->desktop->client, call->path, TRING_SESSION, "GetStats", NULL);
                _cleanup_free_ char *text = text_of_argument(stats, 0);

                if (strstr(text, size))
                        return;
                if (rig_remaining_ms(deadline) == 0)
                        rig_fail("'%s' is not in '%s'", size, text);
                rig_run_for(person->desktop->rig, LOOK_US);
        }
}

/* Many programs pause for a moment while they begin, and follow no change of size. */
START_TEST(a_program_that_pauses_keeps_the_size_that_it_has_taken)
{
        _cleanup_talk_ Talk talk = talk_new();
        _cleanup_(portal_freep) Portal *portal = portal_new(talk.alice.desktop, talk.alice.graph,
                                                            rig_audio_directory(talk.alice.audio));
        _cleanup_(rig_viewer_freep) RigViewer *viewer = NULL;
        Call call = begin_video(&talk, "test");
        char node[RIG_PATH_MAX];

        rig_path(node, "tring.%s.video.alice", call.id);
        rig_check(rig_graph_wait_node(talk.bob.graph, node, true, rig_patience_ms()), node);
        rig_check(rig_viewer_new(talk.bob.graph, node, &viewer), "a viewer");
        rig_check(rig_viewer_wait(viewer, PICTURES, rig_patience_ms()), "pictures");
        ck_assert_uint_eq(rig_viewer_times_agreed(viewer), 1);

        client_do(talk.alice.desktop->client, call.path, TRING_SESSION, "StartScreenSharing",
                  "a{sv}", 0);
        wait_size(&talk.bob, &call, "width: 1280, height: 720");
        rig_check(rig_viewer_pause(viewer, rig_patience_ms()), "a pause");
        rig_run_for(talk.rig, LOOK_US);
        rig_viewer_continue(viewer);
        rig_check(rig_viewer_wait(viewer, PICTURES, rig_patience_ms()), "pictures after a pause");
        ck_assert_uint_eq(rig_viewer_times_agreed(viewer), 1);
        call_end(talk.alice.desktop, &call);
}
END_TEST

START_TEST(sharing_that_the_desktop_ends_is_over)
{
        _cleanup_talk_ Talk talk = talk_new();
        _cleanup_(portal_freep) Portal *portal = portal_new(talk.alice.desktop, talk.alice.graph,
                                                            rig_audio_directory(talk.alice.audio));
        Client *at_a = talk.alice.desktop->client;
        /* Also in a call without pictures. */
        Call call = talk_begin(&talk);

        client_do(at_a, call.path, TRING_SESSION, "StartScreenSharing", "a{sv}", 0);
        client_wait_property(at_a, call.path, TRING_SESSION, "ScreenSharing", "true");
        expect_open(portal->screen, true);
        person_wait_participant(&talk.bob, &call, "sharing: true");
        portal_end_session(portal);
        client_wait_property(at_a, call.path, TRING_SESSION, "ScreenSharing", "false");
        expect_open(portal->screen, false);

        client_do(at_a, call.path, TRING_SESSION, "StartScreenSharing", "a{sv}", 0);
        client_wait_property(at_a, call.path, TRING_SESSION, "ScreenSharing", "true");
        call_end(talk.alice.desktop, &call);
        expect_open(portal->screen, false);
        portal_wait_closed(portal, 1);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("video-call");
        TCase *tcase = tcase_create("pictures");

        tcase_set_timeout(tcase, 120);
        tcase_add_test(tcase, picture_of_a_camera_is_seen_until_it_is_paused);
        tcase_add_test(tcase, answered_as_audio_nobody_is_seen);
        tcase_add_test(tcase, without_a_camera_that_is_reported_and_a_test_card_is_seen);
        tcase_add_test(tcase, a_screen_takes_the_place_of_the_camera);
        tcase_add_test(tcase, a_program_sees_the_picture_after_one_that_had_another_size);
        tcase_add_test(tcase, a_program_that_pauses_keeps_the_size_that_it_has_taken);
        tcase_add_test(tcase, sharing_that_the_desktop_ends_is_over);
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
