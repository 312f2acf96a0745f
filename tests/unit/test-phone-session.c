/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "phone-fixture.h"

/* Joining and leaving the media of a call, and its worker: CALL-MODEL.md, rules 8, 18 and 19. */

START_TEST(rule_18_the_hub_hears_of_the_join_before_the_media_are_ready)
{
        FIXTURE(f);

        incoming_until(f, CALL, STAGE_JOINING);
        reply_join(f, "alice-1");
        expect(f, "session user-joined worker-join");
        ck_assert_str_eq(f->last[PHONE_WORKER_JOIN].join.reply.participant, "me");
        ck_assert_uint_eq(f->last[PHONE_WORKER_JOIN].join.reply.n_others, 1);
        ck_assert_int_eq(session(f, CALL)->state, SESSION_JOINING);
        phone_worker_state(f->phone, &f->instant, CALL, SESSION_CONNECTED);
        expect(f, "session");
        ck_assert_int_eq(session(f, CALL)->state, SESSION_CONNECTED);
}
END_TEST

START_TEST(an_unknown_media_mode_is_left_with_a_sentence)
{
        FIXTURE(f);

        incoming_until(f, CALL, STAGE_JOINING);
        reply_join_by(f, "sfu");
        expect(f, "session session-error:NotSupported send:leave");
        ck_assert_str_eq(f->last[PHONE_SESSION_ERROR].text,
                         "the hub asks for media mode 'sfu', which this version does not support");
        ck_assert_int_eq(session(f, CALL)->state, SESSION_FAILED);
}
END_TEST

START_TEST(rule_18_who_does_not_want_to_join_has_no_worker)
{
        PhoneCommand accept = asks(PHONE_COMMAND_ACCEPT, CALL);
        FIXTURE(f);

        hub_rings(f, CALL);
        command(f, &accept);
        forget(f);
        reply_call(f, MESSAGE_ACCEPT, incoming(CALL, CALL_STATUS_ONGOING));
        expect(f, "call session-added status:ongoing worker-stop done");
        ck_assert_int_eq(session(f, CALL)->state, SESSION_IDLE);
}
END_TEST

START_TEST(rule_18_who_joins_by_a_newer_connection_takes_our_place)
{
        Message left = {.type = MESSAGE_LEFT};
        FIXTURE(f);

        talking(f, CALL);
        STR_SET(left.participant.session_id, CALL);
        STR_SET(left.participant.participant.id, session(f, CALL)->own_id);
        hub_message(f, &left);
        ck_assert_ptr_nonnull(strstr(fixture_trace(f), "worker-stop"));
        ck_assert_int_eq(session(f, CALL)->state, SESSION_LEFT);
        ck_assert_int_eq(status_of(f, CALL), CALL_STATUS_ONGOING);
}
END_TEST

START_TEST(rule_18_leave_ends_the_worker_and_keeps_the_call)
{
        FIXTURE(f);

        talking(f, CALL);
        do_to(f, PHONE_COMMAND_LEAVE, CALL);
        expect(f, "worker-stop session send:leave");
        ck_assert_int_eq(session(f, CALL)->state, SESSION_LEFT);
        ck_assert_uint_eq(session(f, CALL)->n_participants, 0);
        reply_ok(f, MESSAGE_LEAVE);
        expect(f, "done");
        ck_assert_int_eq(status_of(f, CALL), CALL_STATUS_ONGOING);
        do_to(f, PHONE_COMMAND_LEAVE, CALL);
        expect(f, "done");
}
END_TEST

