/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How long a camera is waited for, and what is said about one that gives no pictures. */

#include <check.h>

#include "base/cleanup.h"
#include "media/camera-watch.h"
#include "suite.h"

#define START (1000 * USEC_PER_SEC)
#define TEXT_SIZE 257

static CameraWatch opened(void)
{
        CameraWatch watch = {};

        camera_watch_opened(&watch, "cam", START);
        return watch;
}

START_TEST(first_picture_may_take_longer_than_the_next)
{
        CameraWatch watch = opened();

        ck_assert(!camera_watch_is_over(&watch, START + CAMERA_FIRST_US));
        ck_assert(camera_watch_is_over(&watch, START + CAMERA_FIRST_US + 1));
        camera_watch_gave(&watch, START + CAMERA_FIRST_US);
        ck_assert(!camera_watch_is_over(&watch, START + CAMERA_FIRST_US + CAMERA_SILENT_US));
        ck_assert(camera_watch_is_over(&watch, START + CAMERA_FIRST_US + CAMERA_SILENT_US + 1));
}
END_TEST

START_TEST(slow_camera_is_replaced_by_a_test_card_until_its_first_picture)
{
        CameraWatch watch = opened();

        ck_assert(!camera_watch_is_slow(&watch, START + CAMERA_SLOW_US));
        ck_assert(camera_watch_is_slow(&watch, START + CAMERA_SLOW_US + 1));
        camera_watch_gave(&watch, START + 2 * CAMERA_SLOW_US);
        ck_assert(!camera_watch_is_slow(&watch, START + 3 * CAMERA_SLOW_US));
}
END_TEST

START_TEST(each_failure_makes_the_waits_longer_up_to_a_limit)
{
        CameraWatch watch = opened();
        usec_t first = CAMERA_FIRST_US, retry = CAMERA_RETRY_US, now = START;

        for (unsigned i = 0; i < 40; i++) {
                ck_assert(!camera_watch_is_over(&watch, now + first));
                ck_assert(camera_watch_is_over(&watch, now + first + 1));
                now += first + 1;
                camera_watch_failed(&watch, now);
                ck_assert(!camera_watch_is_over(&watch, now + CAMERA_WAIT_MAX_US));
                ck_assert(!camera_watch_may_open(&watch, "cam", now + retry - 1));
                ck_assert(camera_watch_may_open(&watch, "cam", now + retry));
                now += retry;
                camera_watch_opened(&watch, "cam", now);
                first = MIN_OF(2 * first, CAMERA_WAIT_MAX_US);
                retry = MIN_OF(2 * retry, CAMERA_WAIT_MAX_US);
        }
        camera_watch_gave(&watch, now);
        camera_watch_failed(&watch, now);
        ck_assert(camera_watch_may_open(&watch, "cam", now + CAMERA_RETRY_US));
}
END_TEST

START_TEST(another_camera_is_tried_at_once_and_with_fresh_patience)
{
        CameraWatch watch = opened();

        camera_watch_failed(&watch, START);
        ck_assert(!camera_watch_may_open(&watch, "cam", START));
        ck_assert(camera_watch_may_open(&watch, "other", START));
        camera_watch_opened(&watch, "other", START);
        ck_assert(camera_watch_is_over(&watch, START + CAMERA_FIRST_US + 1));
}
END_TEST

START_TEST(picture_of_an_earlier_camera_does_not_count)
{
        CameraWatch watch = opened();

        camera_watch_gave(&watch, START - 1);
        ck_assert(camera_watch_is_slow(&watch, START + CAMERA_SLOW_US + 1));
}
END_TEST

static const struct {
        CameraState state;
        const char *says;
} faults[] = {
        {CAMERA_NONE, "there is no camera: the others see a test card instead"},
        {CAMERA_UNUSABLE, "camera 'cam' cannot be used: another program uses it, or its format is "
                          "not known here; the others see a test card instead"},
        {CAMERA_SILENT, "camera 'cam' gives no pictures: the others see a test card instead"},
};

START_TEST(each_state_is_reported_once_until_a_picture_comes)
{
        CameraWatch watch = opened();
        char text[TEXT_SIZE];

        ck_assert(camera_watch_report(&watch, faults[_i].state, text, sizeof(text)));
        ck_assert_str_eq(text, faults[_i].says);
        ck_assert(!camera_watch_report(&watch, faults[_i].state, text, sizeof(text)));
        camera_watch_opened(&watch, "cam", START);
        ck_assert(!camera_watch_report(&watch, faults[_i].state, text, sizeof(text)));
        camera_watch_gave(&watch, START);
        ck_assert(camera_watch_report(&watch, faults[_i].state, text, sizeof(text)));
        ck_assert(!camera_watch_report(&watch, CAMERA_WORKS, text, sizeof(text)));
        ck_assert(camera_watch_report(&watch, faults[_i].state, text, sizeof(text)));
        ck_assert(camera_watch_report(&watch, faults[(_i + 1) % ELEMENTSOF(faults)].state, text,
                                      sizeof(text)));
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("camera-watch");
        TCase *tcase = tcase_create("watch");

        tcase_add_test(tcase, first_picture_may_take_longer_than_the_next);
        tcase_add_test(tcase, slow_camera_is_replaced_by_a_test_card_until_its_first_picture);
        tcase_add_test(tcase, each_failure_makes_the_waits_longer_up_to_a_limit);
        tcase_add_test(tcase, another_camera_is_tried_at_once_and_with_fresh_patience);
        tcase_add_test(tcase, picture_of_an_earlier_camera_does_not_count);
        tcase_add_loop_test(tcase, each_state_is_reported_once_until_a_picture_comes, 0,
                            ELEMENTSOF(faults));
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
