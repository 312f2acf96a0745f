/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A tringd that is killed during calls and started again has its calls as before. */
#include "e2e/expect.h"
#include "e2e/pair.h"
#include "rig/listener.h"
#include "suite.h"

static void restart(Desktop *desktop)
{
        desktop_wait_stored(desktop);
        desktop_kill(desktop);
        desktop_start(desktop);
}

/* A caller may be away for 10 s (rule 14), and a busy machine may start tringd later than that. */
static void restart_caller(Pair *p)
{
        desktop_wait_stored(p->alice);
        hub_suspend(p->hub);
        desktop_kill(p->alice);
        desktop_start(p->alice);
        hub_continue(p->hub);
}

static uint64_t number_of(char *text)
{
        _cleanup_free_ char *owned = text;

        return strtoull(owned, NULL, 10);
}

/* Without the hub, so that only the stored calls can bring it back. */
START_TEST(rule_15_incoming_ring_is_there_again_before_the_hub_says_so)
{
        _cleanup_pair_ Pair p = pair_new();
        _cleanup_(listener_freep) Listener *shell = listener_new(p.bob, "shell", 3, LISTENER_TAKES);
        Call call = call_ring(p.alice, p.bob, false);
        uint64_t before, after;

        ck_assert(!listener_wait(shell, "IncomingCallReceived").resumed);
        before = number_of(call_property(p.bob, &call, "RemainingMs"));
        desktop_wait_stored(p.bob);
        hub_stop(p.hub);
        restart(p.bob);

        ck_assert(client_object_exists(p.bob->client, call.path));
        call_wait_status(p.bob, &call, "initiated", NULL);
        after = number_of(call_property(p.bob, &call, "RemainingMs"));
        ck_assert_uint_le(after, before);
        ck_assert_uint_ge(after, before - 10000);
        const ListenerEvent again = listener_wait(shell, "IncomingCallReceived");
        ck_assert_str_eq(again.session_id, call.id);
        ck_assert(again.resumed && again.present);
        client_wait_property(p.bob->client, TRING_ROOT, TRING_MANAGER, "Ringing", "true");

        hub_start(p.hub);
        desktop_wait_online(p.bob);
        call_accept(p.bob, &call, false);
        client_wait_signal(p.alice->client, "OutgoingCallAccepted", call.path);
        ck_assert_uint_eq(listener_count(shell, "IncomingCallReceived"), 2);
}
END_TEST

START_TEST(rule_14_outgoing_ring_goes_on_with_another_tringd)
{
        _cleanup_pair_ Pair p = pair_new();
        Call call = call_ring(p.alice, p.bob, false);

        restart_caller(&p);
        call_wait_status(p.alice, &call, "initiated", NULL);
        expect_text(call_property(p.alice, &call, "Direction"), "outgoing");
        desktop_wait_online(p.alice);
        call_accept(p.bob, &call, false);
        expect_detail(client_wait_signal(p.alice->client, "OutgoingCallAccepted", call.path),
                      "status", "ongoing");
        call_end(p.alice, &call);
        call_wait_status(p.bob, &call, "ended", "remote-hangup");
        ck_assert_uint_eq(
                client_count_signals(p.bob->client, "CallEndedMessageReceived", call.path), 1);
}
END_TEST

START_TEST(rule_6_cancel_by_another_tringd_than_the_one_that_called)
{
        _cleanup_pair_ Pair p = pair_new();
        Call call = call_ring(p.alice, p.bob, false);

        restart_caller(&p);
        desktop_wait_online(p.alice);
        call_reject(p.alice, &call, "cancelled");
        expect_detail(client_wait_signal(p.bob->client, "IncomingCallCancelled", call.path),
                      "reason", "caller-cancelled");
}
END_TEST

START_TEST(rule_2_ring_ends_in_time_without_hub_and_with_another_tringd)
{
        _cleanup_pair_ Pair p = pair_new();
        usec_t began = clock_boottime(), back;
        Call call = call_start_with(p.alice, "bob", "audio", "a{sv}", 2, "timeout", "i", 5, "join",
                                    "b", false);
        HeardSignal *event;
        usec_t rung = client_wait_signal(p.bob->client, "IncomingCallReceived", call.path)->at;

        desktop_wait_stored(p.bob);
        hub_kill(p.hub);
        restart(p.bob);
        back = clock_boottime();
        event = client_wait_signal(p.bob->client, "IncomingCallCancelled", call.path);
        expect_detail(event, "status", "missed");
        ck_assert_uint_ge(event->at - began, 4900 * USEC_PER_MSEC);
        /* At once, if it should have ended while tringd started. */
        ck_assert_uint_le(event->at, MAX_OF(rung + 5 * USEC_PER_SEC, back) + 3 * USEC_PER_SEC);
}
END_TEST

