/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "phone-fixture.h"

/* The normal life of a call in the phone: CALL-MODEL.md, rules 1 to 6. */

START_TEST(rule_1_a_placed_call_appears_when_the_hub_confirms_it)
{
        FIXTURE(f);

        place(f, CALL);
        expect(f, "send:initiate");
        ck_assert_ptr_null(phone_call_find(f->phone, CALL));

        reply_call(f, MESSAGE_INITIATE, outgoing(CALL, CALL_STATUS_INITIATED));
        expect(f, "call-added done worker-start manager");
        ck_assert_str_eq(f->last[PHONE_DONE].session_id, CALL);
        ck_assert_uint_eq(f->last[PHONE_DONE].ticket, f->ticket);
        ck_assert_int_eq(status_of(f, CALL), CALL_STATUS_INITIATED);
}
END_TEST

START_TEST(rule_1_what_the_hub_refuses_is_refused_with_its_words)
{
        FIXTURE(f);

        place(f, CALL);
        forget(f);
        reply_error(f, MESSAGE_INITIATE, CALL_ERROR_USER_NOT_FOUND);
        expect(f, "done:UserNotFound");
        ck_assert_str_eq(f->last[PHONE_DONE].text, "The hub says UserNotFound");
        ck_assert_ptr_null(phone_call_at(f->phone, 0));
}
END_TEST

START_TEST(rule_8_a_busy_receiver_is_informed_after_the_call_has_appeared)
{
        CallSnapshot busy = outgoing(CALL, CALL_STATUS_BUSY);
        FIXTURE(f);

        STR_SET(busy.record.reason, "busy");
        place(f, CALL);
        forget(f);
        reply_call(f, MESSAGE_INITIATE, busy);
        expect(f, "call-added done call manager status:busy/busy "
                  "broadcast:OutgoingCallRejected");
}
END_TEST

START_TEST(rule_3_a_ring_is_published_before_anything_slow_is_done)
{
        FIXTURE(f);

        listen(f, "window", ":1.2", 0, true, false);
        listen(f, "log", ":1.3", 0, false, false);
        forget(f);
        hub_rings(f, CALL);
        expect(f, "call-added manager broadcast:IncomingCallReceived tell:window! tell:log "
                  "send:delivered tone:ring worker-start");
        ck_assert_str_eq(f->sent[MESSAGE_DELIVERED].session.session_id, CALL);
}
END_TEST

START_TEST(rule_3_alerting_is_reported_once_when_the_tone_plays)
{
        FIXTURE(f);

        hub_rings(f, CALL);
        forget(f);
        ck_assert(!phone_is_ringing(f->phone));
        phone_tone_playing(f->phone, &f->instant, PHONE_TONE_RING, true);
        expect(f, "call send:alerting manager");
        ck_assert(phone_is_ringing(f->phone));
        ck_assert_uint_eq(phone_call_find(f->phone, CALL)->stored.record.ringing_since,
                          f->instant.date);

        phone_tone_playing(f->phone, &f->instant, PHONE_TONE_RING, false);
        phone_tone_playing(f->phone, &f->instant, PHONE_TONE_RING, true);
        expect(f, "call manager call manager");
}
END_TEST

START_TEST(rule_3_alerting_is_reported_when_a_presenter_has_taken_it)
{
        FIXTURE(f);

        listen(f, "window", ":1.2", 0, true, false);
        hub_rings(f, CALL);
        answer_event(f, "window", true);
        expect(f, "call send:alerting manager");
        phone_tone_playing(f->phone, &f->instant, PHONE_TONE_RING, true);
        expect(f, "");
}
END_TEST

START_TEST(rule_3_the_caller_hears_the_ring_back_once_it_rings_there)
{
        FIXTURE(f);

        placed(f, CALL);
        hub_ringing(f, CALL);
        expect(f, "call tone:ring-back");
        hub_ringing(f, CALL);
        expect(f, "");
}
END_TEST

