/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "phone-fixture.h"

/* Calls to groups: rule 11. */

static CallSnapshot of_group(CallSnapshot snapshot)
{
        snapshot.record.receiver_type = RECEIVER_TYPE_GROUP;
        snapshot.record.receiver = (Party){.uid = "family", .name = "The family"};
        return snapshot;
}

static void group_rings(Fixture *f, const char *session_id)
{
        CallSnapshot snapshot = of_group(incoming(session_id, CALL_STATUS_INITIATED));

        hub_says(f, MESSAGE_INCOMING, &snapshot);
}

static void hub_members(Fixture *f, const char *session_id, Member *members, size_t n)
{
        Message message = {.type = MESSAGE_MEMBERS,
                           .members = {.members = members, .n_members = n}};

        STR_SET(message.members.session_id, session_id);
        hub_message(f, &message);
}

static void hub_member(Fixture *f, const char *session_id, const char *uid, MemberState state)
{
        Member member = {.state = state};

        STR_SET(member.uid, uid);
        hub_members(f, session_id, &member, 1);
}

static void place_to_group(Fixture *f, const char *session_id)
{
        PhoneCommand asked = asks(PHONE_COMMAND_INITIATE, session_id);

        STR_SET(asked.initiate.request.session_id, session_id);
        STR_SET(asked.initiate.request.receiver, "family");
        asked.initiate.request.receiver_type = RECEIVER_TYPE_GROUP;
        asked.initiate.request.join = true;
        command(f, &asked);
}

static void group_placed(Fixture *f, const char *session_id)
{
        place_to_group(f, session_id);
        forget(f);
        reply_call(f, MESSAGE_INITIATE, of_group(outgoing(session_id, CALL_STATUS_INITIATED)));
        forget(f);
}

static void group_answered(Fixture *f, const char *session_id)
{
        group_rings(f, session_id);
        accept_by(f, session_id, PROGRAM);
        forget(f);
        reply_call(f, MESSAGE_ACCEPT, of_group(incoming(session_id, CALL_STATUS_ONGOING)));
        forget(f);
}

START_TEST(rule_11_a_groups_call_says_which_group)
{
        FIXTURE(f);

        group_rings(f, CALL);
        expect(f, "call-added manager broadcast:IncomingCallReceived send:delivered tone:ring "
                  "worker-start");
        ck_assert_str_eq(phone_call_find(f->phone, CALL)->stored.record.receiver.uid, "family");
        ck_assert_str_eq(phone_call_find(f->phone, CALL)->stored.record.receiver.name,
                         "The family");
}
END_TEST

START_TEST(rule_11_members_are_reported_as_they_change)
{
        Member all[] = {{.uid = "bert"}, {.uid = "carol", .name = "Carol"}};
        const PhoneCallInfo *call;
        FIXTURE(f);

        group_placed(f, CALL);
        hub_members(f, CALL, all, ELEMENTSOF(all));
        expect(f, "call");
        ck_assert_uint_eq(f->last[PHONE_CALL_CHANGED].properties, PHONE_PROPERTY_MEMBERS);
        hub_member(f, CALL, "carol", MEMBER_RINGING);
        expect(f, "call");
        hub_member(f, CALL, "carol", MEMBER_RINGING);
        expect(f, "");
        call = phone_call_find(f->phone, CALL);
        ck_assert_uint_eq(call->n_members, 2);
        ck_assert_int_eq(call->members[0].state, MEMBER_WAITING);
        ck_assert_int_eq(call->members[1].state, MEMBER_RINGING);
        hub_member(f, CALL, "bert", MEMBER_REJECTED);
        hub_member(f, CALL, "carol", MEMBER_JOINED);
        ck_assert_int_eq(call->members[0].state, MEMBER_REJECTED);
        ck_assert_int_eq(call->members[1].state, MEMBER_JOINED);
        hub_member(f, OTHER, "carol", MEMBER_LEFT);
        ck_assert_int_eq(call->members[1].state, MEMBER_JOINED);
}
END_TEST

