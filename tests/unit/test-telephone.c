/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "telephone.h"

/* Two phones and an exchange: both sides of CALL-MODEL.md fit together. */

static const char *reason_of(Who who, const char *session_id)
{
        return phone_call_find(telephone.sets[who].phone, session_id)->stored.record.reason;
}

static const CallRecord *logged(Who who)
{
        ck_assert_uint_eq(telephone.sets[who].n_log, 1);
        return &telephone.sets[who].log[0];
}

static void rings(void)
{
        calls(ALICE, CALL);
        settle();
        ck_assert_int_eq(status_of(BOB, CALL), CALL_STATUS_INITIATED);
        expect_events(BOB, "IncomingCallReceived");
}

static void talk(void)
{
        rings();
        accepts(BOB, CALL);
        settle();
        events_of(ALICE);
        events_of(BOB);
}

START_TEST(a_call_rings_is_answered_joined_and_ended)
{
        Now now = {.now = telephone.moment.now, .date = telephone.moment.date};
        Set *alice = &telephone.sets[ALICE], *bob = &telephone.sets[BOB];

        rings();
        ck_assert_int_eq(bob->tone, PHONE_TONE_RING);
        phone_tone_playing(bob->phone, &now, PHONE_TONE_RING, true);
        settle();
        ck_assert_int_eq(alice->tone, PHONE_TONE_RING_BACK);

        accepts(BOB, CALL);
        settle();
        expect_events(ALICE, "ongoing/ OutgoingCallAccepted");
        expect_events(BOB, "ongoing/");
        ck_assert_int_eq(alice->tone, PHONE_TONE_NONE);
        ck_assert_int_eq(bob->tone, PHONE_TONE_NONE);
        ck_assert_uint_eq(alice->n_joins, 1);
        ck_assert_uint_eq(bob->n_joins, 1);
        /* The later participant makes the offer. */
        ck_assert_uint_eq(alice->joined.n_others + bob->joined.n_others, 1);

        const PhoneSession *session = &phone_call_find(alice->phone, CALL)->stored.session;
        ck_assert_uint_eq(session->n_participants, 1);
        phone_worker_signal(alice->phone, &now, CALL, session->participants[0].participant.id,
                            "{}");
        settle();
        ck_assert_uint_eq(bob->n_signals, 1);

        passes(7 * USEC_PER_SEC);
        ends(ALICE, CALL);
        settle();
        expect_events(ALICE, "ended/hangup CallEndedMessageReceived");
        expect_events(BOB, "ended/remote-hangup CallEndedMessageReceived");
        ck_assert_uint_eq(logged(ALICE)->duration_s, 7);
        ck_assert_uint_eq(logged(BOB)->duration_s, 7);
        ck_assert(!alice->worker && !bob->worker);
        ck_assert_uint_eq(exchange_n_calls(telephone.exchange), 0);
}
END_TEST

START_TEST(a_call_is_rejected)
{
        rings();
        rejects(BOB, CALL, CALL_STATUS_REJECTED);
        settle();
        expect_events(ALICE, "rejected/declined OutgoingCallRejected");
        expect_events(BOB, "rejected/declined CallEndedMessageReceived");
        ck_assert_int_eq(telephone.sets[BOB].error, CALL_ERROR_NONE);
        ck_assert_int_eq(logged(BOB)->status, CALL_STATUS_REJECTED);
}
END_TEST

START_TEST(a_call_is_cancelled)
{
        rings();
        rejects(ALICE, CALL, CALL_STATUS_CANCELLED);
        settle();
        expect_events(ALICE, "cancelled/caller-cancelled CallEndedMessageReceived");
        expect_events(BOB, "cancelled/caller-cancelled IncomingCallCancelled");
        ck_assert_int_eq(logged(BOB)->status, CALL_STATUS_MISSED);
        ck_assert_int_eq(logged(ALICE)->status, CALL_STATUS_CANCELLED);
}
END_TEST

START_TEST(a_call_is_not_answered_in_time)
{
        rings();
        passes(RING_TIMEOUT_DEFAULT_S * USEC_PER_SEC);
        expect_events(ALICE, "unanswered/timeout OutgoingCallRejected");
        expect_events(BOB, "missed/timeout IncomingCallCancelled");
        passes(FINISHED_SHOWN_US);
        ck_assert_ptr_null(phone_call_at(telephone.sets[ALICE].phone, 0));
        ck_assert_ptr_null(phone_call_at(telephone.sets[BOB].phone, 0));
}
END_TEST

START_TEST(rule_6_a_caller_who_pressed_cancel_is_never_heard)
{
        rings();
        accepts(BOB, CALL);
        rejects(ALICE, CALL, CALL_STATUS_CANCELLED);
        settle();
        expect_events(ALICE, "ongoing/ OutgoingCallAccepted ended/hangup CallEndedMessageReceived");
        expect_events(BOB, "ongoing/ ended/remote-hangup CallEndedMessageReceived");
        ck_assert_uint_eq(telephone.sets[ALICE].n_joins, 0);
        ck_assert_int_eq(telephone.sets[ALICE].error, CALL_ERROR_NONE);
}
END_TEST

