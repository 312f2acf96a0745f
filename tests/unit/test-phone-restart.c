/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "phone-fixture.h"

/* A daemon that is killed and started again has what it had stored. */

START_TEST(a_ring_goes_on_and_is_announced_again_to_who_listened)
{
        CallSnapshot rings = incoming(CALL, CALL_STATUS_INITIATED);
        FIXTURE(f);

        hub_rings(f, CALL);
        wait_us(f, 20 * USEC_PER_SEC);
        restarted(f, false);
        expect(f, "call-added manager broadcast:IncomingCallReceived~ tone:ring worker-start");
        ck_assert_uint_eq(phone_call_find(f->phone, CALL)->ring_until,
                          f->instant.now + (RING_S - 20) * USEC_PER_SEC);
        listen(f, "window", ":1.2", 0, true, true);
        expect(f, "tell:window!~ manager");
        answer_event(f, "window", true);
        forget(f);
        rings.remaining_ms = 20 * 1000;
        hub_welcomes(f, &rings, 1, false);
        expect(f, "manager send:delivered send:alerting");
        hub_over(f, CALL, CALL_STATUS_MISSED, CALL_REASON_TIMEOUT);
        expect(f, "worker-stop call manager status:missed/timeout "
                  "broadcast:IncomingCallCancelled tell:window tone:none");
        ck_assert_uint_eq(stored_calls(f), 0);
}
END_TEST

START_TEST(rule_15_a_ring_that_ended_while_the_daemon_was_away_is_missed)
{
        FIXTURE(f);

        hub_rings(f, CALL);
        forget(f);
        f->instant.now += 60 * USEC_PER_SEC;
        f->instant.date += 60 * USEC_PER_SEC;
        restarted(f, false);
        forget(f);
        wait_us(f, 0);
        expect(f, "history:missed/timeout call status:missed/timeout "
                  "broadcast:IncomingCallCancelled");
        ck_assert_uint_eq(stored_calls(f), 0);
}
END_TEST

START_TEST(a_clock_that_is_set_between_two_daemons_of_one_boot_moves_no_ring)
{
        usec_t until;
        FIXTURE(f);

        hub_rings(f, CALL);
        forget(f);
        until = phone_call_find(f->phone, CALL)->ring_until;
        f->instant.date -= 3600 * USEC_PER_SEC;
        restarted(f, false);
        ck_assert_uint_eq(phone_call_find(f->phone, CALL)->ring_until, until);
        f->instant.date += 2 * 3600 * USEC_PER_SEC;
        restarted(f, false);
        ck_assert_uint_eq(phone_call_find(f->phone, CALL)->ring_until, until);
        forget(f);
}
END_TEST

START_TEST(a_clock_that_was_set_back_lengthens_no_ring_beyond_what_a_ring_can_have)
{
        FIXTURE(f);

        hub_rings(f, CALL);
        forget(f);
        f->instant.date -= 3600 * USEC_PER_SEC;
        f->instant.boot_date = f->instant.date - f->instant.now; /* of another boot */
        restarted(f, false);
        forget(f);
        ck_assert_uint_le(phone_call_find(f->phone, CALL)->ring_until,
                          f->instant.now + RING_TIMEOUT_MAX_S * USEC_PER_SEC);
}
END_TEST

START_TEST(rule_7_what_was_silenced_stays_silent)
{
        FIXTURE(f);

        hub_rings(f, CALL);
        do_to(f, PHONE_COMMAND_SILENCE, CALL);
        restarted(f, false);
        expect(f, "call-added manager broadcast:IncomingCallReceived~ worker-start");
        ck_assert(phone_call_find(f->phone, CALL)->stored.silenced);
}
END_TEST

START_TEST(rule_15_a_placed_call_is_there_and_is_sent_again_to_a_hub_that_lost_it)
{
        FIXTURE(f);

        placed(f, CALL);
        hub_ringing(f, CALL);
        restarted(f, false);
        expect(f, "call-added worker-start tone:ring-back manager");
        ck_assert(phone_call_find(f->phone, CALL)->stored.member_ringing);
        hub_welcomes(f, NULL, 0, false);
        expect(f, "send:history manager");
        reply_no_history(f);
        expect(f, "send:initiate");
        ck_assert_str_eq(f->sent[MESSAGE_INITIATE].initiate.receiver, "alice");
        ck_assert(f->sent[MESSAGE_INITIATE].initiate.join);
        reply_call(f, MESSAGE_INITIATE, outgoing(CALL, CALL_STATUS_INITIATED));
        expect(f, "");
}
END_TEST