START_TEST(rule_18_join_is_legal_again_after_leave)
{
        PhoneCommand join = asks(PHONE_COMMAND_JOIN, CALL);
        FIXTURE(f);

        talking(f, CALL);
        do_to(f, PHONE_COMMAND_JOIN, CALL);
        expect(f, "done:InvalidTransition");
        do_to(f, PHONE_COMMAND_LEAVE, CALL);
        forget(f);
        reply_ok(f, MESSAGE_LEAVE);
        forget(f);
        join.settings.start_audio_muted = true;
        command(f, &join);
        expect(f, "session session send:token");
        reply_token(f, MESSAGE_TOKEN, "another");
        expect(f, "send:join worker-start");
        ck_assert_str_eq(f->sent[MESSAGE_JOIN].join.token, "another");
        ck_assert(f->sent[MESSAGE_JOIN].join.muted);
        reply_join(f, "alice-2");
        expect(f, "session user-joined worker-join done");
        ck_assert(f->last[PHONE_WORKER_JOIN].join.muted);
}
END_TEST

/* Joins after leaving; the hub has yet to reply. */
static void joining_again(Fixture *f)
{
        talking(f, CALL);
        do_to(f, PHONE_COMMAND_LEAVE, CALL);
        forget(f);
        reply_ok(f, MESSAGE_LEAVE);
        do_to(f, PHONE_COMMAND_JOIN, CALL);
        forget(f);
        reply_token(f, MESSAGE_TOKEN, "another");
        ck_assert_ptr_nonnull(strstr(fixture_trace(f), "send:join"));
}

START_TEST(rule_18_who_leaves_while_the_connection_is_lost_does_not_join_when_it_is_back)
{
        FIXTURE(f);

        joining_again(f);
        do_to(f, PHONE_COMMAND_LEAVE, CALL);
        hub_gone(f);
        hub_welcomes(f, NULL, 0, true);
        ck_assert_ptr_null(strstr(fixture_trace(f), "send:join"));

        do_to(f, PHONE_COMMAND_JOIN, CALL);
        hub_gone(f);
        forget(f);
        do_to(f, PHONE_COMMAND_LEAVE, CALL);
        hub_welcomes(f, NULL, 0, true);
        ck_assert_ptr_null(strstr(fixture_trace(f), "send:token"));
}
END_TEST

START_TEST(rule_18_who_has_not_left_joins_when_the_connection_is_back)
{
        FIXTURE(f);

        joining_again(f);
        hub_gone(f);
        hub_welcomes(f, NULL, 0, true);
        ck_assert_ptr_nonnull(strstr(fixture_trace(f), "send:join"));
}
END_TEST

START_TEST(rule_18_a_join_that_the_hub_refuses_is_an_error_of_the_session)
{
        FIXTURE(f);

        talking(f, CALL);
        do_to(f, PHONE_COMMAND_LEAVE, CALL);
        do_to(f, PHONE_COMMAND_JOIN, CALL);
        forget(f);
        reply_error(f, MESSAGE_TOKEN, CALL_ERROR_CALL_TERMINATED);
        expect(f, "session session-error:CallTerminated done:CallTerminated");
        ck_assert_int_eq(session(f, CALL)->state, SESSION_FAILED);
        do_to(f, PHONE_COMMAND_JOIN, CALL);
        expect(f, "session send:token");
}
END_TEST

START_TEST(rule_18_a_worker_that_dies_fails_the_session_and_not_the_call)
{
        FIXTURE(f);

        talking(f, CALL);
        phone_worker_gone(f->phone, &f->instant, CALL, "tring-media was killed");
        expect(f, "session session-error:MediaFailed");
        ck_assert_str_eq(f->last[PHONE_SESSION_ERROR].text, "tring-media was killed");
        ck_assert_int_eq(session(f, CALL)->state, SESSION_FAILED);
        ck_assert_int_eq(status_of(f, CALL), CALL_STATUS_ONGOING);

        do_to(f, PHONE_COMMAND_JOIN, CALL);
        forget(f);
        reply_token(f, MESSAGE_TOKEN, "another");
        expect(f, "send:join worker-start");
        reply_join(f, "alice-1");
        expect(f, "session worker-join done");
}
END_TEST