START_TEST(rule_4_an_accept_is_done_when_the_hub_says_so)
{
        FIXTURE(f);

        hub_rings(f, CALL);
        forget(f);
        accept_by(f, CALL, PROGRAM);
        expect(f, "send:accept tone:none");
        ck_assert_int_eq(status_of(f, CALL), CALL_STATUS_INITIATED);

        reply_call(f, MESSAGE_ACCEPT, incoming(CALL, CALL_STATUS_ONGOING));
        expect(f, "call session-added status:ongoing send:join done");
        ck_assert_str_eq(f->sent[MESSAGE_JOIN].join.token, "token");
        ck_assert_str_eq(phone_call_find(f->phone, CALL)->stored.handled_by, PROGRAM);
        ck_assert_int_eq(session_of(f, CALL), SESSION_JOINING);
}
END_TEST

START_TEST(rule_4_handled_by_names_the_listener_of_the_program)
{
        FIXTURE(f);

        listen(f, "window", PROGRAM, 0, true, false);
        answered(f, CALL);
        ck_assert_str_eq(phone_call_find(f->phone, CALL)->stored.handled_by, "window");
}
END_TEST

START_TEST(rule_4_the_caller_learns_of_the_answer_in_order)
{
        CallSnapshot accepted = outgoing(CALL, CALL_STATUS_ONGOING);
        FIXTURE(f);

        listen(f, "window", ":1.2", 0, true, false);
        placed(f, CALL);
        hub_ringing(f, CALL);
        forget(f);
        hub_says(f, MESSAGE_ACCEPTED, &accepted);
        expect(f, "call session-added status:ongoing broadcast:OutgoingCallAccepted tell:window "
                  "send:join tone:none");
        hub_says(f, MESSAGE_ACCEPTED, &accepted);
        expect(f, "");
}
END_TEST

START_TEST(rule_4_decisions_are_taken_one_after_the_other)
{
        FIXTURE(f);

        listen(f, "window", PROGRAM, 0, true, false);
        hub_rings(f, CALL);
        forget(f);
        accept_by(f, CALL, PROGRAM);
        accept_by(f, CALL, ":1.99");
        accept_by(f, CALL, PROGRAM);
        expect(f, "send:accept tone:none");
        reply_call(f, MESSAGE_ACCEPT, incoming(CALL, CALL_STATUS_ONGOING));
        expect(f, "call session-added status:ongoing send:join done done:AnsweredElsewhere done");
}
END_TEST

START_TEST(rule_4_who_was_slower_learns_who_was_first)
{
        FIXTURE(f);

        listen(f, "window", PROGRAM, 0, true, false);
        answered(f, CALL);
        accept_by(f, CALL, ":1.99");
        expect(f, "done:AnsweredElsewhere");
        ck_assert_str_eq(f->last[PHONE_DONE].text, "the call was answered by another program here");
}
END_TEST

START_TEST(rule_4_a_second_decision_has_its_turn_when_the_first_is_refused)
{
        FIXTURE(f);

        hub_rings(f, CALL);
        accept_by(f, CALL, PROGRAM);
        reject(f, CALL, CALL_STATUS_REJECTED);
        forget(f);
        reply_error(f, MESSAGE_ACCEPT, CALL_ERROR_BUSY_SELF);
        expect(f, "done:BusySelf send:reject");
}
END_TEST

START_TEST(rule_5_a_reject_is_done_when_the_call_is_over)
{
        FIXTURE(f);

        hub_rings(f, CALL);
        forget(f);
        reject(f, CALL, CALL_STATUS_BUSY);
        expect(f, "send:reject tone:none");
        ck_assert_int_eq(f->sent[MESSAGE_REJECT].reject.status, CALL_STATUS_BUSY);
        reply_ok(f, MESSAGE_REJECT);
        expect(f, "");
        hub_over(f, CALL, CALL_STATUS_BUSY, CALL_REASON_BUSY);
        expect(f, "worker-stop call status:busy/busy broadcast:CallEndedMessageReceived done");
}
END_TEST

