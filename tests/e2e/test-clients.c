/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* tringctl and the notifier with real daemons and a real hub. */

#include <signal.h>

#include "base/str.h"
#include "e2e/pair.h"
#include "rig/notifications.h"
#include "suite.h"

static const char *const capabilities[] = {"actions", "body", "persistence", NULL};

/* Runs tringctl at a desktop; it must exit with `status` and print `says`. */
#define ctl(desktop, status, says, ...) \
        ctl_at(__LINE__, desktop, status, says, ARGV(rig_program("CTL"), __VA_ARGS__))

static void ctl_at(int line, Desktop *desktop, int status, const char *says,
                   const char *const *argv)
{
        RunResult result;

        process_run(desktop->rig, &desktop->environment, argv, NULL, &result);
        if (result.status != status || !strstr(status == 0 ? result.out : result.err, says))
                rig_fail("line %d: tringctl %s at %s gave %d, '%s', '%s'", line, argv[1],
                         desktop->name, result.status, result.out, result.err);
        run_result_done(&result);
}

static Process *ctl_start(Desktop *desktop, const char *const *argv)
{
        char name[64];

        snprintf(name, sizeof(name), "tringctl-%s", desktop->name);
        return process_start(desktop->rig, name, &desktop->environment, argv);
}

static void wait_ringing(Desktop *desktop)
{
        client_wait_signal(desktop->client, "IncomingCallReceived", NULL);
}

START_TEST(two_people_talk_from_their_terminals)
{
        _cleanup_pair_ Pair pair = pair_new();
        Process *listen = ctl_start(pair.bob, ARGV(rig_program("CTL"), "listen"));

        free(process_wait_line(listen, "listening"));
        ctl(pair.alice, 0, "online as Alice (alice) on ws://", "status");
        Process *call = ctl_start(pair.alice, ARGV(rig_program("CTL"), "call", "bob"));

        free(process_wait_line(listen, "Alice (alice) calls"));
        ctl(pair.bob, 0, "from Alice (alice), audio, ", "status");
        ctl(pair.bob, 0, "answered Alice (alice)", "answer");
        free(process_wait_line(call, "Bob (bob) answered"));
        ck_assert_int_eq(process_wait(call), 0);
        process_free(call);

        ctl(pair.bob, 0, "muted in the call with Alice", "mute");
        ctl(pair.bob, 0, ", muted", "status");
        ctl(pair.bob, 0, "opened the camera in the call with Alice", "unpause");
        ctl(pair.bob, 0, "closed the camera in the call with Alice", "pause");
        ctl(pair.bob, 0, "unmuted in the call with Alice", "unmute");
        ctl(pair.alice, 0, "hung up on Bob (bob)", "hangup");
        free(process_wait_line(listen, "the call with Alice (alice) is over after 0:0"));
        ctl(pair.alice, 0, "to Bob (bob), audio, ended after 0:0", "history");
        ctl(pair.bob, 0, "from Alice (alice), audio, ended after 0:0", "history");
        ctl(pair.bob, 0, "no missed calls", "history", "--missed");
        process_stop(listen);
        process_free(listen);
}
END_TEST

START_TEST(call_ends_as_the_other_side_decides)
{
        static const struct {
                const char *option, *says;
                int status;
        } cases[] = {{NULL, "Bob (bob) declined", 3}, {"--busy", "Bob (bob) is busy", 4}};
        _cleanup_pair_ Pair pair = pair_new();
        Process *call = ctl_start(pair.alice, ARGV(rig_program("CTL"), "call", "bob", "--video"));

        wait_ringing(pair.bob);
        ctl_at(__LINE__, pair.bob, 0, "declined Alice",
               ARGV(rig_program("CTL"), "decline", cases[_i].option));
        free(process_wait_line(call, cases[_i].says));
        ck_assert_int_eq(process_wait(call), cases[_i].status);
        process_free(call);
}
END_TEST

START_TEST(an_interrupted_call_is_missed_at_the_other_end)
{
        _cleanup_pair_ Pair pair = pair_new();
        Process *call = ctl_start(pair.alice, ARGV(rig_program("CTL"), "call", "bob"));

        wait_ringing(pair.bob);
        process_signal(call, SIGINT);
        free(process_wait_line(call, "cancelled the call to Bob (bob)"));
        ck_assert_int_eq(process_wait(call), 7);
        process_free(call);
        client_wait_signal(pair.bob->client, "IncomingCallCancelled", NULL);
        ctl(pair.bob, 0, "1 new missed call", "status");
        ctl(pair.bob, 0, "from Alice (alice), audio, missed", "history", "--missed", "--mark-seen");
        client_wait_property(pair.bob->client, TRING_ROOT, TRING_MANAGER, "UnseenMissed", "0");
}
END_TEST