/* Each side in turn: the caller, the callee. */
START_TEST(rule_14_call_that_goes_on_is_there_again_on_either_side)
{
        _cleanup_pair_ Pair p = pair_new();
        Desktop *killed = _i == 0 ? p.alice : p.bob, *other = _i == 0 ? p.bob : p.alice;
        Call call = call_ring(p.alice, p.bob, false);
        _cleanup_free_ char *answered_at = NULL, *handled_by = NULL;

        call_accept(p.bob, &call, false);
        client_wait_signal(p.alice->client, "OutgoingCallAccepted", call.path);
        answered_at = call_property(killed, &call, "AnsweredAt");
        handled_by = call_property(killed, &call, "HandledBy");
        restart(killed);

        call_wait_status(killed, &call, "ongoing", NULL);
        expect_text(call_property(killed, &call, "AnsweredAt"), answered_at);
        expect_text(call_property(killed, &call, "HandledBy"), handled_by);
        client_wait_property(killed->client, TRING_ROOT, TRING_MANAGER, "ActiveCall", call.path);
        desktop_wait_online(killed);
        call_end(killed, &call);
        call_wait_status(other, &call, "ended", "remote-hangup");
        expect_has(call_history(killed, &call), "status: ended");
}
END_TEST

START_TEST(rule_4_who_answered_may_say_so_again_to_another_tringd)
{
        _cleanup_pair_ Pair p = pair_new();
        _cleanup_(client_freep) Client *other =
                client_new(p.rig, environment_get(&p.bob->environment, "DBUS_SESSION_BUS_ADDRESS"));
        Call call = call_ring(p.alice, p.bob, false);

        call_accept(p.bob, &call, false);
        restart(p.bob);
        desktop_wait_online(p.bob);
        call_accept(p.bob, &call, false);
        client_refused(other, "AnsweredElsewhere", "", TRING_ROOT, TRING_MANAGER, "AcceptCall",
                       "sa{sv}", call.id, 0);
}
END_TEST

START_TEST(rule_7_silenced_ring_stays_silent_over_a_restart)
{
        _cleanup_pair_ Pair p = pair_new();
        _cleanup_(listener_freep) Listener *shell = listener_new(p.bob, "shell", 3, LISTENER_TAKES);
        Call call = call_ring(p.alice, p.bob, false);

        listener_wait(shell, "IncomingCallReceived");
        client_do(p.bob->client, call.path, TRING_CALL, "Silence", NULL);
        restart(p.bob);
        const ListenerEvent again = listener_wait(shell, "IncomingCallReceived");
        ck_assert(again.resumed && !again.present);
        desktop_wait_online(p.bob);
        expect_text(client_property(p.bob->client, TRING_ROOT, TRING_MANAGER, "Ringing"), "false");
        expect_text(call_property(p.bob, &call, "Alerting"), "false");
}
END_TEST

START_TEST(rule_14_tied_call_goes_with_a_program_that_died_while_tringd_was_away)
{
        _cleanup_pair_ Pair p = pair_new();
        HeardSignal *incoming;
        Client *program = pair_call_tied(&p, &incoming);

        desktop_wait_stored(p.alice);
        /* See restart_caller(). */
        hub_suspend(p.hub);
        desktop_kill(p.alice);
        client_free(program);
        desktop_start(p.alice);
        hub_continue(p.hub);
        expect_detail(client_wait_signal(p.bob->client, "IncomingCallCancelled", incoming->path),
                      "reason", "caller-cancelled");
}
END_TEST

START_TEST(rule_16_call_that_ended_while_tringd_was_away_is_over)
{
        _cleanup_pair_ Pair p = pair_new();
        Call call = call_ring(p.alice, p.bob, false);

        desktop_wait_stored(p.bob);
        desktop_kill(p.bob);
        call_reject(p.alice, &call, "cancelled");
        desktop_start(p.bob);
        desktop_wait_online(p.bob);
        call_wait_status(p.bob, &call, "cancelled", "caller-cancelled");
        expect_has(call_history(p.bob, &call), "status: missed");
        client_wait_property(p.bob->client, TRING_ROOT, TRING_MANAGER, "UnseenMissed", "1");
        client_wait_property(p.bob->client, TRING_ROOT, TRING_MANAGER, "Ringing", "false");
}
END_TEST

