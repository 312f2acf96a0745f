/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <signal.h>

#include "base/str.h"
#include "rig/fake.h"
#include "rig/notifications.h"
#include "suite.h"

static const char *const everything[] = {"actions", "body", "body-markup", "persistence", NULL};
static const char *const nothing[] = {"body", NULL};

static Rig *rig;
static Desktop *desktop;
static Notifications *server;
static Process *notifier;

static void start_notifier(void)
{
        notifier = process_start(rig, "tring-notifier", &desktop->environment,
                                 ARGV(rig_program("NOTIFIER")));
        fake_wait_called(desktop, "AddCallListener tring-notifier");
}

static void setup(void)
{
        rig = rig_new();
        desktop = desktop_new(rig, "alice");
        server = notifications_new(desktop, everything);
        fake_start(desktop);
        start_notifier();
}

static void teardown(void)
{
        notifier = process_free(notifier);
        server = notifications_free(server);
        desktop = desktop_free(desktop);
        rig = rig_free(rig);
}

static Popup *ring(void)
{
        fake_rings(desktop, FAKE_CALL_1, "bob", "Bob <b>", "audio");
        return notifications_wait(server, "Bob <b> is calling");
}

#define assert_has(text, part) ck_assert_msg(strstr(text, part), "'%s' is not in %s", part, text)

START_TEST(a_ringing_call_is_shown_with_its_buttons_until_it_stops)
{
        Popup *popup = ring();

        ck_assert_str_eq(popup->actions, "[accept, Accept, decline, Decline, silence, Silence]");
        ck_assert_str_eq(popup->body, "Audio call from bob");
        ck_assert_str_eq(popup->timeout, "0");
        assert_has(popup->hints, "urgency: 2");
        assert_has(popup->hints, "category: call.incoming");
        assert_has(popup->hints, "resident: true");
        /* There is no PipeWire here, so tringd's ring cannot be heard. */
        ck_assert_ptr_null(strstr(popup->hints, "suppress-sound"));
        fake_change(desktop, FAKE_CALL_1, "cancelled", "answered-elsewhere");
        notifications_wait_closed(server, popup);
        ck_assert_uint_eq(notifications_open(server), 0);
}
END_TEST

START_TEST(the_servers_sound_is_off_where_tringd_can_be_heard)
{
        char path[RIG_PATH_MAX];

        rig_path(path, "%s/pipewire-0", environment_get(&desktop->environment, "XDG_RUNTIME_DIR"));
        rig_write_file(path, "", 0600);
        assert_has(ring()->hints, "suppress-sound: true");
}
END_TEST

START_TEST(a_button_does_what_it_says)
{
        static const struct {
                const char *key, *called;
        } cases[] = {
                {"accept", "Accept " FAKE_CALL_1},
                {"decline", "Reject rejected " FAKE_CALL_1},
                {"silence", "Silence " FAKE_CALL_1},
        };
        Popup *popup = ring();

        notifications_press(server, popup, cases[_i].key);
        fake_wait_called(desktop, cases[_i].called);
        notifications_wait_closed(server, popup);
}
END_TEST

START_TEST(the_default_action_and_a_dismissal_decide_nothing)
{
        Popup *popup = ring();

        notifications_press(server, popup, "default");
        notifications_press(server, popup, "no-such-key");
        notifications_close(server, popup, 2);
        /* The missed call comes last. */
        fake_change(desktop, FAKE_CALL_1, "missed", "timeout");
        notifications_wait(server, "Missed call");
        ck_assert(!fake_was_called(desktop, "Accept " FAKE_CALL_1));
        ck_assert(!fake_was_called(desktop, "Reject rejected " FAKE_CALL_1));
        ck_assert(!fake_was_called(desktop, "Silence " FAKE_CALL_1));
        ck_assert_uint_eq(popup->shown, 1);
}
END_TEST

START_TEST(a_popup_that_expires_while_it_rings_is_put_up_again)
{
        Popup *popup = ring();

        notifications_close(server, popup, 1);
        ck_assert_ptr_ne(notifications_wait(server, "Bob <b> is calling"), popup);
}
END_TEST

START_TEST(a_notification_server_that_restarts_gets_the_popup_again)
{
        (void)ring();
        server = notifications_free(server);
        server = notifications_new(desktop, everything);
        notifications_press(server, notifications_wait(server, "is calling"), "accept");
        fake_wait_called(desktop, "Accept " FAKE_CALL_1);
}
END_TEST