/* Also by SIGPIPE: `tringctl call bob | head -1`. */
START_TEST(a_ring_ends_with_the_program_that_placed_it_however_that_dies)
{
        static const int signals[] = {SIGQUIT, SIGKILL, SIGPIPE};
        _cleanup_pair_ Pair pair = pair_new();
        Process *call = ctl_start(pair.alice, ARGV(rig_program("CTL"), "call", "bob"));

        wait_ringing(pair.bob);
        process_signal(call, signals[_i]);
        ck_assert_int_eq(process_wait(call), 128 + signals[_i]);
        process_free(call);
        client_wait_signal(pair.bob->client, "IncomingCallCancelled", NULL);
}
END_TEST

START_TEST(a_call_of_which_nothing_can_be_printed_is_not_placed)
{
        _cleanup_pair_ Pair pair = pair_new();
        RunResult result;

        process_run(pair.rig, &pair.alice->environment,
                    ARGV("sh", "-c", "\"$0\" call bob >/dev/full", rig_program("CTL")), NULL,
                    &result);
        ck_assert_int_eq(result.status, 1);
        ck_assert_ptr_nonnull(strstr(result.err, "tringctl: cannot write to standard output"));
        run_result_done(&result);
        ctl(pair.bob, 0, "no missed calls", "history", "--missed");
}
END_TEST

START_TEST(errors_of_the_daemon_are_shown_in_its_words)
{
        _cleanup_pair_ Pair pair = pair_new();

        ctl(pair.alice, 1, "tringctl: ", "call", "nobody");
        ctl(pair.alice, 1, "nobody", "call", "nobody");
        ctl(pair.alice, 1, "tringctl: ", "call", "alice");
        ctl(pair.alice, 0, "not a member of any group", "groups");
        ctl(pair.alice, 0, "nobody is blocked", "block");
        ctl(pair.alice, 1, "'alice' cannot block themselves", "block", "alice");
        ctl(pair.alice, 6, "no call is ringing here", "answer");
        ctl(pair.alice, 0, "do not disturb is on", "dnd", "on");
        ctl(pair.alice, 0, "not logged in", "logout");
        ctl(pair.alice, 1, "tringctl: ", "call", "bob");
}
END_TEST

START_TEST(login_by_terminal)
{
        _cleanup_(rig_freep) Rig *rig = rig_new();
        _cleanup_(hub_freep) Hub *hub = hub_new(rig);
        _cleanup_(desktop_freep) Desktop *carol = desktop_new_activated(rig, "carol");
        char path[RIG_PATH_MAX];

        hub_add_user(hub, "carol", "Carol");
        _cleanup_free_ char *token = hub_mint(hub, "carol");
        rig_path(path, "%s/token", rig->dir);
        rig_write_file(path, token, 0600);
        ctl(carol, 0, "online as Carol (carol) on ws://", "login", hub->url, "--token-file", path);
        rig_write_file(path, "wrong", 0600);
        ctl(carol, 0, "not logged in", "logout");
        ctl(carol, 1, "token", "login", hub->url, "--token-file", path);
}
END_TEST

/* Bob with a notifier and a notification server. */
typedef struct Notified {
        Pair pair;
        Notifications *server;
        Process *notifier;
} Notified;

static void wait_listener(Desktop *desktop)
{
        client_wait_property(desktop->client, TRING_ROOT, TRING_MANAGER, "Listeners",
                             "[tring-notifier]");
}

static Notified notified_new(void)
{
        Notified notified = {.pair = pair_new()};
        Desktop *bob = notified.pair.bob;

        notified.server = notifications_new(bob, capabilities);
        notified.notifier = process_start(bob->rig, "tring-notifier", &bob->environment,
                                          ARGV(rig_program("NOTIFIER")));
        wait_listener(bob);
        return notified;
}

static void notified_done(Notified *notified)
{
        process_free(notified->notifier);
        notifications_free(notified->server);
        pair_done(&notified->pair);
}

#define _cleanup_notified_ _cleanup_(notified_done)

START_TEST(a_call_is_answered_and_hung_up_by_notification)
{
        _cleanup_notified_ Notified n = notified_new();
        Call call = call_start(n.pair.alice, "bob");
        Popup *popup = notifications_wait(n.server, "Alice is calling");

        client_wait_property(n.pair.bob->client, call.path, TRING_CALL, "Alerting", "true");
        notifications_press(n.server, popup, "accept");
        client_wait_signal(n.pair.alice->client, "OutgoingCallAccepted", call.path);
        popup = notifications_wait(n.server, "In a call with Alice");
        notifications_press(n.server, popup, "mute");
        notifications_wait_closed(n.server, popup);
        popup = notifications_wait(n.server, "In a call with Alice");
        notifications_press(n.server, popup, "hang-up");
        call_wait_status(n.pair.alice, &call, "ended", "remote-hangup");
        notifications_wait_closed(n.server, popup);
        ck_assert_uint_eq(notifications_open(n.server), 0);
}
END_TEST

