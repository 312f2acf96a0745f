/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who is asked to present an incoming call, and what happens to listeners. */
#include "base/str.h"
#include "e2e/expect.h"
#include "e2e/pair.h"
#include "rig/listener.h"
#include "rig/trial.h"
#include "suite.h"

START_TEST(highest_priority_presents_alone)
{
        _cleanup_pair_ Pair p = pair_new();
        _cleanup_(listener_freep) Listener *low = listener_new(p.bob, "low", -100, LISTENER_TAKES);
        _cleanup_(listener_freep) Listener *high = listener_new(p.bob, "high", 5, LISTENER_TAKES);
        _cleanup_(listener_freep) Listener *middle = listener_new(p.bob, "mid", 0, LISTENER_TAKES);

        call_ring(p.alice, p.bob, false);
        ck_assert(listener_wait(high, "IncomingCallReceived").present);
        ck_assert(!listener_wait(low, "IncomingCallReceived").present);
        ck_assert(!listener_wait(middle, "IncomingCallReceived").present);
}
END_TEST

START_TEST(newest_of_equals_presents)
{
        _cleanup_pair_ Pair p = pair_new();
        _cleanup_(listener_freep) Listener *older = listener_new(p.bob, "older", 0, LISTENER_TAKES);
        _cleanup_(listener_freep) Listener *newer = listener_new(p.bob, "newer", 0, LISTENER_TAKES);

        call_ring(p.alice, p.bob, false);
        ck_assert(listener_wait(newer, "IncomingCallReceived").present);
        ck_assert(!listener_wait(older, "IncomingCallReceived").present);
}
END_TEST

static bool took_at_most(RigTrial *trial, usec_t took, unsigned ms)
{
        return rig_trial_judge(trial, took <= ms * USEC_PER_MSEC, "the turn came after %.1f ms",
                               (double)took / USEC_PER_MSEC);
}

static ListenerEvent wait_turn(Listener *listener)
{
        ListenerEvent event;

        do
                event = listener_wait(listener, "IncomingCallReceived");
        while (!event.present);
        return event;
}

START_TEST(hung_presenter_loses_its_turn_after_a_second)
{
        _cleanup_pair_ Pair p = pair_new();
        _cleanup_(listener_freep) Listener *next = listener_new(p.bob, "next", 0, LISTENER_TAKES);
        _cleanup_(listener_freep) Listener *hung = listener_new(p.bob, "hung", 9, LISTENER_HANGS);
        _cleanup_(rig_trial_freep) RigTrial *trial = rig_trial_new();
        ListenerEvent asked, turn;
        usec_t began;

        do {
                rig_trial_begin(trial);
                began = clock_boottime();
                Call call = call_ring(p.alice, p.bob, false);
                asked = listener_wait(hung, "IncomingCallReceived");
                ck_assert(asked.present);
                ck_assert(!listener_wait(next, "IncomingCallReceived").present);
                turn = listener_wait(next, "IncomingCallReceived");
                ck_assert(turn.present);
                ck_assert_uint_ge(turn.at - began, 900 * USEC_PER_MSEC);
                call_reject(p.alice, &call, "cancelled");
        } while (!took_at_most(trial, turn.at - asked.at, 1900));
}
END_TEST

START_TEST(refusing_presenter_loses_its_turn_at_once)
{
        _cleanup_pair_ Pair p = pair_new();
        _cleanup_(listener_freep) Listener *next = listener_new(p.bob, "next", 0, LISTENER_TAKES);
        _cleanup_(listener_freep) Listener *rude = listener_new(p.bob, "rude", 9, LISTENER_REFUSES);
        _cleanup_(rig_trial_freep) RigTrial *trial = rig_trial_new();
        ListenerEvent asked, turn;

        do {
                rig_trial_begin(trial);
                Call call = call_ring(p.alice, p.bob, false);
                asked = listener_wait(rude, "IncomingCallReceived");
                turn = wait_turn(next);
                call_reject(p.alice, &call, "cancelled");
        } while (!took_at_most(trial, turn.at - asked.at, 900));
}
END_TEST

START_TEST(vanished_presenter_loses_its_turn_at_once)
{
        _cleanup_pair_ Pair p = pair_new();
        _cleanup_(listener_freep) Listener *next = listener_new(p.bob, "next", 0, LISTENER_TAKES);
        _cleanup_(rig_trial_freep) RigTrial *trial = rig_trial_new();
        ListenerEvent asked, turn;

        do {
                Listener *gone = listener_new(p.bob, "gone", 9, LISTENER_HANGS);

                rig_trial_begin(trial);
                Call call = call_ring(p.alice, p.bob, false);
                asked = listener_wait(gone, "IncomingCallReceived");
                listener_free(gone);
                turn = wait_turn(next);
                call_reject(p.alice, &call, "cancelled");
        } while (!took_at_most(trial, turn.at - asked.at, 900));
        client_wait_property(p.bob->client, TRING_ROOT, TRING_MANAGER, "Listeners", "[next]");
}
END_TEST