START_TEST(a_call_goes_on_with_the_worker_that_is_still_there)
{
        CallSnapshot call = outgoing(CALL, CALL_STATUS_ONGOING);
        Participant other = {.id = "alice-1", .party.uid = "alice"};
        FIXTURE(f);

        talking(f, CALL);
        phone_worker_participant(
                f->phone, &f->instant, CALL, "alice-1",
                &(ParticipantMedia){.connected = true, .speaking = true, .audio_node = "node"});
        phone_worker_state(f->phone, &f->instant, CALL, SESSION_CONNECTED);
        restarted(f, true);
        expect(f, "call-added session-added worker-pause:on worker-ping manager");
        worker_answers(f, CALL);
        expect(f, "session");
        ck_assert_int_eq(session_of(f, CALL), SESSION_CONNECTED);
        ck_assert_uint_eq(phone_call_find(f->phone, CALL)->stored.session.n_participants, 1);
        STR_SET(call.participant, phone_call_find(f->phone, CALL)->stored.session.own_id);
        call.others = &other;
        call.n_others = 1;
        hub_welcomes(f, &call, 1, false);
        expect(f, "send:state manager");
        phone_worker_state(f->phone, &f->instant, CALL, SESSION_RECONNECTING);
        ck_assert_int_eq(session_of(f, CALL), SESSION_RECONNECTING);
        hub_over(f, CALL, CALL_STATUS_ENDED, CALL_REASON_REMOTE_HANGUP);
        forget(f);
        ck_assert_int_eq(f->last[PHONE_WORKER_STOP].type, PHONE_WORKER_STOP);
        ck_assert_uint_eq(stored_calls(f), 0);
}
END_TEST

/* Killed before the flow of media was stored. */
static void adopted_in_a_hurry(Fixture *f)
{
        CallSnapshot call = outgoing(CALL, CALL_STATUS_ONGOING);
        Participant other = {.id = "alice-1", .party.uid = "alice"};

        talking(f, CALL);
        restarted(f, true);
        forget(f);
        STR_SET(call.participant, phone_call_find(f->phone, CALL)->stored.session.own_id);
        call.others = &other;
        call.n_others = 1;
        hub_welcomes(f, &call, 1, false);
        expect(f, "send:state manager");
}

START_TEST(an_adopted_worker_is_not_replaced_before_it_has_said_how_things_stand)
{
        FIXTURE(f);

        adopted_in_a_hurry(f);
        phone_worker_state(f->phone, &f->instant, CALL, SESSION_CONNECTED);
        expect(f, "");
}
END_TEST

START_TEST(an_adopted_worker_that_has_not_connected_joins_again)
{
        FIXTURE(f);

        adopted_in_a_hurry(f);
        phone_worker_state(f->phone, &f->instant, CALL, SESSION_JOINING);
        expect(f, "session send:token send:state");
}
END_TEST

START_TEST(who_was_muted_stays_muted_though_the_daemon_had_no_time_to_store_it)
{
        FIXTURE(f);

        talking(f, CALL);
        restarted(f, true);
        phone_worker_muted(f->phone, &f->instant, CALL, true);
        ck_assert(phone_call_find(f->phone, CALL)->stored.session.audio_muted);
}
END_TEST

START_TEST(a_worker_that_does_not_know_of_the_mute_is_muted)
{
        PhoneCommand mute = asks(PHONE_COMMAND_MUTE, CALL);
        FIXTURE(f);

        talking(f, CALL);
        mute.on = true;
        command(f, &mute);
        forget(f);
        worker_answers(f, CALL);
        restarted(f, true);
        expect(f, "call-added session-added worker-mute:on worker-ping worker-pause:on "
                  "worker-ping manager");
        worker_answers(f, CALL);
        expect(f, "session session");
        phone_worker_muted(f->phone, &f->instant, CALL, false);
        expect(f, "worker-mute:on worker-ping session");
        ck_assert(phone_call_find(f->phone, CALL)->stored.session.audio_muted);
        phone_worker_muted(f->phone, &f->instant, CALL, true);
        expect(f, "");
}
END_TEST

START_TEST(rule_18_a_worker_that_is_gone_leaves_a_call_whose_media_can_be_joined_again)
{
        FIXTURE(f);

        talking(f, CALL);
        restarted(f, false);
        expect(f, "call-added session-added session session-error:MediaFailed manager");
        ck_assert_int_eq(session_of(f, CALL), SESSION_FAILED);
        ck_assert_int_eq(status_of(f, CALL), CALL_STATUS_ONGOING);
        do_to(f, PHONE_COMMAND_JOIN, CALL);
        expect(f, "session");
}
END_TEST

START_TEST(rule_6_who_hung_up_before_the_daemon_was_killed_is_not_in_the_call_again)
{
        CallSnapshot call = outgoing(CALL, CALL_STATUS_ONGOING);
        FIXTURE(f);

        talking(f, CALL);
        hub_gone(f);
        do_to(f, PHONE_COMMAND_END, CALL);
        restarted(f, false);
        forget(f);
        hub_welcomes(f, &call, 1, false);
        expect(f, "manager send:end");
        reply_ok(f, MESSAGE_END);
        hub_over(f, CALL, CALL_STATUS_ENDED, CALL_REASON_HANGUP);
        expect(f, "call status:ended/hangup broadcast:CallEndedMessageReceived");
        ck_assert_uint_eq(stored_calls(f), 0);
        ck_assert_uint_eq(stored_requests(f), 0);
}
END_TEST

