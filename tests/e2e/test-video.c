/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Video between media workers: another program at one end sees what the camera at the other end
 * sees.
 */

#include <string.h>

#include "media/rtp.h"
#include "rig/audio-room.h"
#include "rig/picture-camera.h"
#include "rig/picture-eye.h"
#include "suite.h"

#define SEED 7
#define ALICE_HZ 440.0
#define BOB_HZ 1000.0

static RigCamera *plug_in(Room *room, const char *node)
{
        RigCamera *camera;

        rig_check(rig_camera_new(room->graph, node, &camera), "a camera");
        return camera;
}

static RigEye *look_at(Room *room, const AudioEnd *end)
{
        RigEye *eye;

        ck_assert_str_ne(end->status.media.video_node, "");
        rig_check(rig_eye_new(rig_audio_directory(room->audio), end->status.media.video_node, &eye),
                  "an eye");
        return eye;
}

static void expect_open(RigCamera *camera, bool open)
{
        if (rig_camera_wait_open(camera, open, rig_patience_ms()) < 0)
                rig_fail("the camera is %s", open ? "not opened" : "still open");
}

START_TEST(each_sees_the_other)
{
        RigCamera *camera;
        RigEye *a, *b;
        Room room;

        room_enter(&room);
        camera = plug_in(&room, "cam");
        room.alice->video = room.bob->video = true;
        room.bob->camera = "test";
        room_both_join(&room);
        audio_call_wait_picture(&room.call, room.bob, true);
        audio_call_wait_picture(&room.call, room.alice, true);
        b = look_at(&room, room.bob);
        a = look_at(&room, room.alice);
        rig_eye_expect(b, rig_picture_is_camera, "alice-seen-by-bob");
        rig_eye_expect(a, rig_picture_is_test_card, "bob-seen-by-alice");
        rig_eye_free(a);
        rig_eye_free(b);
        rig_camera_free(camera);
        room_leave(&room);
}
END_TEST

START_TEST(paused_is_dark_and_closes_the_camera)
{
        RigCamera *camera;
        RigEye *eye;
        Room room;

        room_enter(&room);
        camera = plug_in(&room, "cam");
        room.alice->video = true;
        room_both_join(&room);
        audio_call_wait_picture(&room.call, room.bob, true);
        eye = look_at(&room, room.bob);
        rig_eye_expect(eye, rig_picture_is_camera, "before-the-pause");
        audio_end_pause_video(room.alice, true);
        expect_open(camera, false);
        audio_call_wait_picture(&room.call, room.bob, false);
        rig_eye_expect(eye, rig_picture_is_dark, "the-pause");
        audio_end_pause_video(room.alice, false);
        expect_open(camera, true);
        audio_call_wait_picture(&room.call, room.bob, true);
        rig_eye_expect(eye, rig_picture_is_camera, "after-the-pause");
        rig_eye_free(eye);
        rig_camera_free(camera);
        room_leave(&room);
}
END_TEST

static const struct {
        RigCameraKind kind;
        const char *name;
} odd_cameras[] = {
        {RIG_CAMERA_FAST, "a-fast-camera"},
        {RIG_CAMERA_JPEG, "a-camera-with-jpeg"},
        {RIG_CAMERA_SLOW, "a-slow-camera"},
};

START_TEST(every_camera_that_gives_pictures_is_used)
{
        RigCamera *camera;
        RigEye *eye;
        Room room;

        room_enter(&room);
        rig_check(rig_camera_new_of(room.graph, "cam", odd_cameras[_i].kind, &camera), "a camera");
        room.alice->video = true;
        room_both_join(&room);
        audio_call_wait_picture(&room.call, room.bob, true);
        eye = look_at(&room, room.bob);
        rig_eye_expect(eye, rig_picture_is_camera, odd_cameras[_i].name);
        audio_call_stats(&room.call, room.alice);
        ck_assert_str_eq(room.alice->text, "");
        ck_assert_uint_eq(rig_camera_times_opened(camera), 1);
        rig_eye_free(eye);
        rig_camera_free(camera);
        room_leave(&room);
}
END_TEST

static const struct {
        RigCameraKind kind;
        const char *says;
} useless_cameras[] = {
        {RIG_CAMERA_STRANGE, "camera 'cam' cannot be used"},
        {RIG_CAMERA_DEAD, "camera 'cam' gives no pictures"},
};