START_TEST(rule_19_a_worker_that_dies_while_it_rings_disturbs_nothing)
{
        FIXTURE(f);

        hub_rings(f, CALL);
        forget(f);
        phone_worker_gone(f->phone, &f->instant, CALL, "no memory");
        expect(f, "");
        accept_by(f, CALL, PROGRAM);
        forget(f);
        reply_call(f, MESSAGE_ACCEPT, incoming(CALL, CALL_STATUS_ONGOING));
        expect(f, "call session-added status:ongoing send:join worker-start done");
}
END_TEST

START_TEST(rule_18_a_failed_worker_is_replaced_at_the_next_join)
{
        FIXTURE(f);

        talking(f, CALL);
        phone_worker_state(f->phone, &f->instant, CALL, SESSION_FAILED);
        do_to(f, PHONE_COMMAND_JOIN, CALL);
        forget(f);
        reply_token(f, MESSAGE_TOKEN, "another");
        expect(f, "worker-stop send:join worker-start");
}
END_TEST

START_TEST(a_token_is_for_who_asked)
{
        FIXTURE(f);

        talking(f, CALL);
        do_to(f, PHONE_COMMAND_GENERATE_TOKEN, CALL);
        expect(f, "send:token");
        reply_token(f, MESSAGE_TOKEN, "secret");
        expect(f, "done");
        ck_assert_str_eq(f->last[PHONE_DONE].token, "secret");
        ck_assert_uint_eq(f->last[PHONE_DONE].ticket, f->ticket);
}
END_TEST

START_TEST(session_methods_need_a_call_that_is_answered)
{
        static const PhoneCommandType methods[] = {PHONE_COMMAND_GENERATE_TOKEN, PHONE_COMMAND_JOIN,
                                                   PHONE_COMMAND_LEAVE, PHONE_COMMAND_MUTE};
        FIXTURE(f);

        hub_rings(f, CALL);
        forget(f);
        for (size_t i = 0; i < ELEMENTSOF(methods); i++) {
                do_to(f, methods[i], CALL);
                expect(f, "done:InvalidTransition");
                do_to(f, methods[i], OTHER);
                expect(f, "done:NoSuchCall");
        }
        hub_over(f, CALL, CALL_STATUS_MISSED, CALL_REASON_TIMEOUT);
        forget(f);
        for (size_t i = 0; i < ELEMENTSOF(methods); i++) {
                do_to(f, methods[i], CALL);
                expect(f, "done:CallTerminated");
        }
}
END_TEST

START_TEST(rule_8_one_microphone_is_open_at_a_time)
{
        FIXTURE(f);

        talking(f, CALL);
        incoming_until(f, OTHER, STAGE_ACCEPTING);
        reply_call(f, MESSAGE_ACCEPT, incoming(OTHER, CALL_STATUS_ONGOING));
        expect(f, "call session-added manager status:ongoing worker-stop session send:leave "
                  "send:join done");
        ck_assert_int_eq(session_of(f, CALL), SESSION_LEFT);
        ck_assert_int_eq(session_of(f, OTHER), SESSION_JOINING);
}
END_TEST

START_TEST(rule_8_without_a_microphone_sessions_go_on_side_by_side)
{
        FIXTURE(f);

        phone_allow_parallel_media(f->phone);
        talking(f, CALL);
        incoming_until(f, OTHER, STAGE_ACCEPTING);
        reply_call(f, MESSAGE_ACCEPT, incoming(OTHER, CALL_STATUS_ONGOING));
        expect(f, "call session-added manager status:ongoing send:join done");
        ck_assert_int_eq(session_of(f, CALL), SESSION_CONNECTED);
        ck_assert_int_eq(session_of(f, OTHER), SESSION_JOINING);
}
END_TEST

