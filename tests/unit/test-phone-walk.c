/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "model/rules.h"
#include "phone-fixture.h"

/*
 * Each event of the hub in each status of either direction, legal or not: an event that the rules
 * do not allow changes nothing, a terminal status absorbs, and no walk of three events breaks a
 * guard.
 */

typedef struct Event {
        MessageType type;
        CallStatus status; /* of OVER */
        CallReason reason; /* likewise */
} Event;

static const Event events[] = {
        {MESSAGE_INCOMING},
        {MESSAGE_RINGING},
        {MESSAGE_ACCEPTED},
        {MESSAGE_OVER, CALL_STATUS_INITIATED, CALL_REASON_NONE},
        {MESSAGE_OVER, CALL_STATUS_ONGOING, CALL_REASON_NONE},
        {MESSAGE_OVER, CALL_STATUS_BUSY, CALL_REASON_BUSY},
        {MESSAGE_OVER, CALL_STATUS_REJECTED, CALL_REASON_DECLINED},
        {MESSAGE_OVER, CALL_STATUS_CANCELLED, CALL_REASON_CALLER_CANCELLED},
        {MESSAGE_OVER, CALL_STATUS_ENDED, CALL_REASON_HANGUP},
        {MESSAGE_OVER, CALL_STATUS_MISSED, CALL_REASON_TIMEOUT},
        {MESSAGE_OVER, CALL_STATUS_UNANSWERED, CALL_REASON_TIMEOUT},
        {MESSAGE_JOINED},
        {MESSAGE_LEFT},
        {MESSAGE_SIGNALLED},
        {MESSAGE_PARTICIPANT},
        {MESSAGE_MEMBERS},
};

#define N_EVENTS ((int)ELEMENTSOF(events))

static const char *side_name(CallDirection side)
{
        return call_direction_to_string(side);
}

static void say(Fixture *f, const Event *event, CallDirection side)
{
        CallSnapshot snapshot =
                side == CALL_DIRECTION_INCOMING
                        ? incoming(CALL, event->type == MESSAGE_INCOMING ? CALL_STATUS_INITIATED
                                                                         : CALL_STATUS_ONGOING)
                        : outgoing(CALL, CALL_STATUS_ONGOING);
        Message signal = {.type = MESSAGE_SIGNALLED};
        Member member = {.uid = "carol", .state = MEMBER_LEFT};
        Message members = {.type = MESSAGE_MEMBERS,
                           .members = {.members = &member, .n_members = 1}};

        switch (event->type) {
        case MESSAGE_INCOMING:
        case MESSAGE_ACCEPTED:
                hub_says(f, event->type, &snapshot);
                break;
        case MESSAGE_RINGING:
                hub_ringing(f, CALL);
                break;
        case MESSAGE_OVER:
                hub_over(f, CALL, event->status, event->reason);
                break;
        case MESSAGE_SIGNALLED:
                STR_SET(signal.signal.session_id, CALL);
                signal.signal.data = (char[]){"{}"};
                hub_message(f, &signal);
                break;
        case MESSAGE_MEMBERS:
                STR_SET(members.members.session_id, CALL);
                hub_message(f, &members);
                break;
        default:
                hub_participant(f, event->type, CALL, "alice-1");
                break;
        }
}

/* Brings the call into this status by events of the hub. */
static void bring(Fixture *f, CallDirection side, CallStatus status)
{
        if (side == CALL_DIRECTION_INCOMING && status == CALL_STATUS_ONGOING)
                answered(f, CALL);
        else if (side == CALL_DIRECTION_INCOMING)
                hub_rings(f, CALL);
        else if (status == CALL_STATUS_ONGOING || status == CALL_STATUS_ENDED)
                talking(f, CALL);
        else
                placed(f, CALL);
        if (side == CALL_DIRECTION_INCOMING && status == CALL_STATUS_ENDED) {
                accept_by(f, CALL, PROGRAM);
                forget(f);
                reply_call(f, MESSAGE_ACCEPT, incoming(CALL, CALL_STATUS_ONGOING));
        }
        if (call_status_is_terminal(status))
                hub_over(f, CALL, status, CALL_REASON_TIMEOUT);
        forget(f);
}

/* The status that must follow a hub's event by the rules. */
static CallStatus follows(CallDirection side, CallStatus status, const Event *event)
{
        for (CallEvent e = 0; e < CALL_EVENT_COUNT; e++) {
                CallStatus to;
                CallReason reason;

                if (rules_transition(side, status, e, &to, &reason) != RULES_MOVES)
                        continue;
                if (event->type == MESSAGE_ACCEPTED && side == CALL_DIRECTION_OUTGOING &&
                    e == CALL_EVENT_ACCEPT)
                        return to;
                if (event->type == MESSAGE_OVER && to == event->status &&
                    call_status_is_terminal(to))
                        return to;
        }
        /* By way of ongoing, which the phone did not know of. */
        if (status == CALL_STATUS_INITIATED && event->type == MESSAGE_OVER &&
            event->status == CALL_STATUS_ENDED)
                return CALL_STATUS_ENDED;
        return status;
}

static bool reachable(CallDirection side, CallStatus status)
{
        return side == CALL_DIRECTION_INCOMING ? status != CALL_STATUS_UNANSWERED
                                               : status != CALL_STATUS_MISSED;
}

