/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "phone-fixture.h"

/* What the hub says that is not what one hopes for, and what it does not say in time. */

static const PhoneCallInfo *call(Fixture *f)
{
        const PhoneCallInfo *found = phone_call_find(f->phone, CALL);

        ck_assert_ptr_nonnull(found);
        return found;
}

START_TEST(ending_a_call_that_the_hub_does_not_have_ends_it_here)
{
        FIXTURE(f);

        talking(f, CALL);
        do_to(f, PHONE_COMMAND_END, CALL);
        forget(f);
        reply_error(f, MESSAGE_END, CALL_ERROR_NO_SUCH_CALL);
        expect(f, "history:ended/hangup call status:ended/hangup "
                  "broadcast:CallEndedMessageReceived done");
}
END_TEST

START_TEST(cancelling_a_call_that_the_hub_does_not_have_cancels_it_here)
{
        FIXTURE(f);

        placed(f, CALL);
        reject(f, CALL, CALL_STATUS_CANCELLED);
        forget(f);
        reply_error(f, MESSAGE_CANCEL, CALL_ERROR_NO_SUCH_CALL);
        expect(f, "history:cancelled/caller-cancelled worker-stop call "
                  "status:cancelled/caller-cancelled broadcast:CallEndedMessageReceived done");
}
END_TEST

START_TEST(a_cancel_that_came_after_the_end_is_refused)
{
        FIXTURE(f);

        placed(f, CALL);
        reject(f, CALL, CALL_STATUS_CANCELLED);
        hub_over(f, CALL, CALL_STATUS_REJECTED, CALL_REASON_DECLINED);
        forget(f);
        reply_error(f, MESSAGE_CANCEL, CALL_ERROR_CALL_TERMINATED);
        expect(f, "done:CallTerminated");
}
END_TEST

START_TEST(a_reject_that_the_hub_refuses_rings_on)
{
        FIXTURE(f);

        hub_rings(f, CALL);
        reject(f, CALL, CALL_STATUS_REJECTED);
        forget(f);
        reply_error(f, MESSAGE_REJECT, CALL_ERROR_INVALID_TRANSITION);
        expect(f, "done:InvalidTransition tone:ring");
}
END_TEST

START_TEST(an_end_that_the_hub_confirms_and_does_not_tell_is_done_all_the_same)
{
        FIXTURE(f);

        talking(f, CALL);
        do_to(f, PHONE_COMMAND_END, CALL);
        forget(f);
        reply_ok(f, MESSAGE_END);
        expect(f, "");
        wait_us(f, COMMAND_TIMEOUT_US);
        expect(f, "history:ended/hangup call status:ended/hangup "
                  "broadcast:CallEndedMessageReceived done");
}
END_TEST

START_TEST(rule_12_the_duration_without_the_hub_is_counted_here)
{
        FIXTURE(f);

        talking(f, CALL);
        wait_us(f, 6 * USEC_PER_SEC);
        do_to(f, PHONE_COMMAND_END, CALL);
        forget(f);
        reply_error(f, MESSAGE_END, CALL_ERROR_NO_SUCH_CALL);
        ck_assert_uint_eq(call(f)->stored.record.duration_s, 5);
}
END_TEST

START_TEST(rule_18_a_join_token_that_is_too_old_is_replaced_once)
{
        FIXTURE(f);

        incoming_until(f, CALL, STAGE_JOINING);
        reply_error(f, MESSAGE_JOIN, CALL_ERROR_AUTH_FAILED);
        expect(f, "send:token");
        reply_token(f, MESSAGE_TOKEN, "fresh");
        expect(f, "send:join");
        ck_assert_str_eq(f->sent[MESSAGE_JOIN].join.token, "fresh");
        reply_error(f, MESSAGE_JOIN, CALL_ERROR_AUTH_FAILED);
        expect(f, "session session-error:AuthFailed");
        ck_assert_int_eq(call(f)->stored.session.state, SESSION_FAILED);
}
END_TEST