START_TEST(a_worker_is_adopted_after_a_restart)
{
        __attribute__((cleanup(fixture_freep))) Fixture *f = fixture_new();
        CallSnapshot ongoing = incoming(CALL, CALL_STATUS_ONGOING);

        hub_welcomes(f, &ongoing, 1, false);
        expect(f, "call-added session-added manager");
        phone_worker_state(f->phone, &f->instant, CALL, SESSION_CONNECTED);
        phone_worker_participant(
                f->phone, &f->instant, CALL, "alice-1",
                &(ParticipantMedia){.connected = true, .speaking = false, .audio_node = "node"});
        expect(f, "session session user-joined session participant send:state");
        ck_assert_str_eq(session(f, CALL)->participants[0].participant.party.uid, "alice");
        phone_worker_signal(f->phone, &f->instant, CALL, "alice-1", "{}");
        expect(f, "send:signal");
        hub_over(f, CALL, CALL_STATUS_ENDED, CALL_REASON_REMOTE_HANGUP);
        expect(f, "worker-stop session call status:ended/remote-hangup "
                  "broadcast:CallEndedMessageReceived");
}
END_TEST

START_TEST(news_of_a_worker_that_was_stopped_is_old)
{
        FIXTURE(f);

        talking(f, CALL);
        do_to(f, PHONE_COMMAND_END, CALL);
        forget(f);
        phone_worker_state(f->phone, &f->instant, CALL, SESSION_CONNECTED);
        phone_worker_signal(f->phone, &f->instant, CALL, "alice-1", "{}");
        phone_worker_participant(
                f->phone, &f->instant, CALL, "alice-1",
                &(ParticipantMedia){.connected = true, .speaking = true, .audio_node = "node"});
        phone_worker_error(f->phone, &f->instant, CALL, CALL_ERROR_MEDIA_FAILED, "gone");
        phone_worker_gone(f->phone, &f->instant, CALL, "gone");
        expect(f, "");
        phone_worker_state(f->phone, &f->instant, OTHER, SESSION_CONNECTED);
        expect(f, "");
}
END_TEST

START_TEST(a_message_that_an_earlier_worker_does_not_know_is_no_error_of_the_session)
{
        FIXTURE(f);

        talking(f, CALL);
        phone_worker_error(f->phone, &f->instant, CALL, CALL_ERROR_INVALID_ARGUMENT,
                           "unknown method 'relays'");
        expect(f, "");
        phone_worker_error(f->phone, &f->instant, CALL, CALL_ERROR_MEDIA_FAILED, "no sound");
        expect(f, "session-error:MediaFailed");
}
END_TEST

#define LIFETIME_S 3600
#define RENEW_US (LIFETIME_S / 2 * USEC_PER_SEC)

static void join_with_lifetime(Fixture *f, uint32_t lifetime_s)
{
        Message message = {.reply = {.kind = REPLY_JOIN,
                                     .join = {.participant = "me", .ice_lifetime_s = lifetime_s}}};

        incoming_until(f, CALL, STAGE_JOINING);
        hub_reply(f, MESSAGE_JOIN, &message);
        forget(f);
}

static void reply_relays(Fixture *f, uint32_t lifetime_s)
{
        IceServer server = {.url = "turn:t", .username = "2000:bob", .credential = "new"};
        Message message = {.reply = {.kind = REPLY_RELAYS,
                                     .relays = {.ice_servers = &server,
                                                .n_ice_servers = 1,
                                                .ice_lifetime_s = lifetime_s}}};

        hub_reply(f, MESSAGE_RELAYS, &message);
}

START_TEST(relays_are_renewed_after_half_of_their_lifetime)
{
        FIXTURE(f);

        join_with_lifetime(f, LIFETIME_S);
        wait_us(f, RENEW_US - 1);
        expect(f, "");
        wait_us(f, 1);
        expect(f, "send:relays");
        reply_relays(f, LIFETIME_S);
        expect(f, "worker-relays");
        ck_assert_str_eq(f->last[PHONE_WORKER_RELAYS].session_id, CALL);
        wait_us(f, RENEW_US);
        expect(f, "send:relays");
}
END_TEST

