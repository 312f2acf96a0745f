/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls between two people through the real programs: ring, answer, end. */
#include "e2e/expect.h"
#include "e2e/pair.h"
#include "rig/listener.h"
#include "suite.h"

START_TEST(call_is_rung_answered_and_ended)
{
        _cleanup_pair_ Pair p = pair_new();
        _cleanup_(listener_freep) Listener *phone = listener_new(p.bob, "phone", 0, LISTENER_TAKES);
        Call call = call_start(p.alice, "bob");
        HeardSignal *incoming =
                client_wait_signal(p.bob->client, "IncomingCallReceived", call.path);

        expect_detail(incoming, "session_id", call.id);
        expect_detail(incoming, "call_type", "audio");
        expect_detail(incoming, "receiver_type", "user");
        expect_detail(incoming, "direction", "incoming");
        expect_detail(incoming, "status", "initiated");
        expect_has(text_of_key(incoming->message, 2, "initiator"), "uid: alice");
        expect_has(text_of_key(incoming->message, 2, "initiator"), "name: Alice");
        expect_has(text_of_key(incoming->message, 2, "receiver"), "uid: bob");
        ck_assert(listener_wait(phone, "IncomingCallReceived").present);
        expect_text(call_property(p.alice, &call, "Direction"), "outgoing");

        call_accept(p.bob, &call, false);
        expect_detail(client_wait_signal(p.alice->client, "OutgoingCallAccepted", call.path),
                      "status", "ongoing");
        call_wait_status(p.alice, &call, "ongoing", NULL);
        call_wait_status(p.bob, &call, "ongoing", NULL);

        call_end(p.alice, &call);
        expect_detail(client_wait_signal(p.alice->client, "CallEndedMessageReceived", call.path),
                      "reason", "hangup");
        expect_detail(client_wait_signal(p.bob->client, "CallEndedMessageReceived", call.path),
                      "reason", "remote-hangup");
        call_wait_status(p.alice, &call, "ended", "hangup");
        call_wait_status(p.bob, &call, "ended", "remote-hangup");
        expect_has(call_history(p.alice, &call), "status: ended");
        expect_has(call_history(p.bob, &call), "status: ended");
}
END_TEST

START_TEST(caller_sees_that_it_rings)
{
        _cleanup_pair_ Pair p = pair_new();
        _cleanup_(listener_freep) Listener *phone = listener_new(p.bob, "phone", 0, LISTENER_TAKES);
        Call call = call_ring(p.alice, p.bob, false);
        usec_t deadline = rig_deadline();

        listener_wait(phone, "IncomingCallReceived");
        for (;;) {
                _cleanup_free_ char *since = call_property(p.alice, &call, "RingingSince");

                if (strcmp(since, "0") != 0)
                        break;
                rig_run_once(p.rig, deadline, "RingingSince at the caller");
        }
        expect_text(call_property(p.bob, &call, "Alerting"), "true");
        expect_text(call_property(p.alice, &call, "Alerting"), "false");
}
END_TEST

static const struct {
        const char *said, *reason;
} rejections[] = {{"rejected", "declined"}, {"busy", "busy"}};

START_TEST(receiver_declines)
{
        _cleanup_pair_ Pair p = pair_new();
        Call call = call_ring(p.alice, p.bob, false);
        HeardSignal *event;

        call_reject(p.bob, &call, rejections[_i].said);
        event = client_wait_signal(p.alice->client, "OutgoingCallRejected", call.path);
        expect_detail(event, "status", rejections[_i].said);
        expect_detail(event, "reason", rejections[_i].reason);
        event = client_wait_signal(p.bob->client, "CallEndedMessageReceived", call.path);
        expect_detail(event, "status", rejections[_i].said);
        expect_has(call_history(p.alice, &call), rejections[_i].said);
        expect_has(call_history(p.bob, &call), rejections[_i].said);
}
END_TEST

START_TEST(caller_gives_up)
{
        _cleanup_pair_ Pair p = pair_new();
        Call call = call_ring(p.alice, p.bob, false);
        HeardSignal *event;

        client_do(p.alice->client, call.path, TRING_CALL, "Cancel", NULL);
        event = client_wait_signal(p.bob->client, "IncomingCallCancelled", call.path);
        expect_detail(event, "status", "cancelled");
        expect_detail(event, "reason", "caller-cancelled");
        call_wait_status(p.alice, &call, "cancelled", "caller-cancelled");
        expect_has(call_history(p.bob, &call), "status: missed");
        expect_has(call_history(p.alice, &call), "status: cancelled");
        client_wait_property(p.bob->client, TRING_ROOT, TRING_MANAGER, "UnseenMissed", "1");
        ck_assert_uint_eq(
                client_count_signals(p.bob->client, "CallEndedMessageReceived", call.path), 0);
}
END_TEST