START_TEST(rule_5_the_end_may_come_before_the_reply)
{
        FIXTURE(f);

        hub_rings(f, CALL);
        reject(f, CALL, CALL_STATUS_REJECTED);
        forget(f);
        hub_over(f, CALL, CALL_STATUS_REJECTED, CALL_REASON_DECLINED);
        expect(f, "worker-stop call status:rejected/declined "
                  "broadcast:CallEndedMessageReceived");
        reply_ok(f, MESSAGE_REJECT);
        expect(f, "done");
}
END_TEST

START_TEST(rule_6_cancel_stops_the_ring)
{
        FIXTURE(f);

        placed(f, CALL);
        reject(f, CALL, CALL_STATUS_CANCELLED);
        expect(f, "send:cancel");
        reply_ok(f, MESSAGE_CANCEL);
        hub_over(f, CALL, CALL_STATUS_CANCELLED, CALL_REASON_CALLER_CANCELLED);
        expect(f, "worker-stop call status:cancelled/caller-cancelled "
                  "broadcast:CallEndedMessageReceived done");
}
END_TEST

START_TEST(rule_6_an_accept_that_comes_while_cancelling_is_ended_unheard)
{
        CallSnapshot accepted = outgoing(CALL, CALL_STATUS_ONGOING);
        FIXTURE(f);

        placed(f, CALL);
        reject(f, CALL, CALL_STATUS_CANCELLED);
        forget(f);
        hub_says(f, MESSAGE_ACCEPTED, &accepted);
        expect(f, "call session-added status:ongoing broadcast:OutgoingCallAccepted "
                  "worker-stop send:end");
        reply_error(f, MESSAGE_CANCEL, CALL_ERROR_CALL_ONGOING);
        expect(f, "");
        reply_ok(f, MESSAGE_END);
        hub_over(f, CALL, CALL_STATUS_ENDED, CALL_REASON_HANGUP);
        expect(f, "call status:ended/hangup broadcast:CallEndedMessageReceived done");
        ck_assert_int_eq(session_of(f, CALL), SESSION_IDLE);
}
END_TEST

START_TEST(rule_6_a_cancel_that_was_too_late_ends_the_call)
{
        CallSnapshot accepted = outgoing(CALL, CALL_STATUS_ONGOING);
        FIXTURE(f);

        placed(f, CALL);
        reject(f, CALL, CALL_STATUS_CANCELLED);
        forget(f);
        reply_error(f, MESSAGE_CANCEL, CALL_ERROR_CALL_ONGOING);
        expect(f, "send:end");
        hub_says(f, MESSAGE_ACCEPTED, &accepted);
        expect(f, "call session-added status:ongoing broadcast:OutgoingCallAccepted worker-stop");
        hub_over(f, CALL, CALL_STATUS_ENDED, CALL_REASON_HANGUP);
        reply_ok(f, MESSAGE_END);
        expect(f, "call status:ended/hangup broadcast:CallEndedMessageReceived done");
}
END_TEST

START_TEST(rule_10_a_call_that_crosses_another_becomes_its_answer)
{
        CallSnapshot glare = incoming(OTHER, CALL_STATUS_ONGOING);
        FIXTURE(f);

        hub_rings(f, OTHER);
        place(f, CALL);
        forget(f);
        reply_call(f, MESSAGE_INITIATE, glare);
        expect(f, "done call session-added status:ongoing broadcast:OutgoingCallAccepted "
                  "send:join tone:none");
        ck_assert_str_eq(f->last[PHONE_DONE].session_id, OTHER);
        ck_assert_ptr_null(phone_call_find(f->phone, CALL));
}
END_TEST

