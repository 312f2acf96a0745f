/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "model/rules.h"
#include "suite.h"

/*
 * The rules of CALL-MODEL.md, written a second time in its words: the status and reason that
 * follow, or "-" if the event cannot happen. Statuses that are not listed are terminal and absorb
 * all events.
 */
typedef struct Expected {
        CallEvent event;
        const char *initiated_caller, *initiated_receiver, *ongoing_caller, *ongoing_receiver;
} Expected;

/* clang-format off */
static const Expected expected[] = {
        {CALL_EVENT_ACCEPT,            "ongoing ", "ongoing ", "-", "-"},
        {CALL_EVENT_REJECT,            "rejected declined", "rejected declined", "-", "-"},
        {CALL_EVENT_BUSY,              "busy busy", "busy busy", "-", "-"},
        {CALL_EVENT_BUSY_BY_POLICY,    "busy busy", "missed busy", "-", "-"},
        {CALL_EVENT_CANCEL,            "cancelled caller-cancelled", "cancelled caller-cancelled",
                                       "-", "-"},
        {CALL_EVENT_TIMEOUT,           "unanswered timeout", "missed timeout", "-", "-"},
        {CALL_EVENT_ANSWER_ELSEWHERE,  "-", "cancelled answered-elsewhere", "-", "-"},
        {CALL_EVENT_DECLINE_ELSEWHERE, "-", "cancelled declined-elsewhere", "-", "-"},
        {CALL_EVENT_CALLER_LOST,       "cancelled caller-lost", "cancelled caller-lost", "-", "-"},
        {CALL_EVENT_HANGUP,            "-", "-", "ended hangup", "ended hangup"},
        {CALL_EVENT_REMOTE_HANGUP,     "-", "missed remote-hangup",
                                       "ended remote-hangup", "ended remote-hangup"},
        {CALL_EVENT_CONNECTION_LOST,   "-", "-", "ended connection-lost", "ended connection-lost"},
        {CALL_EVENT_NO_MEDIA,          "-", "-", "ended no-media", "ended no-media"},
        {CALL_EVENT_IDLE,              "-", "-", "ended idle", "ended idle"},
        {CALL_EVENT_REPLACED,          "cancelled replaced", "-", "ended replaced", "ended replaced"},
        {CALL_EVENT_SHUTDOWN,          "cancelled shutdown", "cancelled shutdown",
                                       "ended shutdown", "ended shutdown"},
};
/* clang-format on */

static const char *expected_outcome(CallDirection side, CallStatus status, CallEvent event)
{
        bool caller = side == CALL_DIRECTION_OUTGOING;

        for (size_t i = 0; i < ELEMENTSOF(expected); i++) {
                if (expected[i].event != event)
                        continue;
                if (status == CALL_STATUS_INITIATED)
                        return caller ? expected[i].initiated_caller
                                      : expected[i].initiated_receiver;
                if (status == CALL_STATUS_ONGOING)
                        return caller ? expected[i].ongoing_caller : expected[i].ongoing_receiver;
                return "absorbed";
        }
        return "an event that CALL-MODEL.md does not have";
}

static const char *outcome(CallDirection side, CallStatus status, CallEvent event, char *buffer,
                           size_t size)
{
        CallStatus next;
        CallReason reason;

        switch (rules_transition(side, status, event, &next, &reason)) {
        case RULES_MOVES:
                snprintf(buffer, size, "%s %s", call_status_to_string(next),
                         call_reason_to_string(reason));
                return buffer;
        case RULES_ABSORBED:
                return "absorbed";
        case RULES_ILLEGAL:
                return "-";
        }
        return "no verdict";
}

/* Each side, status and event, in turn. */
#define FOR_EACH_CASE(side, status, event)                                        \
        for (CallDirection side = 0; side < CALL_DIRECTION_COUNT; side++)         \
                for (CallStatus status = 0; status < CALL_STATUS_COUNT; status++) \
                        for (CallEvent event = 0; event < CALL_EVENT_COUNT; event++)

