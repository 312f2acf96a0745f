/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <assert.h>
#include <errno.h>

#include "call/exchange-internal.h"

void exchange_side_move(Side *side, CallEvent event)
{
        RulesVerdict verdict = rules_transition(side->direction, side->status, event, &side->status,
                                                &side->reason);

        assert(verdict == RULES_MOVES);
        (void)verdict;
}

static int leg_send_over(Exchange *exchange, const Leg *leg, CallStatus status, CallReason reason)
{
        const CallRecord *record = &leg->side->call->record;
        Message *message;
        int r = exchange_send(exchange, leg->device->link, MESSAGE_OVER, &message);

        if (r <= 0)
                return r;
        message->over = (MessageOver){
                .status = status,
                .answered_at = record->answered_at,
                .ended_at = record->ended_at,
                .duration_s = record->duration_s,
        };
        STR_SET(message->over.session_id, record->session_id);
        STR_SET(message->over.reason, call_reason_to_string(reason));
        return 0;
}

int exchange_leg_send_event(Exchange *exchange, const Leg *leg, CallEvent event)
{
        Side here = {.direction = leg->side->direction, .status = CALL_STATUS_INITIATED};

        exchange_side_move(&here, event);
        return leg_send_over(exchange, leg, here.status, here.reason);
}

static int side_tell_over(Exchange *exchange, const Side *side)
{
        const Leg *leg;

        DL_FOREACH2 (side->legs, leg, side_next) {
                bool decided_elsewhere =
                        !str_empty(side->device) && !str_eq(side->device, leg->device->id);
                int r = decided_elsewhere
                                ? exchange_leg_send_event(exchange, leg,
                                                          CALL_EVENT_DECLINE_ELSEWHERE)
                                : leg_send_over(exchange, leg, side->status, side->reason);

                if (r < 0)
                        return r;
        }
        return side->limited ? exchange_disconnect(exchange, side->limited, "the call is over") : 0;
}

static CallRecord side_history_record(const Side *side)
{
        CallRecord record = exchange_side_record(side);

        record.status = rules_history_status(side->direction, side->status);
        record.seen = record.status != CALL_STATUS_MISSED;
        return record;
}

static int side_log(Exchange *exchange, const Side *side)
{
        CallRecord record = side_history_record(side);
        ExchangeAction *action = exchange_push(exchange, EXCHANGE_LOG);

        if (!action)
                return -ENOMEM;
        STR_SET(action->uid, side->user->uid);
        STR_SET(action->session_id, record.session_id);
        return call_record_copy(&action->record, &record);
}

static int side_tell_logged(Exchange *exchange, const Side *side)
{
        CallRecord record = side_history_record(side);
        const Device *device;

        DL_FOREACH (side->user->devices, device) {
                Message *message;
                int r = exchange_send(exchange, device->link, MESSAGE_LOGGED, &message);

                if (r > 0)
                        r = call_record_copy(&message->logged, &record);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int call_drop(Exchange *exchange, const Call *call)
{
        ExchangeAction *action = exchange_push(exchange, EXCHANGE_DROP);

        if (!action)
                return -ENOMEM;
        STR_SET(action->session_id, call->record.session_id);
        return 0;
}

/* What is stored comes first: it must be true before anybody is told. */
static int call_tell_over(Exchange *exchange, const Call *call)
{
        const Side *caller = &call->sides[CALL_DIRECTION_OUTGOING];
        const Side *receiver = &call->sides[CALL_DIRECTION_INCOMING];
        int r = side_log(exchange, caller);

        if (r == 0)
                r = side_log(exchange, receiver);
        if (r == 0)
                r = call_drop(exchange, call);
        if (r == 0)
                r = side_tell_over(exchange, caller);
        if (r == 0)
                r = side_tell_over(exchange, receiver);
        if (r == 0)
                r = side_tell_logged(exchange, caller);
        if (r == 0)
                r = side_tell_logged(exchange, receiver);
        return r;
}

static void side_move_back(Side *side, CallStatus status)
{
        side->status = status;
        side->reason = CALL_REASON_NONE;
}

int exchange_call_over(Exchange *exchange, const Moment *moment, Call *call, CallEvent caller_event,
                       CallEvent receiver_event)
{
        Side *caller = &call->sides[CALL_DIRECTION_OUTGOING];
        Side *receiver = &call->sides[CALL_DIRECTION_INCOMING];
        CallStatus before = caller->status;

        exchange_side_move(caller, caller_event);
        exchange_side_move(receiver, receiver_event);
        call->record.ended_at = moment->date;
        if (before == CALL_STATUS_ONGOING)
                call->record.duration_s = (uint32_t)((moment->now - call->answered) / USEC_PER_SEC);

        int r = call_tell_over(exchange, call);
        if (r < 0) {
                exchange_rollback(exchange);
                side_move_back(caller, before);
                side_move_back(receiver, before);
                call->record.ended_at = call->record.duration_s = 0;
                return r;
        }
        exchange_commit(exchange);
        exchange_call_retire(exchange, moment, call);
        return 0;
}

/* What the other side of a call sees of that. */
static CallEvent side_quit_seen(const Side *side)
{
        if (side->status == CALL_STATUS_ONGOING)
                return CALL_EVENT_REMOTE_HANGUP;
        return side->direction == CALL_DIRECTION_OUTGOING ? CALL_EVENT_CANCEL : CALL_EVENT_SHUTDOWN;
}

int exchange_side_quit(Exchange *exchange, const Moment *moment, Side *side, CallEvent event)
{
        CallEvent seen = side_quit_seen(side);

        return side->direction == CALL_DIRECTION_OUTGOING
                       ? exchange_call_over(exchange, moment, side->call, event, seen)
                       : exchange_call_over(exchange, moment, side->call, seen, event);
}