START_TEST(rule_6_a_cancel_that_is_first_wins)
{
        rings();
        rejects(ALICE, CALL, CALL_STATUS_CANCELLED);
        accepts(BOB, CALL);
        settle();
        expect_events(BOB, "cancelled/caller-cancelled IncomingCallCancelled");
        ck_assert_int_eq(telephone.sets[BOB].error, CALL_ERROR_CALL_TERMINATED);
        ck_assert_uint_eq(telephone.sets[BOB].n_joins, 0);
}
END_TEST

START_TEST(rule_8_a_second_caller_learns_of_busy)
{
        talk();
        calls(ALICE, OTHER);
        settle();
        ck_assert_int_eq(telephone.sets[ALICE].error, CALL_ERROR_BUSY_SELF);
        expect_events(BOB, "");
}
END_TEST

START_TEST(rule_10_two_who_call_each_other_talk)
{
        calls(ALICE, CALL);
        calls(BOB, OTHER);
        settle();
        expect_events(ALICE, "ongoing/ OutgoingCallAccepted");
        expect_events(BOB, "IncomingCallReceived ongoing/ OutgoingCallAccepted");
        ck_assert_uint_eq(exchange_n_calls(telephone.exchange), 1);
        ck_assert_uint_eq(telephone.sets[ALICE].n_joins, 1);
        ck_assert_uint_eq(telephone.sets[BOB].n_joins, 1);
        ck_assert_uint_eq(telephone.sets[BOB].n_done, 1);
}
END_TEST

START_TEST(rule_14_a_caller_who_is_lost_stops_ringing_after_a_grace)
{
        rings();
        goes(ALICE);
        passes(GRACE_CALLER_LOST_US - 1);
        ck_assert_int_eq(status_of(BOB, CALL), CALL_STATUS_INITIATED);
        passes(1);
        expect_events(BOB, "cancelled/caller-lost IncomingCallCancelled");
        comes(ALICE);
        expect_events(ALICE, "cancelled/caller-lost CallEndedMessageReceived");
}
END_TEST

START_TEST(rule_14_a_party_that_comes_back_in_time_talks_on)
{
        talk();
        goes(BOB);
        passes(GRACE_IN_CALL_US - 1);
        comes(BOB);
        passes(GRACE_IN_CALL_US);
        expect_events(ALICE, "");
        expect_events(BOB, "");
        ends(BOB, CALL);
        settle();
        ck_assert_int_eq(status_of(ALICE, CALL), CALL_STATUS_ENDED);
}
END_TEST

START_TEST(rule_14_a_party_that_stays_away_ends_the_call)
{
        talk();
        goes(BOB);
        passes(GRACE_IN_CALL_US);
        expect_events(ALICE, "ended/connection-lost CallEndedMessageReceived");
        comes(BOB);
        expect_events(BOB, "ended/connection-lost CallEndedMessageReceived");
}
END_TEST

START_TEST(rule_15_an_accept_reaches_the_hub_when_the_connection_is_back)
{
        rings();
        goes(BOB);
        accepts(BOB, CALL);
        passes(5 * USEC_PER_SEC);
        comes(BOB);
        expect_events(ALICE, "ongoing/ OutgoingCallAccepted");
        expect_events(BOB, "ongoing/");
        ck_assert_uint_eq(telephone.sets[BOB].n_joins, 1);
        ck_assert_int_eq(telephone.sets[BOB].error, CALL_ERROR_NONE);
}
END_TEST

START_TEST(rule_15_an_accept_whose_reply_was_lost_is_not_lost)
{
        rings();
        accepts(BOB, CALL);
        /* It is on its way to the hub; its reply finds no phone. */
        ck_assert_ptr_nonnull(telephone.up);
        exchange_message(telephone.exchange, &telephone.moment, telephone.sets[BOB].link,
                         &telephone.up->message);
        goes(BOB);
        comes(BOB);
        expect_events(BOB, "ongoing/");
        expect_events(ALICE, "ongoing/ OutgoingCallAccepted");
        ck_assert_uint_eq(telephone.sets[BOB].n_joins, 1);
        ck_assert_uint_eq(telephone.sets[BOB].n_done, 1);
        ck_assert_int_eq(telephone.sets[BOB].error, CALL_ERROR_NONE);
}
END_TEST

START_TEST(rule_15_a_hub_that_lost_a_ring_is_informed_again)
{
        rings();
        hub_forgets_all();
        comes(BOB);
        comes(ALICE);
        passes(RING_WITHOUT_HUB_GRACE_US);
        ck_assert_int_eq(status_of(BOB, CALL), CALL_STATUS_INITIATED);
        expect_events(BOB, "");
        accepts(BOB, CALL);
        settle();
        expect_events(ALICE, "ongoing/ OutgoingCallAccepted");
}
END_TEST