START_TEST(relays_that_do_not_expire_are_not_renewed)
{
        FIXTURE(f);

        join_with_lifetime(f, 0);
        wait_us(f, 100 * RENEW_US);
        expect(f, "");
}
END_TEST

START_TEST(a_hub_that_renews_no_relays_is_asked_once)
{
        Message refusal = {.reply.error = CALL_ERROR_NOT_SUPPORTED};
        FIXTURE(f);

        join_with_lifetime(f, LIFETIME_S);
        wait_us(f, RENEW_US);
        forget(f);
        hub_reply(f, MESSAGE_RELAYS, &refusal);
        wait_us(f, 100 * RENEW_US);
        expect(f, "");
}
END_TEST

START_TEST(a_hub_that_is_too_busy_to_renew_relays_is_asked_again)
{
        Message refusal = {.reply.error = CALL_ERROR_TOO_MANY};
        FIXTURE(f);

        join_with_lifetime(f, LIFETIME_S);
        wait_us(f, RENEW_US);
        forget(f);
        hub_reply(f, MESSAGE_RELAYS, &refusal);
        expect(f, "");
        wait_us(f, 60 * USEC_PER_SEC);
        expect(f, "send:relays");
}
END_TEST

START_TEST(relays_that_are_about_to_expire_are_not_renewed_without_pause)
{
        FIXTURE(f);

        join_with_lifetime(f, 1);
        wait_us(f, 5 * USEC_PER_SEC - 1);
        expect(f, "");
        wait_us(f, 1);
        expect(f, "send:relays");
}
END_TEST

START_TEST(relays_of_a_session_that_was_left_are_not_renewed)
{
        FIXTURE(f);

        join_with_lifetime(f, LIFETIME_S);
        hub_over(f, CALL, CALL_STATUS_ENDED, CALL_REASON_REMOTE_HANGUP);
        forget(f);
        wait_us(f, RENEW_US);
        ck_assert_ptr_null(strstr(fixture_trace(f), "relays"));
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {
                rule_18_the_hub_hears_of_the_join_before_the_media_are_ready,
                an_unknown_media_mode_is_left_with_a_sentence,
                rule_18_who_does_not_want_to_join_has_no_worker,
                rule_18_who_joins_by_a_newer_connection_takes_our_place,
                rule_18_leave_ends_the_worker_and_keeps_the_call,
                rule_18_join_is_legal_again_after_leave,
                rule_18_who_leaves_while_the_connection_is_lost_does_not_join_when_it_is_back,
                rule_18_who_has_not_left_joins_when_the_connection_is_back,
                rule_18_a_join_that_the_hub_refuses_is_an_error_of_the_session,
                rule_18_a_worker_that_dies_fails_the_session_and_not_the_call,
                rule_19_a_worker_that_dies_while_it_rings_disturbs_nothing,
                rule_18_a_failed_worker_is_replaced_at_the_next_join,
                a_token_is_for_who_asked,
                session_methods_need_a_call_that_is_answered,
                rule_8_one_microphone_is_open_at_a_time,
                rule_8_without_a_microphone_sessions_go_on_side_by_side,
                a_worker_is_adopted_after_a_restart,
                news_of_a_worker_that_was_stopped_is_old,
                a_message_that_an_earlier_worker_does_not_know_is_no_error_of_the_session,
                relays_are_renewed_after_half_of_their_lifetime,
                relays_that_do_not_expire_are_not_renewed,
                a_hub_that_renews_no_relays_is_asked_once,
                a_hub_that_is_too_busy_to_renew_relays_is_asked_again,
                relays_that_are_about_to_expire_are_not_renewed_without_pause,
                relays_of_a_session_that_was_left_are_not_renewed,
        };

        return suite_run(phone_suite("session", tests, ELEMENTSOF(tests)));
}
