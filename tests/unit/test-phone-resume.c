/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "phone-fixture.h"

/* The media of a call that continued while the hub was away: rules 15, 17 and 18. */

static Participant alice = {.id = "alice-1", .party.uid = "alice"};

/* Media flow between this device and alice, and the hub knows; then the call as in its welcome. */
static CallSnapshot flowing(Fixture *f)
{
        CallSnapshot snapshot = outgoing(CALL, CALL_STATUS_ONGOING);

        talking(f, CALL);
        phone_worker_participant(
                f->phone, &f->instant, CALL, "alice-1",
                &(ParticipantMedia){.connected = true, .speaking = false, .audio_node = "node"});
        forget(f);
        reply_ok(f, MESSAGE_STATE);
        STR_SET(snapshot.participant, "me");
        snapshot.others = &alice;
        snapshot.n_others = 1;
        return snapshot;
}

static void back(Fixture *f, const CallSnapshot *snapshot, bool resumed)
{
        hub_gone(f);
        forget(f);
        hub_welcomes(f, snapshot, snapshot ? 1 : 0, resumed);
}

START_TEST(rule_17_a_link_that_is_resumed_announces_nothing_and_takes_up_where_it_was)
{
        FIXTURE(f);

        flowing(f);
        rings_delivered(f, OTHER);
        back(f, NULL, true);
        expect(f, "manager");
        hub_participant(f, MESSAGE_JOINED, CALL, "carol-1");
        expect(f, "session user-joined worker-participant-joined");
        hub_over(f, OTHER, CALL_STATUS_CANCELLED, CALL_REASON_ANSWERED_ELSEWHERE);
        ck_assert_int_eq(status_of(f, OTHER), CALL_STATUS_CANCELLED);
        ck_assert_int_eq(session_of(f, CALL), SESSION_CONNECTED);
}
END_TEST

START_TEST(rule_15_media_that_flow_are_left_alone)
{
        CallSnapshot snapshot;
        FIXTURE(f);

        snapshot = flowing(f);
        back(f, &snapshot, false);
        expect(f, "send:state manager");
        ck_assert(f->sent[MESSAGE_STATE].state.media_flows);
        ck_assert_int_eq(session_of(f, CALL), SESSION_CONNECTED);
}
END_TEST

START_TEST(rule_18_a_hub_that_forgot_our_part_is_joined_again)
{
        CallSnapshot snapshot;
        FIXTURE(f);

        snapshot = flowing(f);
        *snapshot.participant = '\0';
        snapshot.n_others = 0;
        back(f, &snapshot, false);
        expect(f, "worker-stop session send:join worker-start manager");
        ck_assert_str_eq(f->sent[MESSAGE_JOIN].join.token, "token");
        reply_join(f, "alice-2");
        expect(f, "session user-left user-joined worker-join");
}
END_TEST

START_TEST(rule_18_a_participant_who_joined_again_while_we_were_away_gets_an_offer)
{
        CallSnapshot snapshot;
        Participant other = {.id = "alice-2", .party.uid = "alice"};
        FIXTURE(f);

        snapshot = flowing(f);
        snapshot.others = &other;
        back(f, &snapshot, false);
        expect(f, "worker-stop session send:join worker-start manager");
}
END_TEST

START_TEST(rule_18_who_left_while_we_were_away_has_left)
{
        CallSnapshot snapshot;
        FIXTURE(f);

        snapshot = flowing(f);
        snapshot.n_others = 0;
        back(f, &snapshot, false);
        expect(f, "session user-left worker-participant-left send:state manager");
        ck_assert(!f->sent[MESSAGE_STATE].state.media_flows);
}
END_TEST

START_TEST(rule_18_an_answer_that_was_lost_on_the_way_here_is_asked_for_again)
{
        CallSnapshot snapshot = outgoing(CALL, CALL_STATUS_ONGOING);
        FIXTURE(f);

        talking(f, CALL);
        STR_SET(snapshot.participant, "me");
        snapshot.others = &alice;
        snapshot.n_others = 1;
        back(f, &snapshot, false);
        expect(f, "worker-stop session send:join worker-start manager");
}
END_TEST

START_TEST(rule_18_a_signal_that_may_be_lost_on_a_resumed_link_restarts_media)
{
        FIXTURE(f);

        talking(f, CALL);
        phone_worker_signal(f->phone, &f->instant, CALL, "alice-1", "{}");
        forget(f);
        back(f, NULL, true);
        expect(f, "session send:token manager");
        reply_token(f, MESSAGE_TOKEN, "fresh");
        expect(f, "worker-stop send:join worker-start");
        ck_assert_str_eq(f->sent[MESSAGE_JOIN].join.token, "fresh");
}
END_TEST

START_TEST(rule_18_a_signal_that_nobody_waits_for_any_more_changes_nothing)
{
        FIXTURE(f);

        flowing(f);
        phone_worker_signal(f->phone, &f->instant, CALL, "alice-1", "{}");
        forget(f);
        back(f, NULL, true);
        expect(f, "manager");
}
END_TEST

