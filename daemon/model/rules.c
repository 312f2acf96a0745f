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
        Outcome ongoing[CALL_DIRECTION_COUNT];
} Transition;

#define CALLER [CALL_DIRECTION_OUTGOING]
#define RECEIVER [CALL_DIRECTION_INCOMING]
#define TO(s, r)                                       \
        {                                              \
                true, CALL_STATUS_##s, CALL_REASON_##r \
        }
#define NEVER         \
        {             \
                false \
        }

/* clang-format off */
static const Transition transitions[CALL_EVENT_COUNT] = {
        [CALL_EVENT_ACCEPT] = {
                .initiated = {CALLER = TO(ONGOING, NONE), RECEIVER = TO(ONGOING, NONE)},
                .ongoing   = {CALLER = NEVER, RECEIVER = NEVER},
        },
        [CALL_EVENT_REJECT] = {
                .initiated = {CALLER = TO(REJECTED, DECLINED), RECEIVER = TO(REJECTED, DECLINED)},
                .ongoing   = {CALLER = NEVER, RECEIVER = NEVER},
        },
        [CALL_EVENT_BUSY] = {
                .initiated = {CALLER = TO(BUSY, BUSY), RECEIVER = TO(BUSY, BUSY)},
                .ongoing   = {CALLER = NEVER, RECEIVER = NEVER},
        },
        [CALL_EVENT_BUSY_BY_POLICY] = {
                .initiated = {CALLER = TO(BUSY, BUSY), RECEIVER = TO(MISSED, BUSY)},
                .ongoing   = {CALLER = NEVER, RECEIVER = NEVER},
        },
        [CALL_EVENT_CANCEL] = {
                .initiated = {CALLER = TO(CANCELLED, CALLER_CANCELLED),
                              RECEIVER = TO(CANCELLED, CALLER_CANCELLED)},
                .ongoing   = {CALLER = NEVER, RECEIVER = NEVER},
        },
        [CALL_EVENT_TIMEOUT] = {
                .initiated = {CALLER = TO(UNANSWERED, TIMEOUT), RECEIVER = TO(MISSED, TIMEOUT)},
                .ongoing   = {CALLER = NEVER, RECEIVER = NEVER},
        },
        [CALL_EVENT_ANSWER_ELSEWHERE] = {
                .initiated = {CALLER = NEVER, RECEIVER = TO(CANCELLED, ANSWERED_ELSEWHERE)},
                .ongoing   = {CALLER = NEVER, RECEIVER = NEVER},
        },
        [CALL_EVENT_DECLINE_ELSEWHERE] = {
                .initiated = {CALLER = NEVER, RECEIVER = TO(CANCELLED, DECLINED_ELSEWHERE)},
                .ongoing   = {CALLER = NEVER, RECEIVER = NEVER},
        },
        [CALL_EVENT_CALLER_LOST] = {
                .initiated = {CALLER = TO(CANCELLED, CALLER_LOST),
                              RECEIVER = TO(CANCELLED, CALLER_LOST)},
                .ongoing   = {CALLER = NEVER, RECEIVER = NEVER},
        },
        [CALL_EVENT_HANGUP] = {
                .initiated = {CALLER = NEVER, RECEIVER = NEVER},
                .ongoing   = {CALLER = TO(ENDED, HANGUP), RECEIVER = TO(ENDED, HANGUP)},
        },
        [CALL_EVENT_REMOTE_HANGUP] = { /* a member still rung when a group's call ends: rule 11 */
                .initiated = {CALLER = NEVER, RECEIVER = TO(MISSED, REMOTE_HANGUP)},
                .ongoing   = {CALLER = TO(ENDED, REMOTE_HANGUP), RECEIVER = TO(ENDED, REMOTE_HANGUP)},
        },
        [CALL_EVENT_CONNECTION_LOST] = {
                .initiated = {CALLER = NEVER, RECEIVER = NEVER},
                .ongoing   = {CALLER = TO(ENDED, CONNECTION_LOST),
                              RECEIVER = TO(ENDED, CONNECTION_LOST)},
        },
        [CALL_EVENT_NO_MEDIA] = {
                .initiated = {CALLER = NEVER, RECEIVER = NEVER},
                .ongoing   = {CALLER = TO(ENDED, NO_MEDIA), RECEIVER = TO(ENDED, NO_MEDIA)},
        },
        [CALL_EVENT_IDLE] = {
                .initiated = {CALLER = NEVER, RECEIVER = NEVER},
                .ongoing   = {CALLER = TO(ENDED, IDLE), RECEIVER = TO(ENDED, IDLE)},
        },
        [CALL_EVENT_REPLACED] = { /* being rung is not busy, so it makes no room: rule 8 */
                .initiated = {CALLER = TO(CANCELLED, REPLACED), RECEIVER = NEVER},
                .ongoing   = {CALLER = TO(ENDED, REPLACED), RECEIVER = TO(ENDED, REPLACED)},
        },
        [CALL_EVENT_SHUTDOWN] = {
                .initiated = {CALLER = TO(CANCELLED, SHUTDOWN), RECEIVER = TO(CANCELLED, SHUTDOWN)},
                .ongoing   = {CALLER = TO(ENDED, SHUTDOWN), RECEIVER = TO(ENDED, SHUTDOWN)},
        },
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
                                                                 : &transition->ongoing[direction];
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

/* clang-format off */
static const Method methods[CALL_METHOD_COUNT] = {
        [CALL_METHOD_ACCEPT] = {
                .initiated = {CALLER = FAILS(INVALID_TRANSITION), RECEIVER = DOES},
                .ongoing   = FAILS(ANSWERED_ELSEWHERE),
                .terminal  = FAILS(CALL_TERMINATED),
        },
        [CALL_METHOD_REJECT] = {
                .initiated = {CALLER = FAILS(INVALID_TRANSITION), RECEIVER = DOES},
                .ongoing   = FAILS(CALL_ONGOING),
                .terminal  = FAILS(CALL_TERMINATED),
        },
        [CALL_METHOD_CANCEL] = {
                .initiated = {CALLER = DOES, RECEIVER = FAILS(INVALID_TRANSITION)},
                .ongoing   = FAILS(CALL_ONGOING),
                .terminal  = FAILS(CALL_TERMINATED),
        },
        [CALL_METHOD_END] = {
                .initiated = {CALLER = FAILS(INVALID_TRANSITION),
                              RECEIVER = FAILS(INVALID_TRANSITION)},
                .ongoing   = DOES,
                .terminal  = SUCCEEDS,
        },
        [CALL_METHOD_SILENCE] = {
                .initiated = {CALLER = FAILS(INVALID_TRANSITION), RECEIVER = DOES},
                .ongoing   = FAILS(CALL_ONGOING),
                .terminal  = FAILS(CALL_TERMINATED),
        },
        [CALL_METHOD_SESSION] = {
                .initiated = {CALLER = FAILS(INVALID_TRANSITION),
                              RECEIVER = FAILS(INVALID_TRANSITION)},
                .ongoing   = DOES,
                .terminal  = FAILS(CALL_TERMINATED),
        },
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