START_TEST(a_server_that_comes_late_gets_the_popup)
{
        server = notifications_free(server);
        fake_rings(desktop, FAKE_CALL_1, "bob", "Bob", "audio");
        fake_wait_called(desktop, "Presented false " FAKE_CALL_1);
        server = notifications_new(desktop, everything);
        notifications_wait(server, "Bob is calling");
}
END_TEST

START_TEST(a_server_without_buttons_gets_the_command_to_answer)
{
        notifications_free(server);
        server = notifications_new(desktop, nothing);
        Popup *popup = ring();

        ck_assert_str_eq(popup->actions, "[]");
        assert_has(popup->body, "To answer: tringctl answer");
}
END_TEST

START_TEST(errors_of_the_daemon_are_shown)
{
        Popup *popup = ring();

        fake_fail(desktop, "org.tring.Calls1.Error.BusySelf", "You are in another call & more.");
        notifications_press(server, popup, "accept");
        fake_wait_called(desktop, "Accept " FAKE_CALL_1);
        notifications_wait_closed(server, popup);
        popup = notifications_wait(server, "Bob <b> is calling");
        ck_assert_str_eq(popup->body, "Audio call from bob\nYou are in another call &amp; more.");
}
END_TEST

/* A server may close a popup late after one of its buttons was pressed. */
START_TEST(a_result_outlives_the_notification_whose_button_was_pressed)
{
        static const struct {
                const char *key, *error;
        } cases[] = {{"accept", "You are in another call."}, {"mute", NULL}};
        Popup *popup = ring();

        if (_i == 1) {
                notifications_press(server, popup, "accept");
                popup = notifications_wait(server, "In a call");
        }
        if (cases[_i].error)
                fake_fail(desktop, "org.tring.Calls1.Error.BusySelf", cases[_i].error);
        notifications_press(server, popup, cases[_i].key);
        notifications_wait_closed(server, popup);
        Popup *next = notifications_wait(server, "Bob <b>");
        notifications_close(server, popup, 2);
        notifications_press(server, next, _i == 0 ? "decline" : "hang-up");
        fake_wait_called(desktop, _i == 0 ? "Reject rejected " FAKE_CALL_1 : "End " FAKE_CALL_1);
        notifications_wait_closed(server, next);
}
END_TEST

START_TEST(a_missed_call_is_called_back)
{
        Popup *popup = ring();

        fake_change(desktop, FAKE_CALL_1, "missed", "timeout");
        notifications_wait_closed(server, popup);
        popup = notifications_wait(server, "Missed call from Bob <b>");
        ck_assert_str_eq(popup->actions, "[call-back, Call back]");
        assert_has(popup->hints, "category: call.unanswered");
        ck_assert_ptr_null(strstr(popup->hints, "transient"));
        notifications_press(server, popup, "call-back");
        fake_wait_called(desktop, "InitiateCall user audio bob");
        fake_wait_called(desktop, "MarkMissedSeen");
        notifications_wait_closed(server, popup);
}
END_TEST

START_TEST(a_live_call_is_muted_and_hung_up_from_its_notification)
{
        notifications_press(server, ring(), "accept");
        Popup *popup = notifications_wait(server, "In a call with Bob <b>");

        ck_assert_str_eq(popup->actions, "[mute, Mute, hang-up, Hang up]");
        assert_has(popup->hints, "urgency: 0");
        notifications_press(server, popup, "mute");
        fake_wait_called(desktop, "SetAudioMuted true " FAKE_CALL_1);
        notifications_wait_closed(server, popup);
        popup = notifications_wait(server, "In a call with Bob <b>");
        ck_assert_str_eq(popup->actions, "[unmute, Unmute, hang-up, Hang up]");
        ck_assert_str_eq(popup->body, "Audio call from bob, you are muted");
        notifications_press(server, popup, "hang-up");
        fake_wait_called(desktop, "End " FAKE_CALL_1);
        notifications_wait_closed(server, popup);
        ck_assert_uint_eq(notifications_open(server), 0);
}
END_TEST