START_TEST(rule_11_many_members_are_reported_ten_times_a_second_at_most)
{
        char uid[UID_MAX + 1];
        unsigned n_announced = 0;
        FIXTURE(f);

        group_placed(f, CALL);
        for (unsigned i = 0; i < 2 * SMALL_GROUP_MAX; i++) {
                snprintf(uid, sizeof(uid), "user%u", i);
                hub_member(f, CALL, uid, MEMBER_WAITING);
        }
        forget(f);
        wait_us(f, MEMBERS_CHANGED_US);
        expect(f, "call");
        wait_us(f, MEMBERS_CHANGED_US);
        expect(f, "");
        /* A second in which each of them begins to ring. */
        for (unsigned i = 0; i < 2 * SMALL_GROUP_MAX; i++) {
                snprintf(uid, sizeof(uid), "user%u", i);
                hub_member(f, CALL, uid, MEMBER_RINGING);
                wait_us(f, USEC_PER_SEC / (2 * SMALL_GROUP_MAX));
                n_announced += strncmp(fixture_trace(f), "call", strlen("call")) == 0;
        }
        ck_assert_uint_le(n_announced, 11);
        ck_assert_uint_ge(n_announced, 9);
        wait_us(f, MEMBERS_CHANGED_US);
        forget(f);
        ck_assert_int_eq(phone_call_find(f->phone, CALL)->members[2 * SMALL_GROUP_MAX - 1].state,
                         MEMBER_RINGING);
}
END_TEST

START_TEST(a_group_has_a_thousand_members_and_no_more)
{
        Member members[MEMBERS_MAX] = {};
        FIXTURE(f);

        group_placed(f, CALL);
        for (unsigned i = 0; i < 2 * GROUP_MEMBERS_MAX; i += MEMBERS_MAX) {
                for (unsigned j = 0; j < MEMBERS_MAX; j++)
                        snprintf(members[j].uid, sizeof(members[j].uid), "user%u", i + j);
                hub_members(f, CALL, members, MEMBERS_MAX);
        }
        forget(f);
        ck_assert_uint_eq(phone_call_find(f->phone, CALL)->n_members, GROUP_MEMBERS_MAX);
}
END_TEST

START_TEST(rule_11_the_first_accept_is_one_event_and_the_rest_are_members)
{
        CallSnapshot accepted = of_group(outgoing(CALL, CALL_STATUS_ONGOING));
        FIXTURE(f);

        group_placed(f, CALL);
        hub_says(f, MESSAGE_ACCEPTED, &accepted);
        expect(f, "call session-added status:ongoing broadcast:OutgoingCallAccepted send:join");
        hub_says(f, MESSAGE_ACCEPTED, &accepted);
        expect(f, "");
        hub_member(f, CALL, "carol", MEMBER_JOINED);
        expect(f, "call");
}
END_TEST

START_TEST(rule_11_a_group_that_all_declined_is_rejected)
{
        FIXTURE(f);

        group_placed(f, CALL);
        hub_over(f, CALL, CALL_STATUS_REJECTED, CALL_REASON_DECLINED);
        expect(f, "worker-stop call status:rejected/declined broadcast:OutgoingCallRejected");
}
END_TEST

START_TEST(rule_11_a_member_still_rung_at_the_end_has_missed_it)
{
        FIXTURE(f);

        group_rings(f, CALL);
        forget(f);
        hub_over(f, CALL, CALL_STATUS_MISSED, CALL_REASON_REMOTE_HANGUP);
        expect(f, "worker-stop call status:missed/remote-hangup broadcast:IncomingCallCancelled "
                  "tone:none");
}
END_TEST

START_TEST(rule_11_ending_is_leaving)
{
        FIXTURE(f);

        group_answered(f, CALL);
        do_to(f, PHONE_COMMAND_END, CALL);
        expect(f, "worker-stop session send:end");
        reply_ok(f, MESSAGE_END);
        hub_over(f, CALL, CALL_STATUS_ENDED, CALL_REASON_HANGUP);
        expect(f, "call status:ended/hangup broadcast:CallEndedMessageReceived done");
}
END_TEST