START_TEST(camera_that_is_there_and_useless_is_not_called_absent)
{
        RigCamera *camera, *good;
        RigEye *eye;
        Room room;

        room_enter(&room);
        rig_check(rig_camera_new_of(room.graph, "cam", useless_cameras[_i].kind, &camera),
                  "a camera");
        room.alice->video = true;
        room_both_join(&room);
        audio_call_wait_error(&room.call, room.alice, CALL_ERROR_DEVICE_NOT_FOUND);
        if (!strstr(room.alice->text, useless_cameras[_i].says))
                rig_fail("the worker says: %s", room.alice->text);
        audio_call_wait_picture(&room.call, room.bob, true);
        eye = look_at(&room, room.bob);
        rig_eye_expect(eye, rig_picture_is_test_card, "in-place-of-a-useless-camera");
        /* A better one is used at once. */
        camera = rig_camera_free(camera);
        good = plug_in(&room, "good");
        rig_eye_expect(eye, rig_picture_is_camera, "a-better-camera");
        rig_eye_free(eye);
        rig_camera_free(good);
        room_leave(&room);
}
END_TEST

static char *replaced(const char *text, const char *what, const char *with)
{
        char *copy = rig_strdup(text);

        for (char *at = copy; (at = strstr(at, what)); at += strlen(with))
                memcpy(at, with, strlen(with));
        return copy;
}

/* As from a side that knows VP9 alone; the answer says again what was offered. */
static char *pretend_vp9(const char *data)
{
        return strstr(data, "\"offer\"") ? replaced(data, "VP8/90000", "VP9/90000")
                                         : replaced(data, "VP9/90000", "VP8/90000");
}

START_TEST(pictures_in_an_unknown_format_are_refused_and_the_sound_goes_on)
{
        Room room;

        room_enter(&room);
        room.call.tamper = pretend_vp9;
        room.alice->camera = room.bob->camera = "test";
        room.alice->video = room.bob->video = true;
        room_speak(&room, "mic-a", ALICE_HZ);
        room_speak(&room, "mic-b", BOB_HZ);
        room_both_join(&room); /* Bob offers */
        audio_call_wait_error(&room.call, room.alice, CALL_ERROR_MEDIA_FAILED);
        ck_assert_str_eq(room.alice->text, "bob: the other side's pictures are in a format that is "
                                           "not known here");
        audio_call_wait_error(&room.call, room.bob, CALL_ERROR_MEDIA_FAILED);
        ck_assert_str_eq(room.bob->text, "alice: the other side does not take pictures in the "
                                         "format that is known here");
        room_expect_heard(&room, "spk-b", ALICE_HZ);
        room_expect_heard(&room, "spk-a", BOB_HZ);
        ck_assert(!room.alice->status.media.picture);
        ck_assert(!room.bob->status.media.picture);
        ck_assert_int_eq(room.alice->state, SESSION_CONNECTED);
        room_leave(&room);
}
END_TEST

START_TEST(pictures_pass_a_narrow_path_that_says_nothing)
{
        const RigWeather narrow = {.widest = DATAGRAM_MAX};
        RigRelay *relay;
        RigCamera *camera;
        RigEye *eye;
        Room room;

        room_enter(&room);
        rig_check(rig_relay_new(SEED, &relay), "a relay");
        rig_relay_set_weather(relay, &narrow);
        room.call.relay = relay;
        camera = plug_in(&room, "cam");
        room.alice->video = true;
        room_both_join(&room);
        audio_call_wait_picture(&room.call, room.bob, true);
        eye = look_at(&room, room.bob);
        rig_eye_expect(eye, rig_picture_is_camera, "over-a-narrow-path");
        ck_assert_uint_eq(rig_relay_too_large(relay), 0);
        rig_eye_free(eye);
        rig_camera_free(camera);
        room_leave(&room);
        rig_relay_free(relay);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("video");
        TCase *tcase = tcase_create("pictures");

        tcase_set_timeout(tcase, 60);
        tcase_add_test(tcase, each_sees_the_other);
        tcase_add_test(tcase, paused_is_dark_and_closes_the_camera);
        tcase_add_test(tcase, pictures_pass_a_narrow_path_that_says_nothing);
        tcase_add_test(tcase, pictures_in_an_unknown_format_are_refused_and_the_sound_goes_on);
        tcase_add_loop_test(tcase, every_camera_that_gives_pictures_is_used, 0,
                            ELEMENTSOF(odd_cameras));
        tcase_add_loop_test(tcase, camera_that_is_there_and_useless_is_not_called_absent, 0,
                            ELEMENTSOF(useless_cameras));
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