START_TEST(every_event_does_to_every_status_what_the_model_says)
{
        char buffer[64];

        FOR_EACH_CASE(side, status, event)
        {
                const char *got = outcome(side, status, event, buffer, sizeof(buffer));
                const char *want = expected_outcome(side, status, event);

                ck_assert_msg(str_eq(got, want), "%s, %s, event %d: '%s' instead of '%s'",
                              call_direction_to_string(side), call_status_to_string(status),
                              (int)event, got, want);
        }
}
END_TEST

START_TEST(a_terminal_status_absorbs_all_later_events)
{
        FOR_EACH_CASE(side, status, event)
        {
                CallStatus next = CALL_STATUS_COUNT;
                CallReason reason = CALL_REASON_COUNT;

                if (!call_status_is_terminal(status))
                        continue;
                ck_assert_int_eq(rules_transition(side, status, event, &next, &reason),
                                 RULES_ABSORBED);
                ck_assert_int_eq(next, CALL_STATUS_COUNT);
                ck_assert_int_eq(reason, CALL_REASON_COUNT);
        }
}
END_TEST

/* True if some event leads from one status to the other, on either side. */
static bool leads(CallStatus from, CallStatus to)
{
        FOR_EACH_CASE(side, status, event)
        {
                CallStatus next;
                CallReason reason;

                if (status == from &&
                    rules_transition(side, status, event, &next, &reason) == RULES_MOVES &&
                    next == to)
                        return true;
        }
        return false;
}

START_TEST(nothing_goes_back_to_initiated)
{
        for (CallStatus status = 0; status < CALL_STATUS_COUNT; status++)
                ck_assert(!leads(status, CALL_STATUS_INITIATED));
}
END_TEST

START_TEST(initiated_never_becomes_ended_directly)
{
        ck_assert(!leads(CALL_STATUS_INITIATED, CALL_STATUS_ENDED));
        ck_assert(leads(CALL_STATUS_ONGOING, CALL_STATUS_ENDED));
}
END_TEST

START_TEST(ongoing_only_ever_becomes_ended)
{
        for (CallStatus status = 0; status < CALL_STATUS_COUNT; status++)
                ck_assert_int_eq(leads(CALL_STATUS_ONGOING, status), status == CALL_STATUS_ENDED);
}
END_TEST

START_TEST(a_ring_timeout_is_never_reported_as_busy)
{
        FOR_EACH_CASE(side, status, event)
        {
                CallStatus next;
                CallReason reason;

                if (event != CALL_EVENT_TIMEOUT ||
                    rules_transition(side, status, event, &next, &reason) != RULES_MOVES)
                        continue;
                ck_assert_int_ne(next, CALL_STATUS_BUSY);
                ck_assert_int_eq(reason, CALL_REASON_TIMEOUT);
        }
}
END_TEST

START_TEST(a_ring_that_the_caller_gave_up_is_missed_in_the_receivers_history)
{
        for (CallStatus status = 0; status < CALL_STATUS_COUNT; status++) {
                ck_assert_int_eq(rules_history_status(CALL_DIRECTION_OUTGOING, status), status);
                ck_assert_int_eq(rules_history_status(CALL_DIRECTION_INCOMING, status),
                                 status == CALL_STATUS_CANCELLED ? CALL_STATUS_MISSED : status);
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("rules");
        TCase *table = tcase_create("transitions");

        tcase_add_test(table, every_event_does_to_every_status_what_the_model_says);
        tcase_add_test(table, a_terminal_status_absorbs_all_later_events);
        tcase_add_test(table, nothing_goes_back_to_initiated);
        tcase_add_test(table, initiated_never_becomes_ended_directly);
        tcase_add_test(table, ongoing_only_ever_becomes_ended);
        tcase_add_test(table, a_ring_timeout_is_never_reported_as_busy);
        tcase_add_test(table, a_ring_that_the_caller_gave_up_is_missed_in_the_receivers_history);
        suite_add_tcase(suite, table);
        return suite_run(suite);
}