static void check_pair(CallDirection side, CallStatus status, const Event *event)
{
        FIXTURE(f);
        bring(f, side, status);
        ck_assert_int_eq(status_of(f, CALL), status);

        CallStatus expected = follows(side, status, event);
        say(f, event, side);
        const char *trace = fixture_trace(f);
        ck_assert_msg(status_of(f, CALL) == expected, "%s %s became %s by %s %s", side_name(side),
                      call_status_to_string(status), call_status_to_string(status_of(f, CALL)),
                      message_type_to_string(event->type), call_status_to_string(event->status));
        ck_assert_msg((strstr(trace, "status:") != NULL) == (expected != status), "%s", trace);
        if (call_status_is_terminal(status))
                ck_assert_str_eq(trace, "");
}

START_TEST(every_event_in_every_status_does_what_the_rules_say)
{
        for (CallDirection side = 0; side < CALL_DIRECTION_COUNT; side++) {
                for (CallStatus status = 0; status < CALL_STATUS_COUNT; status++) {
                        if (reachable(side, status))
                                check_pair(side, status, &events[_i]);
                }
        }
}
END_TEST

/* CALL-MODEL.md, Guards, checked against the events that programs received. */
static void check_guards(const char *trace, const char *walk)
{
        static const char *const events_of_an_end[] = {"broadcast:OutgoingCallRejected",
                                                       "broadcast:IncomingCallCancelled",
                                                       "broadcast:CallEndedMessageReceived"};
        unsigned n_ends = 0;

        for (size_t i = 0; i < ELEMENTSOF(events_of_an_end); i++) {
                for (const char *s = trace; (s = strstr(s, events_of_an_end[i])); s++)
                        n_ends++;
        }
        ck_assert_msg(n_ends <= 1, "%s: %s", walk, trace);
        ck_assert_msg(!strstr(trace, "status:initiated"), "%s: %s", walk, trace);
        ck_assert_msg(!strstr(trace, "status:ended") || strstr(trace, "status:ongoing"), "%s: %s",
                      walk, trace);
        const char *ongoing = strstr(trace, "status:ongoing");
        ck_assert_msg(!ongoing || (!strstr(ongoing, "status:busy") &&
                                   !strstr(ongoing, "status:rejected") &&
                                   !strstr(ongoing, "status:missed")),
                      "%s: %s", walk, trace);
}

START_TEST(no_walk_of_three_events_breaks_a_guard)
{
        for (int walk = 0; walk < N_EVENTS * N_EVENTS * 2; walk++) {
                CallDirection side = walk % 2 ? CALL_DIRECTION_INCOMING : CALL_DIRECTION_OUTGOING;
                const Event *first = &events[_i], *second = &events[walk / 2 % N_EVENTS],
                            *third = &events[walk / 2 / N_EVENTS];
                char name[64];
                FIXTURE(f);

                bring(f, side, CALL_STATUS_INITIATED);
                say(f, first, side);
                say(f, second, side);
                say(f, third, side);
                snprintf(name, sizeof(name), "%s %d %d %d", side_name(side), _i,
                         walk / 2 % N_EVENTS, walk / 2 / N_EVENTS);
                check_guards(fixture_trace(f), name);
        }
}
END_TEST

START_TEST(events_about_a_call_that_is_not_here_change_nothing)
{
        FIXTURE(f);

        for (int i = 1; i < N_EVENTS; i++)
                say(f, &events[i], CALL_DIRECTION_OUTGOING);
        expect(f, "");
        ck_assert_ptr_null(phone_call_at(f->phone, 0));
}
END_TEST

START_TEST(replies_that_nobody_waits_for_change_nothing)
{
        Message reply;
        FIXTURE(f);

        placed(f, CALL);
        for (uint64_t id = 0; id < 100; id++) {
                message_reply_error(&reply, id, CALL_ERROR_NO_SUCH_CALL, "no");
                hub_message(f, &reply);
        }
        expect(f, "");
        ck_assert_int_eq(status_of(f, CALL), CALL_STATUS_INITIATED);
}
END_TEST

START_TEST(a_reply_of_the_wrong_kind_is_an_error)
{
        FIXTURE(f);

        place(f, CALL);
        forget(f);
        reply_ok(f, MESSAGE_INITIATE);
        expect(f, "done:NotSupported");
        incoming_until(f, CALL, STAGE_ACCEPTING);
        reply_token(f, MESSAGE_ACCEPT, "not a call");
        expect(f, "done:NotSupported tone:ring");
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {
                events_about_a_call_that_is_not_here_change_nothing,
                replies_that_nobody_waits_for_change_nothing,
                a_reply_of_the_wrong_kind_is_an_error,
        };
        Suite *suite = phone_suite("walk", tests, ELEMENTSOF(tests));
        TCase *walks = tcase_create("walks");

        tcase_set_timeout(walks, 60);
        tcase_add_loop_test(walks, every_event_in_every_status_does_what_the_rules_say, 0,
                            N_EVENTS);
        tcase_add_loop_test(walks, no_walk_of_three_events_breaks_a_guard, 0, N_EVENTS);
        suite_add_tcase(suite, walks);
        return suite_run(suite);
}