START_TEST(rule_11_who_has_left_may_come_back)
{
        FIXTURE(f);

        group_answered(f, CALL);
        do_to(f, PHONE_COMMAND_END, CALL);
        forget(f);
        reply_ok(f, MESSAGE_END);
        hub_over(f, CALL, CALL_STATUS_ENDED, CALL_REASON_HANGUP);
        forget(f);
        accept_by(f, CALL, PROGRAM);
        expect(f, "send:accept");
        reply_call(f, MESSAGE_ACCEPT, of_group(incoming(CALL, CALL_STATUS_ONGOING)));
        expect(f, "call-removed call-added call session-added status:ongoing send:join "
                  "worker-start done");
        ck_assert_int_eq(status_of(f, CALL), CALL_STATUS_ONGOING);
        ck_assert_str_eq(phone_call_find(f->phone, CALL)->stored.handled_by, PROGRAM);
        hub_over(f, CALL, CALL_STATUS_ENDED, CALL_REASON_REMOTE_HANGUP);
        ck_assert_int_eq(status_of(f, CALL), CALL_STATUS_ENDED);
}
END_TEST

START_TEST(rule_11_who_missed_it_may_join_late_when_the_object_has_gone)
{
        FIXTURE(f);

        group_rings(f, CALL);
        hub_over(f, CALL, CALL_STATUS_MISSED, CALL_REASON_TIMEOUT);
        wait_us(f, FINISHED_SHOWN_US);
        forget(f);
        ck_assert_ptr_null(phone_call_find(f->phone, CALL));
        accept_by(f, CALL, PROGRAM);
        expect(f, "send:accept");
        reply_call(f, MESSAGE_ACCEPT, of_group(incoming(CALL, CALL_STATUS_ONGOING)));
        expect(f, "call-added call session-added manager status:ongoing send:join worker-start "
                  "done");
        ck_assert_uint_eq(stored_calls(f), 1);
}
END_TEST

START_TEST(rule_11_the_caller_who_left_may_come_back)
{
        CallSnapshot accepted = of_group(outgoing(CALL, CALL_STATUS_ONGOING));
        FIXTURE(f);

        group_placed(f, CALL);
        hub_says(f, MESSAGE_ACCEPTED, &accepted);
        hub_over(f, CALL, CALL_STATUS_ENDED, CALL_REASON_HANGUP);
        forget(f);
        accept_by(f, CALL, PROGRAM);
        expect(f, "send:accept");
        reply_call(f, MESSAGE_ACCEPT, accepted);
        expect(f, "call-removed call-added call session-added status:ongoing send:join "
                  "worker-start done");
}
END_TEST

START_TEST(rule_11_a_group_call_that_is_over_for_all_is_over)
{
        FIXTURE(f);

        group_rings(f, CALL);
        hub_over(f, CALL, CALL_STATUS_MISSED, CALL_REASON_REMOTE_HANGUP);
        accept_by(f, CALL, PROGRAM);
        forget(f);
        reply_error(f, MESSAGE_ACCEPT, CALL_ERROR_CALL_TERMINATED);
        expect(f, "done:CallTerminated");
        ck_assert_int_eq(status_of(f, CALL), CALL_STATUS_MISSED);
}
END_TEST

START_TEST(rule_11_a_late_join_that_nobody_waits_for_any_more_is_left)
{
        FIXTURE(f);

        group_rings(f, CALL);
        hub_over(f, CALL, CALL_STATUS_MISSED, CALL_REASON_TIMEOUT);
        accept_by(f, CALL, PROGRAM);
        forget(f);
        wait_us(f, COMMAND_TIMEOUT_US - 1);
        forget(f);
        wait_us(f, 1);
        ck_assert_int_eq(f->last[PHONE_DONE].error, CALL_ERROR_NONE);
        forget(f);
        reply_call(f, MESSAGE_ACCEPT, of_group(incoming(CALL, CALL_STATUS_ONGOING)));
        expect(f, "send:end");
}
END_TEST

