/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "phone-fixture.h"

/* Calls that begin or ring without the hub: CALL-MODEL.md, rules 1, 4 and 15. */

#define CONFIRMED "call-added done worker-start manager"
#define MISSED "worker-stop call status:missed/timeout broadcast:IncomingCallCancelled"

START_TEST(rule_15_an_initiate_that_timed_out_is_cancelled_until_the_hub_confirms_it)
{
        FIXTURE(f);

        place(f, CALL);
        forget(f);
        wait_us(f, COMMAND_TIMEOUT_US);
        expect(f, "done:Timeout send:cancel");
        reconnected(f, NULL, 0);
        expect(f, "manager send:cancel");
        reply_ok(f, MESSAGE_CANCEL);
        reconnected(f, NULL, 0);
        expect(f, "manager");
}
END_TEST

START_TEST(rule_15_a_call_that_was_given_up_never_appears)
{
        CallSnapshot rings = outgoing(CALL, CALL_STATUS_INITIATED);
        CallSnapshot accepted = outgoing(CALL, CALL_STATUS_ONGOING);
        FIXTURE(f);

        place(f, CALL);
        wait_us(f, COMMAND_TIMEOUT_US);
        forget(f);
        reply_call(f, MESSAGE_INITIATE, rings);
        hub_says(f, MESSAGE_ACCEPTED, &accepted);
        expect(f, "");
        reconnected(f, &rings, 1);
        expect(f, "manager send:cancel");
        reply_error(f, MESSAGE_CANCEL, CALL_ERROR_CALL_ONGOING);
        expect(f, "send:end");
        reply_ok(f, MESSAGE_END);
        expect(f, "");
}
END_TEST

START_TEST(an_initiate_waits_for_a_connection_that_is_being_made)
{
        __attribute__((cleanup(fixture_freep))) Fixture *f = fixture_new();

        place(f, CALL);
        expect(f, "done:NotLoggedIn");
        phone_connection_changed(f->phone, &f->instant, PHONE_CONNECTING, "");
        place(f, CALL);
        expect(f, "manager");
        hub_welcomes(f, NULL, 0, false);
        expect(f, "manager send:initiate");
        reply_call(f, MESSAGE_INITIATE, outgoing(CALL, CALL_STATUS_INITIATED));
        expect(f, CONFIRMED);
}
END_TEST

START_TEST(an_initiate_without_a_connection_is_refused_at_once)
{
        FIXTURE(f);

        phone_connection_changed(f->phone, &f->instant, PHONE_CONNECTING, "");
        place(f, CALL);
        forget(f);
        hub_gone(f);
        expect(f, "done:NotConnected manager");
        ck_assert_str_eq(f->last[PHONE_DONE].text, "The hub does not answer");
        place(f, CALL);
        expect(f, "done:NotConnected");
}
END_TEST

START_TEST(rule_1_an_initiate_that_was_lost_on_the_way_is_sent_again)
{
        CallSnapshot rings = outgoing(CALL, CALL_STATUS_INITIATED);
        FIXTURE(f);

        place(f, CALL);
        reconnected(f, &rings, 1);
        expect(f, "manager send:initiate");
        reply_call(f, MESSAGE_INITIATE, rings);
        expect(f, CONFIRMED);
}
END_TEST

START_TEST(rule_15_a_ring_without_the_hub_stops_at_its_deadline)
{
        FIXTURE(f);

        hub_rings(f, CALL);
        hub_gone(f);
        forget(f);
        wait_us(f, RING_S * USEC_PER_SEC - 1);
        expect(f, "");
        wait_us(f, 1);
        expect(f, "history:missed/timeout " MISSED " tone:none");
}
END_TEST

START_TEST(rule_15_an_unanswered_call_without_the_hub_stops_at_its_deadline)
{
        FIXTURE(f);

        placed(f, CALL);
        hub_gone(f);
        forget(f);
        wait_us(f, RING_S * USEC_PER_SEC);
        expect(f, "history:unanswered/timeout worker-stop call status:unanswered/timeout "
                  "broadcast:OutgoingCallRejected");
}
END_TEST