START_TEST(rule_18_a_join_is_sent_again_with_the_welcomes_token)
{
        CallSnapshot ongoing = incoming(CALL, CALL_STATUS_ONGOING);
        FIXTURE(f);

        rings_delivered(f, CALL);
        accept_by(f, CALL, PROGRAM);
        forget(f);
        reply_call(f, MESSAGE_ACCEPT, ongoing);
        forget(f);
        hub_gone(f);
        forget(f);
        STR_SET(ongoing.join_token, "fresh");
        hub_welcomes(f, &ongoing, 1, false);
        expect(f, "manager send:join");
        ck_assert_str_eq(f->sent[MESSAGE_JOIN].join.token, "fresh");
}
END_TEST

START_TEST(rule_6_who_hangs_up_does_not_wait_for_a_hub_that_announces_no_end)
{
        FIXTURE(f);

        talking(f, CALL);
        do_to(f, PHONE_COMMAND_END, CALL);
        expect(f, "worker-stop session send:end");
        reply_ok(f, MESSAGE_END);
        wait_us(f, CONFIRMED_TIMEOUT_US - 1);
        ck_assert_ptr_null(strstr(fixture_trace(f), "done"));
        wait_us(f, 1);
        ck_assert_ptr_nonnull(strstr(fixture_trace(f), "done"));
        ck_assert_int_eq(f->last[PHONE_DONE].error, CALL_ERROR_NONE);
        ck_assert_int_eq(status_of(f, CALL), CALL_STATUS_ENDED);
}
END_TEST

START_TEST(rule_5_a_reject_that_is_confirmed_waits_for_the_end_as_before)
{
        FIXTURE(f);

        rings_delivered(f, CALL);
        reject(f, CALL, CALL_STATUS_REJECTED);
        forget(f);
        reply_ok(f, MESSAGE_REJECT);
        wait_us(f, CONFIRMED_TIMEOUT_US);
        ck_assert_ptr_null(strstr(fixture_trace(f), "done"));
        hub_over(f, CALL, CALL_STATUS_REJECTED, CALL_REASON_DECLINED);
        ck_assert_ptr_nonnull(strstr(fixture_trace(f), "done"));
}
END_TEST

START_TEST(rule_18_leaving_before_the_join_is_confirmed_is_leaving)
{
        PhoneCommand join = asks(PHONE_COMMAND_JOIN, CALL);
        FIXTURE(f);

        talking(f, CALL);
        do_to(f, PHONE_COMMAND_LEAVE, CALL);
        forget(f);
        command(f, &join);
        do_to(f, PHONE_COMMAND_LEAVE, CALL);
        forget(f);
        reply_token(f, MESSAGE_TOKEN, "late");
        expect(f, "done:MediaFailed");
        ck_assert_int_eq(call(f)->stored.session.state, SESSION_LEFT);

        command(f, &join);
        forget(f);
        reply_token(f, MESSAGE_TOKEN, "next");
        do_to(f, PHONE_COMMAND_LEAVE, CALL);
        forget(f);
        reply_join(f, NULL);
        expect(f, "done:MediaFailed");
        ck_assert_int_eq(call(f)->stored.session.state, SESSION_LEFT);
}
END_TEST

START_TEST(rule_18_a_join_that_is_not_confirmed_in_time_failed)
{
        FIXTURE(f);

        talking(f, CALL);
        do_to(f, PHONE_COMMAND_LEAVE, CALL);
        forget(f);
        reply_ok(f, MESSAGE_LEAVE);
        do_to(f, PHONE_COMMAND_JOIN, CALL);
        forget(f);
        wait_us(f, COMMAND_TIMEOUT_US);
        expect(f, "done:Timeout session session-error:Timeout");
}
END_TEST

START_TEST(a_join_of_a_call_that_ended_meanwhile_is_refused)
{
        FIXTURE(f);

        talking(f, CALL);
        do_to(f, PHONE_COMMAND_LEAVE, CALL);
        do_to(f, PHONE_COMMAND_JOIN, CALL);
        forget(f);
        hub_over(f, CALL, CALL_STATUS_ENDED, CALL_REASON_REMOTE_HANGUP);
        expect(f, "session call status:ended/remote-hangup broadcast:CallEndedMessageReceived "
                  "done:CallTerminated");
}
END_TEST

