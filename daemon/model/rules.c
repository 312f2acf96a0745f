/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/rules.h"

#include <assert.h>

/* The effect of each event on a live call, by direction and status. */
typedef struct Outcome {
        bool legal;
        CallStatus status;
        CallReason reason;
} Outcome;

typedef struct Transition {
        Outcome initiated[CALL_DIRECTION_COUNT];
        Outcome ongoing; /* for caller and receiver */
} Transition;

#define RINGS(caller, receiver) \
        .initiated = {[CALL_DIRECTION_OUTGOING] = caller, [CALL_DIRECTION_INCOMING] = receiver}
#define BOTH(parties) \
        .initiated = {[CALL_DIRECTION_OUTGOING] = parties, [CALL_DIRECTION_INCOMING] = parties}
#define TO(s, r)                                       \
        {                                              \
                true, CALL_STATUS_##s, CALL_REASON_##r \
        }
#define NEVER         \
        {             \
                false \
        }

/* For each event: the outcome while the call rings (caller, receiver), then once it is ongoing. */
/* clang-format off */
static const Transition transitions[CALL_EVENT_COUNT] = {
        [CALL_EVENT_ACCEPT] = {BOTH(TO(ONGOING, NONE)), NEVER},
        [CALL_EVENT_REJECT] = {BOTH(TO(REJECTED, DECLINED)), NEVER},
        [CALL_EVENT_BUSY] = {BOTH(TO(BUSY, BUSY)), NEVER},
        [CALL_EVENT_BUSY_BY_POLICY] = {RINGS(TO(BUSY, BUSY), TO(MISSED, BUSY)), NEVER},
        [CALL_EVENT_CANCEL] = {BOTH(TO(CANCELLED, CALLER_CANCELLED)), NEVER},
        [CALL_EVENT_TIMEOUT] = {RINGS(TO(UNANSWERED, TIMEOUT), TO(MISSED, TIMEOUT)), NEVER},
        [CALL_EVENT_ANSWER_ELSEWHERE] = {RINGS(NEVER, TO(CANCELLED, ANSWERED_ELSEWHERE)), NEVER},
        [CALL_EVENT_DECLINE_ELSEWHERE] = {RINGS(NEVER, TO(CANCELLED, DECLINED_ELSEWHERE)), NEVER},
        [CALL_EVENT_CALLER_LOST] = {BOTH(TO(CANCELLED, CALLER_LOST)), NEVER},
        [CALL_EVENT_HANGUP] = {BOTH(NEVER), TO(ENDED, HANGUP)},
        /* A group's call ends while a member is still rung: rule 11. */
        [CALL_EVENT_REMOTE_HANGUP] = {RINGS(NEVER, TO(MISSED, REMOTE_HANGUP)),
                                      TO(ENDED, REMOTE_HANGUP)},
        [CALL_EVENT_CONNECTION_LOST] = {BOTH(NEVER), TO(ENDED, CONNECTION_LOST)},
        [CALL_EVENT_NO_MEDIA] = {BOTH(NEVER), TO(ENDED, NO_MEDIA)},
        [CALL_EVENT_IDLE] = {BOTH(NEVER), TO(ENDED, IDLE)},
        /* A user who is rung is not busy (rule 8), so the ring is not replaced. */
        [CALL_EVENT_REPLACED] = {RINGS(TO(CANCELLED, REPLACED), NEVER), TO(ENDED, REPLACED)},
        [CALL_EVENT_SHUTDOWN] = {BOTH(TO(CANCELLED, SHUTDOWN)), TO(ENDED, SHUTDOWN)},
};
/* clang-format on */

RulesVerdict rules_transition(CallDirection direction, CallStatus status, CallEvent event,
                              CallStatus *ret_status, CallReason *ret_reason)
{
        assert(direction < CALL_DIRECTION_COUNT && status < CALL_STATUS_COUNT &&
               event < CALL_EVENT_COUNT);

        if (call_status_is_terminal(status))
                return RULES_ABSORBED;

        const Transition *transition = &transitions[event];
        const Outcome *outcome = status == CALL_STATUS_INITIATED ? &transition->initiated[direction]
                                                                 : &transition->ongoing;
        if (!outcome->legal)
                return RULES_ILLEGAL;
        *ret_status = outcome->status;
        *ret_reason = outcome->reason;
        return RULES_MOVES;
}

CallStatus rules_history_status(CallDirection direction, CallStatus status)
{
        return direction == CALL_DIRECTION_INCOMING && status == CALL_STATUS_CANCELLED
                       ? CALL_STATUS_MISSED
                       : status;
}

typedef struct Answer {
        MethodVerdict verdict;
        CallError error;
} Answer;

typedef struct Method {
        Answer initiated[CALL_DIRECTION_COUNT];
        Answer ongoing, terminal;
} Method;

#define DOES                \
        {                   \
                METHOD_DOES \
        }
#define SUCCEEDS                \
        {                       \
                METHOD_SUCCEEDS \
        }
#define FAILS(e)                             \
        {                                    \
                METHOD_FAILS, CALL_ERROR_##e \
        }

/* For each method: the answer while the call rings (caller, receiver), once ongoing, once over. */
/* clang-format off */
static const Method methods[CALL_METHOD_COUNT] = {
        [CALL_METHOD_ACCEPT] = {RINGS(FAILS(INVALID_TRANSITION), DOES),
                                FAILS(ANSWERED_ELSEWHERE), FAILS(CALL_TERMINATED)},
        [CALL_METHOD_REJECT] = {RINGS(FAILS(INVALID_TRANSITION), DOES),
                                FAILS(CALL_ONGOING), FAILS(CALL_TERMINATED)},
        [CALL_METHOD_CANCEL] = {RINGS(DOES, FAILS(INVALID_TRANSITION)),
                                FAILS(CALL_ONGOING), FAILS(CALL_TERMINATED)},
        [CALL_METHOD_END] = {BOTH(FAILS(INVALID_TRANSITION)), DOES, SUCCEEDS},
        [CALL_METHOD_SILENCE] = {RINGS(FAILS(INVALID_TRANSITION), DOES),
                                 FAILS(CALL_ONGOING), FAILS(CALL_TERMINATED)},
        [CALL_METHOD_SESSION] = {BOTH(FAILS(INVALID_TRANSITION)), DOES, FAILS(CALL_TERMINATED)},
};
/* clang-format on */

static Answer rules_answer(CallDirection direction, CallStatus status, CallReason reason,
                           CallMethod method, bool answered_here)
{
        if (status == CALL_STATUS_INITIATED)
                return methods[method].initiated[direction];
        if (method == CALL_METHOD_ACCEPT && status == CALL_STATUS_ONGOING && answered_here)
                return (Answer)SUCCEEDS;
        if (method == CALL_METHOD_ACCEPT && reason == CALL_REASON_ANSWERED_ELSEWHERE)
                return (Answer)FAILS(ANSWERED_ELSEWHERE);
        return status == CALL_STATUS_ONGOING ? methods[method].ongoing : methods[method].terminal;
}

MethodVerdict rules_method(CallDirection direction, CallStatus status, CallReason reason,
                           CallMethod method, bool answered_here, CallError *ret_error)
{
        assert(direction < CALL_DIRECTION_COUNT && status < CALL_STATUS_COUNT &&
               reason < CALL_REASON_COUNT && method < CALL_METHOD_COUNT);

        Answer answer = rules_answer(direction, status, reason, method, answered_here);

        if (answer.verdict == METHOD_FAILS)
                *ret_error = answer.error;
        return answer.verdict;
}