START_TEST(the_deadline_is_the_hubs_as_long_as_there_is_one)
{
        FIXTURE(f);

        hub_rings(f, CALL);
        wait_us(f, RING_S * USEC_PER_SEC + RING_WITHOUT_HUB_GRACE_US - 1);
        ck_assert_int_eq(status_of(f, CALL), CALL_STATUS_INITIATED);
        wait_us(f, 1);
        ck_assert_int_eq(status_of(f, CALL), CALL_STATUS_MISSED);
}
END_TEST

START_TEST(rule_15_an_accept_waits_ten_seconds_for_the_connection)
{
        FIXTURE(f);

        hub_rings(f, CALL);
        hub_gone(f);
        forget(f);
        accept_by(f, CALL, PROGRAM);
        expect(f, "tone:none");
        wait_us(f, COMMAND_TIMEOUT_US);
        expect(f, "done:Timeout tone:ring");
        ck_assert_str_eq(f->last[PHONE_DONE].text,
                         "no confirmation from the hub within 10 s: check the call's status");
}
END_TEST

START_TEST(rule_15_an_accept_that_was_given_up_is_not_sent_again)
{
        CallSnapshot rings = incoming(CALL, CALL_STATUS_INITIATED);
        FIXTURE(f);

        rings_delivered(f, CALL);
        accept_by(f, CALL, PROGRAM);
        wait_us(f, COMMAND_TIMEOUT_US);
        reconnected(f, &rings, 1);
        expect(f, "manager");
}
END_TEST

/* The other way round: first the connection goes, and the accept with it. */
START_TEST(rule_15_an_accept_that_was_lost_and_given_up_is_cleared_up_by_a_snapshot)
{
        Message hello;
        FIXTURE(f);

        incoming_until(f, CALL, STAGE_ACCEPTING);
        hub_gone(f);
        wait_us(f, COMMAND_TIMEOUT_US);
        phone_hello(f->phone, &hello);
        ck_assert_str_eq(hello.hello.resume, "");
}
END_TEST

START_TEST(rule_15_an_accept_that_was_given_up_and_lost_is_cleared_up_by_a_snapshot)
{
        Message hello;
        FIXTURE(f);

        rings_delivered(f, CALL);
        accept_by(f, CALL, PROGRAM);
        wait_us(f, COMMAND_TIMEOUT_US);
        hub_gone(f);
        forget(f);
        phone_hello(f->phone, &hello);
        ck_assert_str_eq(hello.hello.resume, "");
}
END_TEST

START_TEST(rule_15_an_accept_goes_out_when_the_connection_is_back)
{
        CallSnapshot rings = incoming(CALL, CALL_STATUS_INITIATED);
        FIXTURE(f);

        rings_delivered(f, CALL);
        hub_gone(f);
        accept_by(f, CALL, PROGRAM);
        forget(f);
        hub_welcomes(f, &rings, 1, false);
        expect(f, "manager send:accept");
        reply_call(f, MESSAGE_ACCEPT, incoming(CALL, CALL_STATUS_ONGOING));
        expect(f, "call session-added status:ongoing send:join done");
}
END_TEST

START_TEST(rule_15_an_accept_that_came_through_is_known_from_the_welcome)
{
        CallSnapshot ongoing = incoming(CALL, CALL_STATUS_ONGOING);
        FIXTURE(f);

        rings_delivered(f, CALL);
        accept_by(f, CALL, PROGRAM);
        reconnected(f, &ongoing, 1);
        expect(f, "call session-added manager status:ongoing send:accept send:join");
        reply_call(f, MESSAGE_ACCEPT, ongoing);
        expect(f, "done");
        ck_assert_str_eq(phone_call_find(f->phone, CALL)->stored.handled_by, PROGRAM);
}
END_TEST

START_TEST(rule_4_a_late_yes_to_an_accept_counts)
{
        FIXTURE(f);

        incoming_until(f, CALL, STAGE_ACCEPTING);
        wait_us(f, COMMAND_TIMEOUT_US);
        forget(f);
        reply_call(f, MESSAGE_ACCEPT, incoming(CALL, CALL_STATUS_ONGOING));
        expect(f, "call session-added status:ongoing send:join tone:none");
}
END_TEST