START_TEST(nobody_answers_in_time)
{
        _cleanup_pair_ Pair p = pair_new();
        usec_t began = clock_boottime();
        Call call = call_start_with(p.alice, "bob", "audio", "a{sv}", 2, "timeout", "i", 5, "join",
                                    "b", false);
        HeardSignal *event;

        client_wait_signal(p.bob->client, "IncomingCallReceived", call.path);
        event = client_wait_signal(p.alice->client, "OutgoingCallRejected", call.path);
        expect_detail(event, "status", "unanswered");
        expect_detail(event, "reason", "timeout");
        ck_assert_uint_ge(event->at - began, 4900 * USEC_PER_MSEC);
        event = client_wait_signal(p.bob->client, "IncomingCallCancelled", call.path);
        expect_detail(event, "status", "missed");
        expect_detail(event, "reason", "timeout");
        expect_has(call_history(p.alice, &call), "status: unanswered");
        expect_has(call_history(p.bob, &call), "status: missed");
}
END_TEST

START_TEST(accept_after_the_end_names_how_it_ended)
{
        _cleanup_pair_ Pair p = pair_new();
        Call call = call_ring(p.alice, p.bob, false);

        call_reject(p.alice, &call, "cancelled");
        client_wait_signal(p.bob->client, "IncomingCallCancelled", call.path);
        client_refused(p.bob->client, "CallTerminated", "cancelled", TRING_ROOT, TRING_MANAGER,
                       "AcceptCall", "sa{sv}", call.id, 0);
        client_refused(p.bob->client, "CallTerminated", "cancelled", call.path, TRING_CALL,
                       "Reject", "s", "rejected");
}
END_TEST

START_TEST(first_program_to_accept_wins)
{
        _cleanup_pair_ Pair p = pair_new();
        _cleanup_(client_freep) Client *other =
                client_new(p.rig, environment_get(&p.bob->environment, "DBUS_SESSION_BUS_ADDRESS"));
        Call call = call_ring(p.alice, p.bob, false);

        call_accept(p.bob, &call, false);
        call_accept(p.bob, &call, false);
        client_refused(other, "AnsweredElsewhere", "by another program here", TRING_ROOT,
                       TRING_MANAGER, "AcceptCall", "sa{sv}", call.id, 0);
        client_wait_signal(p.alice->client, "OutgoingCallAccepted", call.path);
        ck_assert_uint_eq(client_count_signals(p.alice->client, "OutgoingCallAccepted", call.path),
                          1);
}
END_TEST

START_TEST(busy_receiver_is_not_disturbed)
{
        _cleanup_pair_ Pair p = pair_new();
        _cleanup_(desktop_freep) Desktop *carol = desktop_new_online(p.rig, p.hub, "carol");
        Call first = call_ring(p.alice, p.bob, false), second;
        HeardSignal *event;

        call_accept(p.bob, &first, false);
        second = call_start(carol, "bob");
        event = client_wait_signal(carol->client, "OutgoingCallRejected", second.path);
        expect_detail(event, "status", "busy");
        expect_detail(event, "reason", "busy");
        client_wait_property(p.bob->client, TRING_ROOT, TRING_MANAGER, "UnseenMissed", "1");
        ck_assert_uint_eq(client_count_signals(p.bob->client, "IncomingCallReceived", second.path),
                          0);
        expect_has(call_history(p.bob, &second), "status: missed");
        expect_has(call_history(p.bob, &second), "reason: busy");
        call_wait_status(p.bob, &first, "ongoing", NULL);
}
END_TEST

START_TEST(busy_receiver_may_want_to_be_rung)
{
        _cleanup_pair_ Pair p = pair_new();
        _cleanup_(desktop_freep) Desktop *carol = desktop_new_online(p.rig, p.hub, "carol");
        Call first = call_ring(p.alice, p.bob, false), second;

        call_accept(p.bob, &first, false);
        client_set(p.bob->client, TRING_ROOT, TRING_MANAGER, "WhenBusy", "s", "ring");
        client_wait_property(p.bob->client, TRING_ROOT, TRING_MANAGER, "WhenBusy", "ring");
        /*
         * The hub handles requests in order: its answer to this one shows that it has handled that
         * one.
         */
        client_do(p.bob->client, first.path, TRING_SESSION, "GenerateToken", NULL);
        second = call_ring(carol, p.bob, false);
        client_refused(p.bob->client, "BusySelf", "call", TRING_ROOT, TRING_MANAGER, "AcceptCall",
                       "sa{sv}", second.id, 0);
        client_do(p.bob->client, TRING_ROOT, TRING_MANAGER, "AcceptCall", "sa{sv}", second.id, 2,
                  "end_others", "b", true, "join", "b", false);
        call_wait_status(p.alice, &first, "ended", "remote-hangup");
        call_wait_status(carol, &second, "ongoing", NULL);
}
END_TEST