START_TEST(an_accept_that_nobody_could_send_is_refused_when_the_ring_stops)
{
        FIXTURE(f);

        hub_rings(f, CALL);
        wait_us(f, (RING_S - 5) * USEC_PER_SEC);
        hub_gone(f);
        accept_by(f, CALL, PROGRAM);
        reject(f, CALL, CALL_STATUS_REJECTED);
        forget(f);
        wait_us(f, COMMAND_TIMEOUT_US);
        ck_assert_int_eq(call(f)->stored.record.status, CALL_STATUS_MISSED);
        ck_assert_str_eq(fixture_trace(f),
                         "done:Timeout done:Timeout history:missed/timeout worker-stop call "
                         "status:missed/timeout broadcast:IncomingCallCancelled");
}
END_TEST

START_TEST(an_initiate_that_no_connection_came_for_is_not_connected)
{
        __attribute__((cleanup(fixture_freep))) Fixture *f = fixture_new();

        phone_connection_changed(f->phone, &f->instant, PHONE_CONNECTING, "");
        place(f, CALL);
        forget(f);
        wait_us(f, COMMAND_TIMEOUT_US);
        expect(f, "done:NotConnected");
        hub_welcomes(f, NULL, 0, false);
        expect(f, "manager");
}
END_TEST

START_TEST(a_refused_login_is_a_reason_for_a_call_that_fails)
{
        const char *text;
        FIXTURE(f);

        phone_refused(f->phone, &f->instant, HUB_REFUSAL_REVOKED, "The token was revoked");
        ck_assert_int_eq(phone_connection(f->phone, &text), PHONE_REFUSED);
        ck_assert_str_eq(text, "The token was revoked");
        ck_assert_str_eq(phone_connection_to_string(PHONE_REFUSED), "refused");
        forget(f);
        place(f, CALL);
        expect(f, "done:NotConnected");
        ck_assert_str_eq(f->last[PHONE_DONE].text,
                         "there is no connection to the hub: The token was revoked");
}
END_TEST

START_TEST(a_video_call_that_was_answered_as_audio_is_one)
{
        CallSnapshot accepted = outgoing(CALL, CALL_STATUS_ONGOING);
        CallSnapshot rings = outgoing(CALL, CALL_STATUS_INITIATED);
        FIXTURE(f);

        rings.record.type = CALL_TYPE_VIDEO;
        accepted.record.ringing_since = 77;
        place(f, CALL);
        forget(f);
        reply_call(f, MESSAGE_INITIATE, rings);
        forget(f);
        hub_says(f, MESSAGE_ACCEPTED, &accepted);
        forget(f);
        ck_assert_int_eq(call(f)->stored.record.type, CALL_TYPE_AUDIO);
        ck_assert_uint_eq(call(f)->stored.record.ringing_since, 77);
}
END_TEST

START_TEST(a_finished_call_that_the_hub_still_has_is_ended_there)
{
        CallSnapshot ongoing = incoming(CALL, CALL_STATUS_ONGOING);
        CallSnapshot rings = incoming(CALL, CALL_STATUS_INITIATED);
        FIXTURE(f);

        hub_rings(f, CALL);
        hub_gone(f);
        wait_us(f, RING_S * USEC_PER_SEC);
        ck_assert_int_eq(call(f)->stored.record.status, CALL_STATUS_MISSED);
        forget(f);
        hub_welcomes(f, &rings, 1, false);
        expect(f, "manager");
        reconnected(f, &ongoing, 1);
        expect(f, "send:end manager");
}
END_TEST

START_TEST(the_welcome_brings_the_users_settings_and_the_callers_ring)
{
        CallSnapshot rings = outgoing(CALL, CALL_STATUS_INITIATED);
        Message message = {.type = MESSAGE_REPLY, .id = HELLO_ID};
        FIXTURE(f);

        placed(f, CALL);
        rings.record.ringing_since = 77;
        message.reply.kind = REPLY_WELCOME;
        message.reply.welcome.when_busy = WHEN_BUSY_RING;
        message.reply.welcome.history_complete = true;
        message.reply.welcome.calls = &rings;
        message.reply.welcome.n_calls = 1;
        hub_message(f, &message);
        expect(f, "call tone:ring-back manager");
        ck_assert_int_eq(phone_when_busy(f->phone), WHEN_BUSY_RING);
        ck_assert(call(f)->stored.member_ringing);
}
END_TEST