START_TEST(a_yes_to_an_accept_that_comes_after_the_end_ends_the_call)
{
        FIXTURE(f);

        incoming_until(f, CALL, STAGE_ACCEPTING);
        wait_us(f, RING_S * USEC_PER_SEC + RING_WITHOUT_HUB_GRACE_US);
        ck_assert_int_eq(status_of(f, CALL), CALL_STATUS_MISSED);
        forget(f);
        reply_call(f, MESSAGE_ACCEPT, incoming(CALL, CALL_STATUS_ONGOING));
        expect(f, "send:end");
}
END_TEST

START_TEST(rule_15_a_ring_that_the_hub_does_not_know_goes_on_for_ten_seconds)
{
        FIXTURE(f);

        hub_rings(f, CALL);
        reconnected(f, NULL, 0);
        forget(f);
        wait_us(f, RING_WITHOUT_HUB_GRACE_US - 1);
        ck_assert_int_eq(status_of(f, CALL), CALL_STATUS_INITIATED);
        wait_us(f, 1);
        ck_assert_int_eq(status_of(f, CALL), CALL_STATUS_CANCELLED);
        ck_assert_str_eq(phone_call_find(f->phone, CALL)->stored.record.reason, "caller-lost");
}
END_TEST

START_TEST(rule_15_a_ring_that_the_caller_sends_again_goes_on)
{
        FIXTURE(f);

        hub_rings(f, CALL);
        reconnected(f, NULL, 0);
        forget(f);
        hub_rings(f, CALL);
        expect(f, "");
        wait_us(f, RING_WITHOUT_HUB_GRACE_US);
        ck_assert_int_eq(status_of(f, CALL), CALL_STATUS_INITIATED);
}
END_TEST

START_TEST(rule_15_the_caller_sends_again_what_the_hub_has_lost)
{
        FIXTURE(f);

        placed(f, CALL);
        reconnected(f, NULL, 0);
        expect(f, "send:history manager");
        reply_no_history(f);
        expect(f, "send:initiate");
        ck_assert_str_eq(f->sent[MESSAGE_INITIATE].initiate.receiver, "alice");
        reply_call(f, MESSAGE_INITIATE, outgoing(CALL, CALL_STATUS_INITIATED));
        expect(f, "");

        reconnected(f, NULL, 0);
        expect(f, "send:history manager");
        reply_no_history(f);
        expect(f, "send:initiate");
        reply_error(f, MESSAGE_INITIATE, CALL_ERROR_CALL_TERMINATED);
        expect(f, "history:cancelled/failed worker-stop call status:cancelled/failed "
                  "broadcast:CallEndedMessageReceived");
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {
                rule_15_an_initiate_that_timed_out_is_cancelled_until_the_hub_confirms_it,
                rule_15_a_call_that_was_given_up_never_appears,
                an_initiate_waits_for_a_connection_that_is_being_made,
                an_initiate_without_a_connection_is_refused_at_once,
                rule_1_an_initiate_that_was_lost_on_the_way_is_sent_again,
                rule_15_a_ring_without_the_hub_stops_at_its_deadline,
                rule_15_an_unanswered_call_without_the_hub_stops_at_its_deadline,
                the_deadline_is_the_hubs_as_long_as_there_is_one,
                rule_15_an_accept_waits_ten_seconds_for_the_connection,
                rule_15_an_accept_that_was_given_up_is_not_sent_again,
                rule_15_an_accept_that_was_lost_and_given_up_is_cleared_up_by_a_snapshot,
                rule_15_an_accept_that_was_given_up_and_lost_is_cleared_up_by_a_snapshot,
                rule_15_an_accept_goes_out_when_the_connection_is_back,
                rule_15_an_accept_that_came_through_is_known_from_the_welcome,
                rule_4_a_late_yes_to_an_accept_counts,
                a_yes_to_an_accept_that_comes_after_the_end_ends_the_call,
                rule_15_a_ring_that_the_hub_does_not_know_goes_on_for_ten_seconds,
                rule_15_a_ring_that_the_caller_sends_again_goes_on,
                rule_15_the_caller_sends_again_what_the_hub_has_lost,
        };

        return suite_run(phone_suite("offline", tests, ELEMENTSOF(tests)));
}