START_TEST(rule_15_a_call_that_nobody_has_learnt_of_is_given_up)
{
        CallSnapshot rings = outgoing(CALL, CALL_STATUS_INITIATED);
        FIXTURE(f);

        place(f, CALL);
        forget(f);
        ck_assert_uint_eq(stored_requests(f), 1);
        restarted(f, false);
        hub_welcomes(f, &rings, 1, false);
        expect(f, "manager send:cancel");
        reply_ok(f, MESSAGE_CANCEL);
        expect(f, "");
        ck_assert_uint_eq(stored_requests(f), 0);
}
END_TEST

START_TEST(rule_4_an_accept_that_reached_the_hub_is_joined_as_it_was_asked_for)
{
        CallSnapshot call = incoming(CALL, CALL_STATUS_ONGOING);
        FIXTURE(f);

        hub_rings(f, CALL);
        accept_by(f, CALL, PROGRAM);
        restarted(f, false);
        forget(f);
        hub_welcomes(f, &call, 1, false);
        expect(f, "call session-added manager status:ongoing send:delivered send:join tone:none");
        ck_assert_str_eq(phone_call_find(f->phone, CALL)->stored.handled_by, PROGRAM);
        ck_assert(phone_call_find(f->phone, CALL)->stored.answered_here);
}
END_TEST

START_TEST(rule_14_a_call_tied_to_a_program_that_went_meanwhile_is_given_up)
{
        PhoneCommand tied = asks(PHONE_COMMAND_INITIATE, "");
        FIXTURE(f);

        STR_SET(tied.initiate.request.session_id, CALL);
        STR_SET(tied.initiate.request.receiver, "alice");
        tied.initiate.tie_to_client = true;
        command(f, &tied);
        forget(f);
        reply_call(f, MESSAGE_INITIATE, outgoing(CALL, CALL_STATUS_INITIATED));
        restarted(f, false);
        forget(f);
        phone_client_gone(f->phone, &f->instant, PROGRAM);
        hub_welcomes(f, NULL, 0, false);
        ck_assert_ptr_nonnull(strstr(fixture_trace(f), "send:cancel"));
}
END_TEST

START_TEST(what_the_hub_missed_is_sent)
{
        char ids[1][UUID_LENGTH + 1] = {OTHER};
        PhoneCommand seen = asks(PHONE_COMMAND_SEEN, ""), busy = asks(PHONE_COMMAND_WHEN_BUSY, "");
        FIXTURE(f);

        hub_gone(f);
        seen.sessions = (MessageSessions){ids, 1};
        command(f, &seen);
        busy.when_busy = WHEN_BUSY_RING;
        command(f, &busy);
        busy.when_busy = WHEN_BUSY_REJECT;
        command(f, &busy);
        forget(f);
        ck_assert_uint_eq(stored_requests(f), 2);
        restarted(f, false);
        restarted(f, false);
        forget(f);
        hub_welcomes(f, NULL, 0, false);
        expect(f, "manager send:seen send:settings");
        ck_assert_int_eq(f->sent[MESSAGE_SETTINGS].settings.when_busy, WHEN_BUSY_REJECT);
        reply_ok(f, MESSAGE_SEEN);
        reply_ok(f, MESSAGE_SETTINGS);
        forget(f);
        ck_assert_uint_eq(stored_requests(f), 0);
}
END_TEST

START_TEST(who_logs_out_leaves_nothing_behind)
{
        FIXTURE(f);

        talking(f, CALL);
        hub_gone(f);
        do_to(f, PHONE_COMMAND_END, CALL);
        phone_connection_changed(f->phone, &f->instant, PHONE_LOGGED_OUT, "");
        forget(f);
        ck_assert_uint_eq(stored_calls(f), 0);
        ck_assert_uint_eq(stored_requests(f), 0);
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {
                a_ring_goes_on_and_is_announced_again_to_who_listened,
                rule_15_a_ring_that_ended_while_the_daemon_was_away_is_missed,
                a_clock_that_is_set_between_two_daemons_of_one_boot_moves_no_ring,
                a_clock_that_was_set_back_lengthens_no_ring_beyond_what_a_ring_can_have,
                rule_7_what_was_silenced_stays_silent,
                rule_15_a_placed_call_is_there_and_is_sent_again_to_a_hub_that_lost_it,
                a_call_goes_on_with_the_worker_that_is_still_there,
                who_was_muted_stays_muted_though_the_daemon_had_no_time_to_store_it,
                an_adopted_worker_is_not_replaced_before_it_has_said_how_things_stand,
                an_adopted_worker_that_has_not_connected_joins_again,
                a_worker_that_does_not_know_of_the_mute_is_muted,
                rule_18_a_worker_that_is_gone_leaves_a_call_whose_media_can_be_joined_again,
                rule_6_who_hung_up_before_the_daemon_was_killed_is_not_in_the_call_again,
                rule_15_a_call_that_nobody_has_learnt_of_is_given_up,
                rule_4_an_accept_that_reached_the_hub_is_joined_as_it_was_asked_for,
                rule_14_a_call_tied_to_a_program_that_went_meanwhile_is_given_up,
                what_the_hub_missed_is_sent,
                who_logs_out_leaves_nothing_behind,
        };

        return suite_run(phone_suite("restart", tests, ELEMENTSOF(tests)));
}