START_TEST(a_call_is_declined_by_notification)
{
        _cleanup_notified_ Notified n = notified_new();
        Call call = call_start(n.pair.alice, "bob");
        Popup *popup = notifications_wait(n.server, "Alice is calling");

        notifications_press(n.server, popup, "decline");
        call_wait_status(n.pair.alice, &call, "rejected", "declined");
        notifications_wait_closed(n.server, popup);
        ck_assert_uint_eq(notifications_open(n.server), 0);
}
END_TEST

START_TEST(a_silenced_call_rings_on_and_is_then_missed)
{
        _cleanup_notified_ Notified n = notified_new();
        Call call = call_start(n.pair.alice, "bob");
        Popup *popup = notifications_wait(n.server, "Alice is calling");

        client_wait_property(n.pair.bob->client, call.path, TRING_CALL, "Alerting", "true");
        notifications_press(n.server, popup, "silence");
        notifications_wait_closed(n.server, popup);
        ck_assert_uint_eq(notifications_open(n.server), 0);
        ctl(n.pair.alice, 0, "cancelled the call to Bob", "hangup");
        popup = notifications_wait(n.server, "Missed call from Alice");
        notifications_press(n.server, popup, "call-back");
        wait_ringing(n.pair.alice);
        notifications_wait_closed(n.server, popup);
}
END_TEST

START_TEST(the_popup_is_back_after_a_restart_of_the_daemon)
{
        _cleanup_notified_ Notified n = notified_new();
        Call call = call_start(n.pair.alice, "bob");
        Popup *popup = notifications_wait(n.server, "Alice is calling");

        desktop_kill(n.pair.bob);
        notifications_wait_closed(n.server, popup);
        desktop_start(n.pair.bob);
        popup = notifications_wait(n.server, "Alice is calling");
        notifications_press(n.server, popup, "accept");
        call_wait_status(n.pair.alice, &call, "ongoing", NULL);
}
END_TEST

START_TEST(a_notifier_that_starts_while_it_rings_shows_the_call)
{
        _cleanup_notified_ Notified n = notified_new();

        n.notifier = process_free(n.notifier);
        client_wait_property(n.pair.bob->client, TRING_ROOT, TRING_MANAGER, "Listeners", "[]");
        Call call = call_start(n.pair.alice, "bob");
        wait_ringing(n.pair.bob);
        n.notifier = process_start(n.pair.rig, "tring-notifier", &n.pair.bob->environment,
                                   ARGV(rig_program("NOTIFIER")));
        notifications_press(n.server, notifications_wait(n.server, "Alice is calling"), "decline");
        call_wait_status(n.pair.alice, &call, "rejected", NULL);
}
END_TEST

/* Sessions whose bus is not the user manager's have nobody else who starts tringd at login. */
START_TEST(the_notifier_starts_a_daemon_that_is_not_there)
{
        _cleanup_(rig_freep) Rig *rig = rig_new();
        _cleanup_(desktop_freep) Desktop *carol = desktop_new_activated(rig, "carol");
        Process *notifier = process_start(rig, "tring-notifier", &carol->environment,
                                          ARGV(rig_program("NOTIFIER")));

        client_wait_owner(carol->client, true);
        wait_listener(carol);
        process_free(notifier);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("clients");
        TCase *tests = tcase_create("all");

        tcase_set_timeout(tests, 120);
        tcase_add_test(tests, two_people_talk_from_their_terminals);
        tcase_add_loop_test(tests, call_ends_as_the_other_side_decides, 0, 2);
        tcase_add_test(tests, an_interrupted_call_is_missed_at_the_other_end);
        tcase_add_loop_test(tests, a_ring_ends_with_the_program_that_placed_it_however_that_dies, 0,
                            3);
        tcase_add_test(tests, a_call_of_which_nothing_can_be_printed_is_not_placed);
        tcase_add_test(tests, errors_of_the_daemon_are_shown_in_its_words);
        tcase_add_test(tests, login_by_terminal);
        tcase_add_test(tests, a_call_is_answered_and_hung_up_by_notification);
        tcase_add_test(tests, a_call_is_declined_by_notification);
        tcase_add_test(tests, a_silenced_call_rings_on_and_is_then_missed);
        tcase_add_test(tests, the_popup_is_back_after_a_restart_of_the_daemon);
        tcase_add_test(tests, a_notifier_that_starts_while_it_rings_shows_the_call);
        tcase_add_test(tests, the_notifier_starts_a_daemon_that_is_not_there);
        suite_add_tcase(suite, tests);
        return suite_run(suite);
}