/* To the hub a request without ids means all, whatever has come since. */
START_TEST(no_session_ids_are_no_request)
{
        PhoneCommand seen = asks(PHONE_COMMAND_SEEN, ""), deleted = asks(PHONE_COMMAND_FORGET, "");
        FIXTURE(f);

        command(f, &seen);
        command(f, &deleted);
        expect(f, "done done");
}
END_TEST

START_TEST(too_many_session_ids_are_refused)
{
        PhoneCommand seen = asks(PHONE_COMMAND_SEEN, "");
        FIXTURE(f);

        seen.sessions.count = SESSION_IDS_MAX + 1;
        command(f, &seen);
        expect(f, "done:InvalidArgument");
        ck_assert_str_eq(f->last[PHONE_DONE].text, "1001 calls at once are too many: at most 1000");
        seen.sessions.session_ids = calloc(SESSION_IDS_MAX, UUID_LENGTH + 1);
        seen.sessions.count = SESSION_IDS_MAX;
        command(f, &seen);
        expect(f, "send:seen done");
        ck_assert_uint_eq(f->sent[MESSAGE_SEEN].sessions.count, SESSION_IDS_MAX);
        phone_command_done(&seen);
}
END_TEST

START_TEST(history_is_asked_for_from_where_it_was_left)
{
        __attribute__((cleanup(fixture_freep))) Fixture *f = fixture_new();
        Message hello;

        phone_restore_history_since(f->phone, 42);
        phone_hello(f->phone, &hello);
        ck_assert_uint_eq(hello.id, HELLO_ID);
        ck_assert_uint_eq(hello.hello.version, PROTOCOL_VERSION);
        ck_assert_uint_eq(hello.hello.history_since, 42);
        ck_assert_str_eq(hello.hello.resume, "");
}
END_TEST

/* The connection was lost meanwhile, so the reply comes after the end of the call. */
START_TEST(rule_17_a_call_that_an_initiate_answered_is_over_once)
{
        FIXTURE(f);

        hub_rings(f, CALL);
        place(f, OTHER);
        hub_gone(f);
        hub_welcomes(f, NULL, 0, true);
        forget(f);
        hub_over(f, CALL, CALL_STATUS_ENDED, CALL_REASON_REMOTE_HANGUP);
        forget(f);
        reply_call(f, MESSAGE_INITIATE, incoming(CALL, CALL_STATUS_ENDED));
        expect(f, "done");
        ck_assert_int_eq(status_of(f, CALL), CALL_STATUS_ENDED);
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {
                ending_a_call_that_the_hub_does_not_have_ends_it_here,
                cancelling_a_call_that_the_hub_does_not_have_cancels_it_here,
                a_cancel_that_came_after_the_end_is_refused,
                a_reject_that_the_hub_refuses_rings_on,
                an_end_that_the_hub_confirms_and_does_not_tell_is_done_all_the_same,
                rule_12_the_duration_without_the_hub_is_counted_here,
                rule_18_a_join_token_that_is_too_old_is_replaced_once,
                rule_18_a_join_is_sent_again_with_the_welcomes_token,
                rule_6_who_hangs_up_does_not_wait_for_a_hub_that_announces_no_end,
                rule_5_a_reject_that_is_confirmed_waits_for_the_end_as_before,
                rule_18_leaving_before_the_join_is_confirmed_is_leaving,
                rule_18_a_join_that_is_not_confirmed_in_time_failed,
                rule_17_a_call_that_an_initiate_answered_is_over_once,
                a_join_of_a_call_that_ended_meanwhile_is_refused,
                an_accept_that_nobody_could_send_is_refused_when_the_ring_stops,
                an_initiate_that_no_connection_came_for_is_not_connected,
                a_refused_login_is_a_reason_for_a_call_that_fails,
                a_video_call_that_was_answered_as_audio_is_one,
                a_finished_call_that_the_hub_still_has_is_ended_there,
                the_welcome_brings_the_users_settings_and_the_callers_ring,
                too_many_session_ids_are_refused,
                no_session_ids_are_no_request,
                history_is_asked_for_from_where_it_was_left,
        };

        return suite_run(phone_suite("replies", tests, ELEMENTSOF(tests)));
}