START_TEST(listeners_hear_every_event)
{
        _cleanup_pair_ Pair p = pair_new();
        _cleanup_(listener_freep) Listener *at_a = listener_new(p.alice, "a", 0, LISTENER_TAKES);
        _cleanup_(listener_freep) Listener *at_b = listener_new(p.bob, "b", 0, LISTENER_TAKES);
        Call call = call_ring(p.alice, p.bob, false);

        call_accept(p.bob, &call, false);
        ck_assert_str_eq(listener_wait(at_a, "OutgoingCallAccepted").session_id, call.id);
        call_end(p.bob, &call);
        listener_wait(at_a, "CallEndedMessageReceived");
        listener_wait(at_b, "CallEndedMessageReceived");
        ck_assert_uint_eq(listener_count(at_b, "IncomingCallReceived"), 1);

        call = call_start(p.alice, "bob");
        listener_wait(at_b, "IncomingCallReceived");
        call_reject(p.bob, &call, "rejected");
        listener_wait(at_a, "OutgoingCallRejected");
        call = call_start(p.alice, "bob");
        listener_wait(at_b, "IncomingCallReceived");
        call_reject(p.alice, &call, "cancelled");
        listener_wait(at_b, "IncomingCallCancelled");
}
END_TEST

START_TEST(a_new_listener_gets_the_calls_that_ring)
{
        _cleanup_pair_ Pair p = pair_new();
        Call call = call_ring(p.alice, p.bob, false);
        sd_bus_message *reply = client_call(p.bob->client, TRING_ROOT, TRING_MANAGER,
                                            "AddCallListener", "sa{sv}", "late", 0);

        expect_has(text_of_argument(reply, 0), call.path);
        sd_bus_message_unref(reply);
}
END_TEST

START_TEST(listeners_come_back_after_tringd_was_killed)
{
        _cleanup_pair_ Pair p = pair_new();
        _cleanup_(listener_freep) Listener *shell = listener_new(p.bob, "shell", 3, LISTENER_TAKES);
        Listener *gone = listener_new(p.bob, "gone", 9, LISTENER_TAKES);
        Call call;

        desktop_kill(p.bob);
        listener_free(gone);
        desktop_start(p.bob);
        desktop_wait_online(p.bob);
        client_wait_property(p.bob->client, TRING_ROOT, TRING_MANAGER, "Listeners", "[shell]");
        call = call_ring(p.alice, p.bob, false);
        ck_assert_str_eq(listener_wait(shell, "IncomingCallReceived").session_id, call.id);
        ck_assert(shell->events[shell->n_events - 1].present);
}
END_TEST

START_TEST(ringing_call_is_announced_again_after_tringd_was_killed)
{
        _cleanup_pair_ Pair p = pair_new();
        _cleanup_(listener_freep) Listener *shell = listener_new(p.bob, "shell", 3, LISTENER_TAKES);
        Call call = call_ring(p.alice, p.bob, false);
        ListenerEvent again;

        ck_assert(!listener_wait(shell, "IncomingCallReceived").resumed);
        desktop_kill(p.bob);
        desktop_start(p.bob);
        again = listener_wait(shell, "IncomingCallReceived");
        ck_assert_str_eq(again.session_id, call.id);
        ck_assert(again.resumed);
        ck_assert(again.present);
        call_accept(p.bob, &call, false);
        client_wait_signal(p.alice->client, "OutgoingCallAccepted", call.path);
}
END_TEST

static Suite *present_suite(void)
{
        Suite *suite = suite_create("present");
        TCase *tcase = tcase_create("present");

        tcase_set_timeout(tcase, 120);
        tcase_add_test(tcase, highest_priority_presents_alone);
        tcase_add_test(tcase, newest_of_equals_presents);
        tcase_add_test(tcase, hung_presenter_loses_its_turn_after_a_second);
        tcase_add_test(tcase, refusing_presenter_loses_its_turn_at_once);
        tcase_add_test(tcase, vanished_presenter_loses_its_turn_at_once);
        tcase_add_test(tcase, listeners_hear_every_event);
        tcase_add_test(tcase, a_new_listener_gets_the_calls_that_ring);
        tcase_add_test(tcase, listeners_come_back_after_tringd_was_killed);
        tcase_add_test(tcase, ringing_call_is_announced_again_after_tringd_was_killed);
        suite_add_tcase(suite, tcase);
        return suite;
}

int main(void)
{
        return suite_run(present_suite());
}