START_TEST(rule_12_an_end_that_the_hub_does_not_know_is_sent_by_the_next_tringd)
{
        _cleanup_pair_ Pair p = pair_new();
        Call call = call_ring(p.alice, p.bob, false);

        call_accept(p.bob, &call, false);
        client_wait_signal(p.alice->client, "OutgoingCallAccepted", call.path);
        hub_kill(p.hub);
        client_wait_property(p.bob->client, TRING_ROOT, TRING_MANAGER, "ConnectionState",
                             "offline");
        client_refused(p.bob->client, "Timeout", "", TRING_ROOT, TRING_MANAGER, "EndCall", "s",
                       call.id);
        restart(p.bob);
        hub_start(p.hub);
        call_wait_status(p.alice, &call, "ended", "remote-hangup");
}
END_TEST

START_TEST(calls_marked_seen_offline_are_reported_by_the_next_tringd)
{
        _cleanup_pair_ Pair p = pair_new();
        Call call = call_ring(p.alice, p.bob, false);

        call_reject(p.alice, &call, "cancelled");
        client_wait_property(p.bob->client, TRING_ROOT, TRING_MANAGER, "UnseenMissed", "1");
        hub_stop(p.hub);
        client_wait_property(p.bob->client, TRING_ROOT, TRING_MANAGER, "ConnectionState",
                             "offline");
        client_do(p.bob->client, TRING_ROOT, TRING_MANAGER, "MarkMissedSeen", "as", 0);
        restart(p.bob);
        hub_start(p.hub);
        desktop_wait_online(p.bob);
        client_wait_property(p.bob->client, TRING_ROOT, TRING_MANAGER, "UnseenMissed", "0");
        expect_has(call_history(p.bob, &call), "status: missed");
}
END_TEST

START_TEST(calls_of_who_has_logged_out_are_not_there_again)
{
        _cleanup_pair_ Pair p = pair_new();
        Call call = call_ring(p.alice, p.bob, false);

        desktop_wait_stored(p.bob);
        client_do(p.bob->client, TRING_ROOT, TRING_MANAGER, "Logout", NULL);
        desktop_kill(p.bob);
        desktop_start(p.bob);
        client_wait_property(p.bob->client, TRING_ROOT, TRING_MANAGER, "ConnectionState",
                             "logged-out");
        ck_assert(!client_object_exists(p.bob->client, call.path));
}
END_TEST

static Suite *restart_suite(void)
{
        Suite *suite = suite_create("restart");
        TCase *tcase = tcase_create("restart");

        tcase_set_timeout(tcase, 120);
        tcase_add_test(tcase, rule_15_incoming_ring_is_there_again_before_the_hub_says_so);
        tcase_add_test(tcase, rule_14_outgoing_ring_goes_on_with_another_tringd);
        tcase_add_test(tcase, rule_6_cancel_by_another_tringd_than_the_one_that_called);
        tcase_add_test(tcase, rule_2_ring_ends_in_time_without_hub_and_with_another_tringd);
        tcase_add_loop_test(tcase, rule_14_call_that_goes_on_is_there_again_on_either_side, 0, 2);
        tcase_add_test(tcase, rule_4_who_answered_may_say_so_again_to_another_tringd);
        tcase_add_test(tcase, rule_7_silenced_ring_stays_silent_over_a_restart);
        tcase_add_test(tcase,
                       rule_14_tied_call_goes_with_a_program_that_died_while_tringd_was_away);
        tcase_add_test(tcase, rule_16_call_that_ended_while_tringd_was_away_is_over);
        tcase_add_test(tcase, rule_12_an_end_that_the_hub_does_not_know_is_sent_by_the_next_tringd);
        tcase_add_test(tcase, calls_marked_seen_offline_are_reported_by_the_next_tringd);
        tcase_add_test(tcase, calls_of_who_has_logged_out_are_not_there_again);
        suite_add_tcase(suite, tcase);
        return suite;
}

int main(void)
{
        return suite_run(restart_suite());
}