START_TEST(video_call_is_answered_as_audio)
{
        _cleanup_pair_ Pair p = pair_new();
        Call call = call_start_with(p.alice, "bob", "video", "a{sv}", 1, "join", "b", false);

        expect_detail(client_wait_signal(p.bob->client, "IncomingCallReceived", call.path),
                      "call_type", "video");
        client_do(p.bob->client, TRING_ROOT, TRING_MANAGER, "AcceptCall", "sa{sv}", call.id, 2,
                  "call_type", "s", "audio", "join", "b", false);
        expect_detail(client_wait_signal(p.alice->client, "OutgoingCallAccepted", call.path),
                      "call_type", "audio");
        expect_text(call_property(p.alice, &call, "CallType"), "audio");
        expect_text(call_property(p.bob, &call, "CallType"), "audio");
}
END_TEST

START_TEST(call_tied_to_a_program_ends_with_it)
{
        _cleanup_pair_ Pair p = pair_new();
        HeardSignal *incoming;
        Client *program = pair_call_tied(&p, &incoming);

        client_free(program);
        expect_detail(client_wait_signal(p.bob->client, "IncomingCallCancelled", incoming->path),
                      "reason", "caller-cancelled");
}
END_TEST

START_TEST(offline_receiver_is_rung_on_coming_online)
{
        _cleanup_pair_ Pair p = pair_new();
        Call call;

        desktop_stop(p.bob);
        call = call_start(p.alice, "bob");
        desktop_start(p.bob);
        client_wait_signal(p.bob->client, "IncomingCallReceived", call.path);
        call_accept(p.bob, &call, false);
        client_wait_signal(p.alice->client, "OutgoingCallAccepted", call.path);
}
END_TEST

START_TEST(missed_calls_wait_for_the_receiver)
{
        _cleanup_pair_ Pair p = pair_new();
        Call call;

        desktop_stop(p.bob);
        call = call_start(p.alice, "bob");
        call_reject(p.alice, &call, "cancelled");
        desktop_start(p.bob);
        client_wait_property(p.bob->client, TRING_ROOT, TRING_MANAGER, "UnseenMissed", "1");
        expect_has(call_history(p.bob, &call), "status: missed");
        ck_assert_uint_eq(client_count_signals(p.bob->client, "IncomingCallReceived", NULL), 0);

        client_do(p.bob->client, TRING_ROOT, TRING_MANAGER, "MarkMissedSeen", "as", 0);
        client_wait_property(p.bob->client, TRING_ROOT, TRING_MANAGER, "UnseenMissed", "0");
        desktop_stop(p.bob);
        desktop_start(p.bob);
        desktop_wait_online(p.bob);
        client_wait_property(p.bob->client, TRING_ROOT, TRING_MANAGER, "UnseenMissed", "0");
}
END_TEST

START_TEST(missed_calls_are_marked_seen_offline)
{
        _cleanup_pair_ Pair p = pair_new();
        Call call = call_ring(p.alice, p.bob, false);

        call_reject(p.alice, &call, "cancelled");
        client_wait_property(p.bob->client, TRING_ROOT, TRING_MANAGER, "UnseenMissed", "1");
        hub_stop(p.hub);
        client_wait_property(p.bob->client, TRING_ROOT, TRING_MANAGER, "ConnectionState",
                             "offline");
        client_do(p.bob->client, TRING_ROOT, TRING_MANAGER, "MarkMissedSeen", "as", 1, call.id);
        client_wait_property(p.bob->client, TRING_ROOT, TRING_MANAGER, "UnseenMissed", "0");
        hub_start(p.hub);
        desktop_wait_online(p.bob);
        client_wait_property(p.bob->client, TRING_ROOT, TRING_MANAGER, "UnseenMissed", "0");
}
END_TEST

static Suite *call_suite(void)
{
        Suite *suite = suite_create("call");
        TCase *tcase = tcase_create("call");

        tcase_set_timeout(tcase, 120);
        tcase_add_test(tcase, call_is_rung_answered_and_ended);
        tcase_add_test(tcase, caller_sees_that_it_rings);
        tcase_add_loop_test(tcase, receiver_declines, 0, ELEMENTSOF(rejections));
        tcase_add_test(tcase, caller_gives_up);
        tcase_add_test(tcase, nobody_answers_in_time);
        tcase_add_test(tcase, accept_after_the_end_names_how_it_ended);
        tcase_add_test(tcase, first_program_to_accept_wins);
        tcase_add_test(tcase, busy_receiver_is_not_disturbed);
        tcase_add_test(tcase, busy_receiver_may_want_to_be_rung);
        tcase_add_test(tcase, video_call_is_answered_as_audio);
        tcase_add_test(tcase, call_tied_to_a_program_ends_with_it);
        tcase_add_test(tcase, offline_receiver_is_rung_on_coming_online);
        tcase_add_test(tcase, missed_calls_wait_for_the_receiver);
        tcase_add_test(tcase, missed_calls_are_marked_seen_offline);
        suite_add_tcase(suite, tcase);
        return suite;
}

int main(void)
{
        return suite_run(call_suite());
}