START_TEST(without_the_hub_a_call_that_is_not_here_is_none)
{
        FIXTURE(f);

        hub_gone(f);
        forget(f);
        accept_by(f, CALL, PROGRAM);
        expect(f, "done:NoSuchCall");
}
END_TEST

START_TEST(a_call_that_is_over_and_has_gone_is_none)
{
        FIXTURE(f);

        accept_by(f, CALL, PROGRAM);
        forget(f);
        reply_error(f, MESSAGE_ACCEPT, CALL_ERROR_CALL_TERMINATED);
        expect(f, "done:NoSuchCall");
        accept_by(f, CALL, PROGRAM);
        forget(f);
        reply_error(f, MESSAGE_ACCEPT, CALL_ERROR_NO_SUCH_CALL);
        expect(f, "done:NoSuchCall");
}
END_TEST

START_TEST(a_call_to_a_user_is_not_joined_late)
{
        FIXTURE(f);

        hub_rings(f, CALL);
        hub_over(f, CALL, CALL_STATUS_MISSED, CALL_REASON_TIMEOUT);
        forget(f);
        accept_by(f, CALL, PROGRAM);
        expect(f, "done:CallTerminated");
}
END_TEST

START_TEST(rule_11_initiating_to_a_live_group_call_joins_it)
{
        FIXTURE(f);

        place_to_group(f, OTHER);
        forget(f);
        reply_call(f, MESSAGE_INITIATE, of_group(incoming(CALL, CALL_STATUS_ONGOING)));
        expect(f, "call-added done call session-added manager status:ongoing "
                  "broadcast:OutgoingCallAccepted send:join worker-start");
        ck_assert_str_eq(f->last[PHONE_DONE].session_id, CALL);
        ck_assert_ptr_null(phone_call_find(f->phone, OTHER));
        ck_assert(phone_call_find(f->phone, CALL)->stored.answered_here);
        ck_assert_str_eq(phone_call_find(f->phone, CALL)->stored.handled_by, PROGRAM);
}
END_TEST

START_TEST(rule_11_a_call_that_the_hub_lost_joins_the_one_that_is_live_by_now)
{
        FIXTURE(f);

        group_placed(f, OTHER);
        hub_gone(f);
        hub_welcomes(f, NULL, 0, false);
        expect(f, "manager send:history manager");
        reply_no_history(f);
        expect(f, "send:initiate");
        reply_call(f, MESSAGE_INITIATE, of_group(incoming(CALL, CALL_STATUS_ONGOING)));
        forget(f);
        ck_assert_int_eq(status_of(f, OTHER), CALL_STATUS_CANCELLED);
        ck_assert_str_eq(phone_call_find(f->phone, OTHER)->stored.record.reason, "replaced");
        ck_assert_int_eq(status_of(f, CALL), CALL_STATUS_ONGOING);
        ck_assert_int_eq(session_of(f, CALL), SESSION_JOINING);
}
END_TEST

START_TEST(rule_11_initiating_to_a_group_that_rings_here_answers)
{
        FIXTURE(f);

        group_rings(f, CALL);
        place_to_group(f, OTHER);
        forget(f);
        reply_call(f, MESSAGE_INITIATE, of_group(incoming(CALL, CALL_STATUS_ONGOING)));
        expect(f, "done call session-added status:ongoing broadcast:OutgoingCallAccepted "
                  "send:join tone:none");
        ck_assert_str_eq(f->last[PHONE_DONE].session_id, CALL);
        ck_assert_str_eq(phone_call_find(f->phone, CALL)->stored.handled_by, PROGRAM);
}
END_TEST

START_TEST(rule_11_initiating_to_a_group_after_leaving_replaces_the_object)
{
        FIXTURE(f);

        group_answered(f, CALL);
        hub_over(f, CALL, CALL_STATUS_ENDED, CALL_REASON_HANGUP);
        place_to_group(f, OTHER);
        forget(f);
        reply_call(f, MESSAGE_INITIATE, of_group(incoming(CALL, CALL_STATUS_ONGOING)));
        expect(f, "call-removed call-added done call session-added status:ongoing "
                  "broadcast:OutgoingCallAccepted send:join worker-start");
}
END_TEST