START_TEST(nothing_is_left_when_the_daemon_dies_and_all_is_well_when_it_is_back)
{
        Popup *popup = ring();

        desktop_kill(desktop);
        notifications_wait_closed(server, popup);
        fake_start(desktop);
        fake_wait_called(desktop, "AddCallListener tring-notifier");
        fake_rings(desktop, FAKE_CALL_2, "carol", "Carol", "video");
        ck_assert_str_eq(notifications_wait(server, "Carol is calling")->body,
                         "Video call from carol");
}
END_TEST

START_TEST(nothing_is_left_when_the_notifier_ends)
{
        Popup *popup = ring();

        process_signal(notifier, SIGTERM);
        notifications_wait_closed(server, popup);
        ck_assert_int_eq(process_wait(notifier), 0);
}
END_TEST

START_TEST(a_hangup_ends_no_notifier)
{
        Popup *popup = ring();

        process_signal(notifier, SIGHUP);
        process_signal(notifier, SIGTERM);
        notifications_wait_closed(server, popup);
        ck_assert_int_eq(process_wait(notifier), 0);
}
END_TEST

START_TEST(a_notifier_that_was_dropped_is_there_again)
{
        fake_drop_listeners(desktop);
        fake_wait_called(desktop, "AddCallListener tring-notifier");
        (void)ring();
}
END_TEST

/* The unit and the session's autostart may both start one. */
START_TEST(a_second_notifier_says_why_it_ends_and_has_not_failed)
{
        fake_fail(desktop, "org.tring.Calls1.Error.ListenerExists",
                  "A listener 'tring-notifier' is there already.");
        Process *second =
                process_start(rig, "second", &desktop->environment, ARGV(rig_program("NOTIFIER")));

        fake_wait_called(desktop, "AddCallListener tring-notifier");
        free(process_wait_line(second, "another tring-notifier shows the calls already"));
        ck_assert_int_eq(process_wait(second), 0);
        process_free(second);
}
END_TEST

START_TEST(a_notifier_that_is_refused_for_another_reason_has_failed)
{
        fake_fail(desktop, "org.tring.Calls1.Error.TooMany", "There are 64 listeners.");
        Process *refused =
                process_start(rig, "refused", &desktop->environment, ARGV(rig_program("NOTIFIER")));

        fake_wait_called(desktop, "AddCallListener tring-notifier");
        free(process_wait_line(refused, "tringd refused to register the notifier: There are 64"));
        ck_assert_int_eq(process_wait(refused), 1);
        process_free(refused);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("notifier");
        TCase *tests = tcase_create("all");

        tcase_add_checked_fixture(tests, setup, teardown);
        tcase_set_timeout(tests, 60);
        tcase_add_test(tests, a_ringing_call_is_shown_with_its_buttons_until_it_stops);
        tcase_add_test(tests, the_servers_sound_is_off_where_tringd_can_be_heard);
        tcase_add_loop_test(tests, a_button_does_what_it_says, 0, 3);
        tcase_add_test(tests, the_default_action_and_a_dismissal_decide_nothing);
        tcase_add_test(tests, a_popup_that_expires_while_it_rings_is_put_up_again);
        tcase_add_test(tests, a_notification_server_that_restarts_gets_the_popup_again);
        tcase_add_test(tests, a_server_that_comes_late_gets_the_popup);
        tcase_add_test(tests, a_server_without_buttons_gets_the_command_to_answer);
        tcase_add_test(tests, errors_of_the_daemon_are_shown);
        tcase_add_loop_test(tests, a_result_outlives_the_notification_whose_button_was_pressed, 0,
                            2);
        tcase_add_test(tests, a_missed_call_is_called_back);
        tcase_add_test(tests, a_live_call_is_muted_and_hung_up_from_its_notification);
        tcase_add_test(tests, nothing_is_left_when_the_daemon_dies_and_all_is_well_when_it_is_back);
        tcase_add_test(tests, nothing_is_left_when_the_notifier_ends);
        tcase_add_test(tests, a_hangup_ends_no_notifier);
        tcase_add_test(tests, a_notifier_that_was_dropped_is_there_again);
        tcase_add_test(tests, a_second_notifier_says_why_it_ends_and_has_not_failed);
        tcase_add_test(tests, a_notifier_that_is_refused_for_another_reason_has_failed);
        suite_add_tcase(suite, tests);
        return suite_run(suite);
}