START_TEST(rule_15_a_ring_that_nobody_renews_is_caller_lost)
{
        rings();
        hub_forgets_all();
        comes(BOB);
        passes(RING_WITHOUT_HUB_GRACE_US);
        ck_assert_int_eq(status_of(BOB, CALL), CALL_STATUS_CANCELLED);
        ck_assert_str_eq(reason_of(BOB, CALL), "caller-lost");
}
END_TEST

START_TEST(rule_16_who_comes_online_in_time_is_rung)
{
        goes(BOB);
        calls(ALICE, CALL);
        settle();
        ck_assert_int_eq(telephone.sets[ALICE].error, CALL_ERROR_NONE);
        passes(10 * USEC_PER_SEC);
        comes(BOB);
        expect_events(BOB, "IncomingCallReceived");
        const PhoneCallInfo *call = phone_call_find(telephone.sets[BOB].phone, CALL);
        ck_assert_uint_eq(call->ring_until - telephone.moment.now,
                          (RING_TIMEOUT_DEFAULT_S - 10) * USEC_PER_SEC);
        accepts(BOB, CALL);
        settle();
        expect_events(ALICE, "ongoing/ OutgoingCallAccepted");
}
END_TEST

START_TEST(rule_16_who_comes_online_too_late_has_a_missed_call)
{
        goes(BOB);
        calls(ALICE, CALL);
        settle();
        passes(RING_TIMEOUT_DEFAULT_S * USEC_PER_SEC);
        expect_events(ALICE, "unanswered/timeout OutgoingCallRejected");
        comes(BOB);
        expect_events(BOB, "");
        ck_assert_int_eq(logged(BOB)->status, CALL_STATUS_MISSED);
        ck_assert_uint_eq(telephone.sets[BOB].n_stored, 1);
}
END_TEST

START_TEST(rule_18_who_has_left_can_join_again)
{
        PhoneCommand leave = {.type = PHONE_COMMAND_LEAVE, .client = ":1.1", .session_id = CALL};
        PhoneCommand join = {.type = PHONE_COMMAND_JOIN, .client = ":1.1", .session_id = CALL};
        Now now = {.now = telephone.moment.now, .date = telephone.moment.date};
        Set *alice = &telephone.sets[ALICE], *bob = &telephone.sets[BOB];

        talk();
        phone_command(bob->phone, &now, &leave, 100);
        settle();
        ck_assert(!bob->worker);
        ck_assert_uint_eq(phone_call_find(alice->phone, CALL)->stored.session.n_participants, 0);
        phone_command(bob->phone, &now, &join, 101);
        settle();
        ck_assert(bob->worker);
        ck_assert_uint_eq(bob->n_joins, 2);
        ck_assert_uint_eq(bob->joined.n_others, 1);
        ck_assert_int_eq(bob->error, CALL_ERROR_NONE);
        ck_assert_uint_eq(phone_call_find(alice->phone, CALL)->stored.session.n_participants, 1);
        ck_assert_int_eq(status_of(ALICE, CALL), CALL_STATUS_ONGOING);
}
END_TEST

START_TEST(logging_out_ends_the_call_for_both)
{
        Now now = {.now = telephone.moment.now, .date = telephone.moment.date};

        talk();
        phone_connection_changed(telephone.sets[BOB].phone, &now, PHONE_LOGGED_OUT, "");
        settle();
        expect_events(BOB, "ended/shutdown CallEndedMessageReceived");
        expect_events(ALICE, "ended/remote-hangup CallEndedMessageReceived");
        telephone.sets[BOB].link = 0;
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {
                a_call_rings_is_answered_joined_and_ended,
                a_call_is_rejected,
                a_call_is_cancelled,
                a_call_is_not_answered_in_time,
                rule_6_a_caller_who_pressed_cancel_is_never_heard,
                rule_6_a_cancel_that_is_first_wins,
                rule_8_a_second_caller_learns_of_busy,
                rule_10_two_who_call_each_other_talk,
                rule_14_a_caller_who_is_lost_stops_ringing_after_a_grace,
                rule_14_a_party_that_comes_back_in_time_talks_on,
                rule_14_a_party_that_stays_away_ends_the_call,
                rule_15_an_accept_reaches_the_hub_when_the_connection_is_back,
                rule_15_an_accept_whose_reply_was_lost_is_not_lost,
                rule_15_a_hub_that_lost_a_ring_is_informed_again,
                rule_15_a_ring_that_nobody_renews_is_caller_lost,
                rule_16_who_comes_online_in_time_is_rung,
                rule_16_who_comes_online_too_late_has_a_missed_call,
                rule_18_who_has_left_can_join_again,
                logging_out_ends_the_call_for_both,
        };
        Suite *suite = suite_create("telephone");
        TCase *tcase = tcase_create("telephone");

        tcase_add_checked_fixture(tcase, telephone_begin, telephone_end);
        for (size_t i = 0; i < ELEMENTSOF(tests); i++)
                tcase_add_test(tcase, tests[i]);
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