START_TEST(rule_11_a_group_call_is_there_again_after_a_restart)
{
        CallSnapshot call = of_group(incoming(CALL, CALL_STATUS_ONGOING));
        FIXTURE(f);

        group_answered(f, CALL);
        restarted(f, false);
        forget(f);
        ck_assert_int_eq(phone_call_find(f->phone, CALL)->stored.record.receiver_type,
                         RECEIVER_TYPE_GROUP);
        hub_welcomes(f, &call, 1, false);
        hub_member(f, CALL, "carol", MEMBER_JOINED);
        forget(f);
        ck_assert_uint_eq(phone_call_find(f->phone, CALL)->n_members, 1);
}
END_TEST

/* Somebody joins, and leaves again: returns whether codes were exchanged with them. */
static bool joins_verified(Fixture *f, unsigned user, unsigned n)
{
        Message message = {.type = MESSAGE_JOINED};
        Participant *participant = &message.participant.participant;

        STR_SET(message.participant.session_id, CALL);
        snprintf(participant->id, sizeof(participant->id), "user%u-%u", user, n);
        snprintf(participant->party.uid, sizeof(participant->party.uid), "user%u", user);
        hub_message(f, &message);
        message.type = MESSAGE_LEFT;
        hub_message(f, &message);
        forget(f);
        ck_assert_str_eq(f->last[PHONE_WORKER_PARTICIPANT_JOINED].participant.participant.id,
                         participant->id);
        return !f->last[PHONE_WORKER_PARTICIPANT_JOINED].participant.unverified;
}

START_TEST(in_a_group_codes_are_exchanged_with_so_many_users_three_times_each)
{
        FIXTURE(f);

        group_answered(f, CALL);
        reply_join(f, NULL);
        phone_worker_state(f->phone, &f->instant, CALL, SESSION_CONNECTED);
        for (unsigned user = 1; user <= HANDSHAKE_USERS_MAX; user++) {
                for (unsigned n = 1; n <= HANDSHAKES_MAX; n++)
                        ck_assert(joins_verified(f, user, n));
        }
        ck_assert(!joins_verified(f, 1, HANDSHAKES_MAX + 1));
        ck_assert(!joins_verified(f, HANDSHAKE_USERS_MAX + 1, 1));
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {
                rule_11_a_groups_call_says_which_group,
                rule_11_members_are_reported_as_they_change,
                rule_11_many_members_are_reported_ten_times_a_second_at_most,
                a_group_has_a_thousand_members_and_no_more,
                rule_11_the_first_accept_is_one_event_and_the_rest_are_members,
                rule_11_a_group_that_all_declined_is_rejected,
                rule_11_a_member_still_rung_at_the_end_has_missed_it,
                rule_11_ending_is_leaving,
                rule_11_who_has_left_may_come_back,
                rule_11_who_missed_it_may_join_late_when_the_object_has_gone,
                rule_11_the_caller_who_left_may_come_back,
                rule_11_a_group_call_that_is_over_for_all_is_over,
                rule_11_a_late_join_that_nobody_waits_for_any_more_is_left,
                without_the_hub_a_call_that_is_not_here_is_none,
                a_call_that_is_over_and_has_gone_is_none,
                a_call_to_a_user_is_not_joined_late,
                rule_11_initiating_to_a_live_group_call_joins_it,
                rule_11_a_call_that_the_hub_lost_joins_the_one_that_is_live_by_now,
                rule_11_initiating_to_a_group_that_rings_here_answers,
                rule_11_initiating_to_a_group_after_leaving_replaces_the_object,
                rule_11_a_group_call_is_there_again_after_a_restart,
                in_a_group_codes_are_exchanged_with_so_many_users_three_times_each,
        };

        return suite_run(phone_suite("group", tests, ELEMENTSOF(tests)));
}