START_TEST(rule_12_a_user_who_hangs_up_is_not_heard_while_the_hub_thinks)
{
        FIXTURE(f);

        talking(f, CALL);
        do_to(f, PHONE_COMMAND_END, CALL);
        expect(f, "worker-stop session send:end");
        reply_ok(f, MESSAGE_END);
        hub_over(f, CALL, CALL_STATUS_ENDED, CALL_REASON_HANGUP);
        expect(f, "call status:ended/hangup broadcast:CallEndedMessageReceived done");
        do_to(f, PHONE_COMMAND_END, CALL);
        expect(f, "done");
}
END_TEST

START_TEST(rule_12_the_other_side_hanging_up_ends_it_here)
{
        FIXTURE(f);

        answered(f, CALL);
        hub_over(f, CALL, CALL_STATUS_ENDED, CALL_REASON_REMOTE_HANGUP);
        expect(f, "worker-stop session call status:ended/remote-hangup "
                  "broadcast:CallEndedMessageReceived");
}
END_TEST

START_TEST(a_finished_call_is_shown_for_ten_seconds)
{
        FIXTURE(f);

        hub_rings(f, CALL);
        hub_over(f, CALL, CALL_STATUS_MISSED, CALL_REASON_TIMEOUT);
        forget(f);
        wait_us(f, FINISHED_SHOWN_US - 1);
        expect(f, "send:ack");
        wait_us(f, 1);
        expect(f, "call-removed manager");
        ck_assert_ptr_null(phone_call_find(f->phone, CALL));
}
END_TEST

START_TEST(a_finished_call_can_be_put_away_at_once)
{
        FIXTURE(f);

        hub_rings(f, CALL);
        hub_rings(f, OTHER);
        forget(f);
        do_to(f, PHONE_COMMAND_DISMISS, CALL);
        expect(f, "done:InvalidTransition");
        hub_over(f, CALL, CALL_STATUS_MISSED, CALL_REASON_TIMEOUT);
        hub_over(f, OTHER, CALL_STATUS_MISSED, CALL_REASON_TIMEOUT);
        forget(f);
        do_to(f, PHONE_COMMAND_DISMISS, CALL);
        expect(f, "call-removed done");
        do_to(f, PHONE_COMMAND_CLEAR_ACTIVE, "");
        expect(f, "call-removed done manager");
        do_to(f, PHONE_COMMAND_CLEAR_ACTIVE, "");
        expect(f, "done");
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {
                rule_1_a_placed_call_appears_when_the_hub_confirms_it,
                rule_1_what_the_hub_refuses_is_refused_with_its_words,
                rule_8_a_busy_receiver_is_informed_after_the_call_has_appeared,
                rule_3_a_ring_is_published_before_anything_slow_is_done,
                rule_3_alerting_is_reported_once_when_the_tone_plays,
                rule_3_alerting_is_reported_when_a_presenter_has_taken_it,
                rule_3_the_caller_hears_the_ring_back_once_it_rings_there,
                rule_4_an_accept_is_done_when_the_hub_says_so,
                rule_4_handled_by_names_the_listener_of_the_program,
                rule_4_the_caller_learns_of_the_answer_in_order,
                rule_4_decisions_are_taken_one_after_the_other,
                rule_4_who_was_slower_learns_who_was_first,
                rule_4_a_second_decision_has_its_turn_when_the_first_is_refused,
                rule_5_a_reject_is_done_when_the_call_is_over,
                rule_5_the_end_may_come_before_the_reply,
                rule_6_cancel_stops_the_ring,
                rule_6_an_accept_that_comes_while_cancelling_is_ended_unheard,
                rule_6_a_cancel_that_was_too_late_ends_the_call,
                rule_10_a_call_that_crosses_another_becomes_its_answer,
                rule_12_a_user_who_hangs_up_is_not_heard_while_the_hub_thinks,
                rule_12_the_other_side_hanging_up_ends_it_here,
                a_finished_call_is_shown_for_ten_seconds,
                a_finished_call_can_be_put_away_at_once,
        };

        return suite_run(phone_suite("calls", tests, ELEMENTSOF(tests)));
}
