/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* When it is reported that a microphone gives nothing. */

#include <check.h>
#include <string.h>

#include "base/cleanup.h"
#include "media/microphone-watch.h"
#include "suite.h"

#define START (1000 * USEC_PER_SEC)
#define AFTER(us) (START + (us))

static char said[257];

static bool look_once(MicrophoneWatch *watch, usec_t frame, usec_t sound, bool muted, usec_t now)
{
        const MicrophoneTimes times = {.frame = frame, .sound = sound};

        return microphone_watch_look(watch, &times, muted, now, said, sizeof(said));
}

/* Looks once a second since the last look, and then. Returns whether anything was reported. */
static bool look(MicrophoneWatch *watch, usec_t frame, usec_t sound, bool muted, usec_t now)
{
        bool reported = false;

        while (watch->time.looked + USEC_PER_SEC < now)
                reported |=
                        look_once(watch, frame, sound, muted, watch->time.looked + USEC_PER_SEC);
        return look_once(watch, frame, sound, muted, now) || reported;
}

static MicrophoneWatch opened(void)
{
        MicrophoneWatch watch = {};

        microphone_watch_opened(&watch, START);
        return watch;
}

START_TEST(microphone_without_frames_is_reported_once)
{
        MicrophoneWatch watch = opened();

        ck_assert(!look(&watch, 0, 0, false, AFTER(MICROPHONE_STILL_US)));
        ck_assert(look(&watch, 0, 0, false, AFTER(MICROPHONE_STILL_US + 1)));
        ck_assert_str_eq(said, "your microphone gives nothing: the others cannot hear you");
        ck_assert(!look(&watch, 0, 0, false, AFTER(100 * MICROPHONE_STILL_US)));
}
END_TEST

START_TEST(exact_silence_is_reported_and_any_sound_ends_it)
{
        const usec_t late = AFTER(MICROPHONE_SILENT_US + 1), sound = late + USEC_PER_SEC;
        MicrophoneWatch watch = opened();

        ck_assert(!look(&watch, late - 1, 0, false, late - 1));
        ck_assert(look(&watch, late, 0, false, late));
        ck_assert_msg(strstr(said, "gives nothing but silence"), "says: %s", said);
        ck_assert(!look(&watch, late + 1, 0, false, late + 1));
        ck_assert(!look(&watch, sound, sound, false, sound));
        /* The next silence has to last longer. */
        ck_assert(!look(&watch, sound + 2 * MICROPHONE_SILENT_US, sound, false,
                        sound + 2 * MICROPHONE_SILENT_US));
        ck_assert(look(&watch, sound + 2 * MICROPHONE_SILENT_US + 1, sound, false,
                       sound + 2 * MICROPHONE_SILENT_US + 1));
}
END_TEST

START_TEST(patience_with_silence_has_a_limit)
{
        MicrophoneWatch watch = opened();
        usec_t now = START;

        for (unsigned i = 0; i < 100; i++) {
                usec_t sound = now;

                now += MICROPHONE_SILENT_MAX_US + 1;
                ck_assert(look(&watch, now, sound, false, now));
                now++;
                ck_assert(!look(&watch, now, now, false, now));
        }
}
END_TEST

START_TEST(silence_is_meant_while_muted)
{
        MicrophoneWatch watch = opened();
        usec_t now = START;

        for (unsigned i = 0; i < 100; i++) {
                now += USEC_PER_SEC;
                ck_assert(!look(&watch, now, 0, true, now));
        }
        ck_assert(!look(&watch, now + MICROPHONE_SILENT_US, 0, false, now + MICROPHONE_SILENT_US));
        ck_assert(look(&watch, now + MICROPHONE_SILENT_US + 1, 0, false,
                       now + MICROPHONE_SILENT_US + 1));
}
END_TEST

START_TEST(another_device_has_as_much_time)
{
        const usec_t moved = AFTER(MICROPHONE_STILL_US);
        MicrophoneWatch watch = opened();

        microphone_watch_opened(&watch, moved);
        ck_assert(!look(&watch, 0, 0, false, moved + MICROPHONE_STILL_US));
        ck_assert(look(&watch, 0, 0, false, moved + MICROPHONE_STILL_US + 1));
}
END_TEST

START_TEST(sleep_and_a_busy_machine_are_no_fault_of_the_microphone)
{
        const usec_t step = 7 * USEC_PER_SEC;
        MicrophoneWatch watch = opened();
        usec_t now = AFTER(8 * 3600 * USEC_PER_SEC);

        ck_assert(!look_once(&watch, START + 1, START + 1, false, now));
        /* Each look comes late, and the frames come at every second one. */
        for (unsigned i = 0; i < 1000; i++, now += 2 * step) {
                ck_assert(!look_once(&watch, now, now, false, now + step));
                ck_assert(!look_once(&watch, now, now, false, now + 2 * step));
        }
}
END_TEST

START_TEST(microphone_that_gives_nothing_is_reported_on_a_busy_machine_too)
{
        const usec_t step = 7 * USEC_PER_SEC;
        MicrophoneWatch watch = opened();

        ck_assert(!look_once(&watch, 0, 0, false, AFTER(step)));
        ck_assert(!look_once(&watch, 0, 0, false, AFTER(2 * step)));
        ck_assert(look_once(&watch, 0, 0, false, AFTER(3 * step)));
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("microphone-watch");
        TCase *tcase = tcase_create("watch");

        tcase_add_test(tcase, microphone_without_frames_is_reported_once);
        tcase_add_test(tcase, exact_silence_is_reported_and_any_sound_ends_it);
        tcase_add_test(tcase, patience_with_silence_has_a_limit);
        tcase_add_test(tcase, silence_is_meant_while_muted);
        tcase_add_test(tcase, another_device_has_as_much_time);
        tcase_add_test(tcase, sleep_and_a_busy_machine_are_no_fault_of_the_microphone);
        tcase_add_test(tcase, microphone_that_gives_nothing_is_reported_on_a_busy_machine_too);
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
