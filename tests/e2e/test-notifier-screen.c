/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The notifier with a real notification daemon, and real clicks. */

#include "rig/fake.h"
#include "rig/screen.h"
#include "suite.h"

/* Buttons of an incoming call, counted from the right. */
enum {
        BUTTON_SILENCE,
        BUTTON_DECLINE,
        BUTTON_ACCEPT
};

static Rig *rig;
static Desktop *desktop;
static Screen *screen;
static Process *notifier;

static void setup(void)
{
        rig = rig_new();
        desktop = desktop_new(rig, "alice");
        screen = screen_new(desktop);
        fake_start(desktop);
        notifier = process_start(rig, "tring-notifier", &desktop->environment,
                                 ARGV(rig_program("NOTIFIER")));
        fake_wait_called(desktop, "AddCallListener tring-notifier");
}

static void teardown(void)
{
        notifier = process_free(notifier);
        screen = screen_free(screen);
        desktop = desktop_free(desktop);
        rig = rig_free(rig);
}

static void ring(void)
{
        fake_rings(desktop, FAKE_CALL_1, "bob", "Bob <b>Builder</b>", "audio");
        screen_wait_popup(screen);
}

START_TEST(a_click_on_a_button_does_what_it_says)
{
        static const struct {
                unsigned button;
                const char *called;
        } cases[] = {
                {BUTTON_ACCEPT, "Accept " FAKE_CALL_1},
                {BUTTON_DECLINE, "Reject rejected " FAKE_CALL_1},
                {BUTTON_SILENCE, "Silence " FAKE_CALL_1},
        };

        ring();
        screen_shoot(screen, "incoming");
        screen_click_button(screen, cases[_i].button);
        fake_wait_called(desktop, cases[_i].called);
        screen_wait_no_popup(screen);
}
END_TEST

START_TEST(a_call_that_could_not_be_answered_is_shown_again_and_says_why)
{
        fake_rings(desktop, FAKE_CALL_1, "maximiliane.von.und.zu@long.example",
                   "Maximiliane von und zu Langenfeld-Oberkirchen", "video");
        screen_wait_popup(screen);
        fake_fail(desktop, "org.tring.Calls1.Error.BusySelf", "You are in another call.");
        screen_click_button(screen, BUTTON_ACCEPT);
        fake_wait_called(desktop, "Accept " FAKE_CALL_1);
        screen_wait_popup(screen);
        screen_shoot(screen, "refused");
        screen_click_button(screen, BUTTON_DECLINE);
        fake_wait_called(desktop, "Reject rejected " FAKE_CALL_1);
        screen_wait_no_popup(screen);
}
END_TEST

START_TEST(a_click_on_the_text_decides_nothing)
{
        ring();
        screen_click_text(screen);
        screen_wait_no_popup(screen);
        fake_change(desktop, FAKE_CALL_1, "missed", "timeout");
        screen_wait_popup(screen);
        ck_assert(!fake_was_called(desktop, "Accept " FAKE_CALL_1));
        ck_assert(!fake_was_called(desktop, "Reject rejected " FAKE_CALL_1));
}
END_TEST

START_TEST(the_popup_vanishes_when_the_call_is_answered_elsewhere)
{
        ring();
        fake_change(desktop, FAKE_CALL_1, "cancelled", "answered-elsewhere");
        screen_wait_no_popup(screen);
        screen_shoot(screen, "answered-elsewhere");
}
END_TEST

START_TEST(a_missed_call_is_called_back_by_a_click)
{
        ring();
        fake_change(desktop, FAKE_CALL_1, "cancelled", "caller-cancelled");
        screen_wait_popup(screen);
        screen_shoot(screen, "missed");
        screen_click_button(screen, 0);
        fake_wait_called(desktop, "InitiateCall user audio bob");
        screen_wait_no_popup(screen);
}
END_TEST

START_TEST(a_notification_daemon_that_was_killed_shows_the_call_again)
{
        ring();
        screen_restart_daemon(screen);
        screen_wait_popup(screen);
        screen_click_button(screen, BUTTON_ACCEPT);
        fake_wait_called(desktop, "Accept " FAKE_CALL_1);
        screen_wait_no_popup(screen);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("notifier-screen");
        TCase *tests = tcase_create("all");

        tcase_add_checked_fixture(tests, setup, teardown);
        tcase_set_timeout(tests, 60);
        tcase_add_loop_test(tests, a_click_on_a_button_does_what_it_says, 0, 3);
        tcase_add_test(tests, a_call_that_could_not_be_answered_is_shown_again_and_says_why);
        tcase_add_test(tests, a_click_on_the_text_decides_nothing);
        tcase_add_test(tests, the_popup_vanishes_when_the_call_is_answered_elsewhere);
        tcase_add_test(tests, a_missed_call_is_called_back_by_a_click);
        tcase_add_test(tests, a_notification_daemon_that_was_killed_shows_the_call_again);
        suite_add_tcase(suite, tests);
        return suite_run(suite);
}