START_TEST(rule_18_signals_that_waited_go_out_on_a_resumed_link)
{
        FIXTURE(f);

        talking(f, CALL);
        hub_gone(f);
        phone_worker_signal(f->phone, &f->instant, CALL, "alice-1", "{}");
        forget(f);
        hub_welcomes(f, NULL, 0, true);
        expect(f, "manager send:signal");
}
END_TEST

START_TEST(rule_18_signals_of_media_that_restart_are_not_sent)
{
        CallSnapshot snapshot = outgoing(CALL, CALL_STATUS_ONGOING);
        FIXTURE(f);

        talking(f, CALL);
        hub_gone(f);
        phone_worker_signal(f->phone, &f->instant, CALL, "alice-1", "{}");
        forget(f);
        hub_welcomes(f, &snapshot, 1, false);
        expect(f, "worker-stop session send:join worker-start manager");
}
END_TEST

START_TEST(rule_18_who_left_is_not_in_the_media_again)
{
        CallSnapshot snapshot;
        FIXTURE(f);

        snapshot = flowing(f);
        do_to(f, PHONE_COMMAND_LEAVE, CALL);
        forget(f);
        reply_ok(f, MESSAGE_LEAVE);
        back(f, &snapshot, false);
        expect(f, "send:leave manager");
        ck_assert_int_eq(session_of(f, CALL), SESSION_LEFT);
}
END_TEST

START_TEST(rule_18_a_join_without_a_token_asks_for_one)
{
        CallSnapshot snapshot;
        FIXTURE(f);

        snapshot = flowing(f);
        *snapshot.participant = *snapshot.join_token = '\0';
        back(f, &snapshot, false);
        expect(f, "session send:token manager");
}
END_TEST

START_TEST(rule_18_as_many_as_can_be_in_media_may_leave_while_we_are_away)
{
        CallSnapshot snapshot = outgoing(CALL, CALL_STATUS_ONGOING);
        char id[PARTICIPANT_ID_MAX + 1];
        FIXTURE(f);

        talking(f, CALL);
        for (unsigned i = 1; i < PARTICIPANTS_MAX; i++) {
                snprintf(id, sizeof(id), "p%u", i);
                hub_participant(f, MESSAGE_JOINED, CALL, id);
                forget(f);
        }
        ck_assert_uint_eq(phone_call_find(f->phone, CALL)->stored.session.n_participants,
                          PARTICIPANTS_MAX);
        STR_SET(snapshot.participant, "me");
        back(f, &snapshot, false);
        forget(f);
        ck_assert_uint_eq(phone_call_find(f->phone, CALL)->stored.session.n_participants, 0);
        ck_assert_int_eq(session_of(f, CALL), SESSION_CONNECTED);
}
END_TEST

START_TEST(rule_18_every_session_that_lost_a_signal_restarts)
{
        char id[UUID_LENGTH + 1];
        unsigned n = PHONE_CALLS_MAX / 2;
        FIXTURE(f);

        phone_allow_parallel_media(f->phone);
        for (unsigned i = 0; i < n; i++) {
                snprintf(id, sizeof(id), "00000000-0000-4000-8000-%012u", i);
                talking(f, id);
        }
        for (unsigned i = 0; i < n; i++) {
                snprintf(id, sizeof(id), "00000000-0000-4000-8000-%012u", i);
                phone_worker_signal(f->phone, &f->instant, id, "alice-1", "{}");
        }
        forget(f);
        back(f, NULL, true);
        forget(f);
        ck_assert_int_eq(session_of(f, id), SESSION_JOINING);
        ck_assert_int_eq(session_of(f, "00000000-0000-4000-8000-000000000000"), SESSION_JOINING);
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {
                rule_17_a_link_that_is_resumed_announces_nothing_and_takes_up_where_it_was,
                rule_15_media_that_flow_are_left_alone,
                rule_18_a_hub_that_forgot_our_part_is_joined_again,
                rule_18_a_participant_who_joined_again_while_we_were_away_gets_an_offer,
                rule_18_who_left_while_we_were_away_has_left,
                rule_18_an_answer_that_was_lost_on_the_way_here_is_asked_for_again,
                rule_18_a_signal_that_may_be_lost_on_a_resumed_link_restarts_media,
                rule_18_a_signal_that_nobody_waits_for_any_more_changes_nothing,
                rule_18_signals_that_waited_go_out_on_a_resumed_link,
                rule_18_signals_of_media_that_restart_are_not_sent,
                rule_18_who_left_is_not_in_the_media_again,
                rule_18_a_join_without_a_token_asks_for_one,
                rule_18_as_many_as_can_be_in_media_may_leave_while_we_are_away,
                rule_18_every_session_that_lost_a_signal_restarts,
        };

        return suite_run(phone_suite("resume", tests, ELEMENTSOF(tests)));
}
