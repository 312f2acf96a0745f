/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <assert.h>
#include <errno.h>

#include "exchange/internal.h"

/* ---- what is told ---- */

static int leg_send_over(Exchange *exchange, const Leg *leg, CallStatus status, const char *reason)
{
        const Side *side = leg->side;
        Message *message;
        int r = exchange_send(exchange, leg->device->link, MESSAGE_OVER, &message);

        if (r <= 0)
                return r;
        message->over = (MessageOver){
                .status = status,
                .answered_at = side->was_in ? side->call->record.answered_at : 0,
                .ended_at = side->ended_at,
                .duration_s = side->duration_s,
        };
        STR_SET(message->over.session_id, side->call->record.session_id);
        STR_SET(message->over.reason, reason);
        return 0;
}

int exchange_leg_send_event(Exchange *exchange, const Leg *leg, CallEvent event)
{
        CallStatus status;
        CallReason reason;
        RulesVerdict verdict = rules_transition(leg->side->direction, CALL_STATUS_INITIATED, event,
                                                &status, &reason);

        assert(verdict == RULES_MOVES);
        (void)verdict;
        return leg_send_over(exchange, leg, status, call_reason_to_string(reason));
}

static int side_tell_over(Exchange *exchange, const Side *side)
{
        CallRecord record = exchange_side_record(side);
        const Leg *leg;

        DL_FOREACH2 (side->legs, leg, side_next) {
                bool decided_elsewhere =
                        !str_empty(side->device) && !str_eq(side->device, leg->device->id);
                int r = decided_elsewhere
                                ? exchange_leg_send_event(exchange, leg,
                                                          CALL_EVENT_DECLINE_ELSEWHERE)
                                : leg_send_over(exchange, leg, side->status, record.reason);

                if (r < 0)
                        return r;
        }
        return side->limited ? exchange_disconnect(exchange, side->limited, "the call is over") : 0;
}

static int side_log(Exchange *exchange, const Side *side)
{
        CallRecord record = exchange_side_history(side);
        ExchangeAction *action = exchange_push(exchange, EXCHANGE_LOG);

        if (!action)
                return -ENOMEM;
        STR_SET(action->uid, side->uid);
        STR_SET(action->session_id, record.session_id);
        return call_record_copy(&action->record, &record);
}

static int side_tell_logged(Exchange *exchange, const Side *side)
{
        CallRecord record = exchange_side_history(side);
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
static int ending_store(const Ending *ending)
{
        int r = 0;

        for (const Side *side = ending->ended; r == 0 && side; side = side->changed_next)
                r = side_log(ending->exchange, side);
        if (r < 0)
                return r;
        return ending->over ? call_drop(ending->exchange, ending->call)
                            : exchange_save(ending->exchange, ending->moment, ending->call,
                                            ending->ended);
}

static int ending_tell(const Ending *ending)
{
        int r = 0;

        for (const Side *side = ending->ended; r == 0 && side; side = side->changed_next)
                r = side_tell_over(ending->exchange, side);
        for (const Side *side = ending->ended; r == 0 && side; side = side->changed_next) {
                if (!ending->over && side->media.joined)
                        r = exchange_side_tell_others(ending->exchange, side, MESSAGE_LEFT);
        }
        for (const Side *side = ending->ended; r == 0 && side; side = side->changed_next)
                r = side_tell_logged(ending->exchange, side);
        return r;
}

/* ---- who ends with whom ---- */

static bool call_lives_on(const Call *call)
{
        if (!call_is_answered(call))
                return call_caller(call)->status == CALL_STATUS_INITIATED && call->n_rings > 0;
        /* Either side of a user-to-user call ends it for both; in a group, ending is leaving. */
        return call->n_parties >= (call_is_to_group(call) ? 1 : 2);
}

/* What the caller sees of a ring that nobody is left to answer (rules 2, 11). */
static CallEvent call_unanswered_by(const Call *call)
{
        bool missed = false, rejected = false, busy = false;
        const Side *side;

        DL_FOREACH2 (call_members(call), side, call_next) {
                bool said_busy = side->reason == CALL_REASON_BUSY;

                missed |= side->status == CALL_STATUS_MISSED && !said_busy;
                rejected |= side->status == CALL_STATUS_REJECTED;
                busy |= said_busy;
        }
        return missed     ? CALL_EVENT_TIMEOUT
               : rejected ? CALL_EVENT_REJECT
               : busy     ? CALL_EVENT_BUSY
                          : CALL_EVENT_SHUTDOWN;
}

/* What others see when the call ends with a side to which that has happened. */
static CallEvent event_seen(CallEvent event, bool answered)
{
        switch (event) {
        case CALL_EVENT_HANGUP:
                return CALL_EVENT_REMOTE_HANGUP;
        case CALL_EVENT_REPLACED:
        case CALL_EVENT_SHUTDOWN:
                return answered ? CALL_EVENT_REMOTE_HANGUP : CALL_EVENT_CANCEL;
        default:
                return event;
        }
}

static void ending_add_status(Ending *ending, CallStatus status, CallEvent event)
{
        Side *side;

        DL_FOREACH2 (ending->call->sides, side, call_next) {
                if (side->status == status)
                        exchange_ending_add(ending, side, event);
        }
}

static void ending_conclude(Ending *ending)
{
        Call *call = ending->call;
        bool answered = call_is_answered(call);
        CallEvent seen = event_seen(ending->event, answered);

        if (call_lives_on(call))
                return;
        ending->over = true;
        if (!answered && call_caller(call)->status == CALL_STATUS_INITIATED)
                exchange_ending_add(ending, call_caller(call), call_unanswered_by(call));
        ending_add_status(ending, CALL_STATUS_ONGOING, seen);
        ending_add_status(ending, CALL_STATUS_INITIATED,
                          answered ? CALL_EVENT_REMOTE_HANGUP : seen);
}

/* ---- an ending ---- */

void exchange_ending_begin(Ending *ending, Exchange *exchange, const Moment *moment, Call *call)
{
        *ending = (Ending){
                .exchange = exchange,
                .moment = moment,
                .call = call,
                .event = CALL_EVENT_CONNECTION_LOST, /* with nobody: they went while we did not look
                                                      */
        };
}

void exchange_ending_add(Ending *ending, Side *side, CallEvent event)
{
        Call *call = ending->call;

        if (!ending->ended)
                ending->event = event;
        side->status_before = side->status;
        exchange_side_move(side, event);
        side->ended_at = ending->moment->date;
        if (side->status_before == CALL_STATUS_ONGOING)
                side->duration_s =
                        (uint32_t)((ending->moment->now - call->answered) / USEC_PER_SEC);

        if (side == call_caller(call) || !ending->ended) {
                side->changed_next = ending->ended;
                ending->ended = side;
                ending->last = ending->last ? ending->last : side;
        } else {
                side->changed_next = NULL;
                ending->last->changed_next = side;
                ending->last = side;
        }
}

static void ending_take_back(Ending *ending)
{
        exchange_rollback(ending->exchange);
        for (Side *side = ending->ended; side; side = side->changed_next) {
                exchange_side_set(side, side->status_before, CALL_REASON_NONE);
                side->ended_at = side->duration_s = 0;
        }
}

static void ending_settle(Ending *ending)
{
        Call *call = ending->call;

        exchange_commit(ending->exchange);
        for (const Side *side = ending->ended; side; side = side->changed_next) {
                /* Without memory for it, that initiate asked again would be a call of its own. */
                if (!str_empty(side->merged_id))
                        (void)exchange_cancel_remember(ending->exchange, ending->moment, side->user,
                                                       side->merged_id);
        }
        if (ending->over) {
                exchange_call_retire(ending->exchange, ending->moment, call);
                return;
        }
        for (Side *side = ending->ended; side; side = side->changed_next) {
                exchange_side_release(ending->exchange, side);
                exchange_side_enlist(side);
        }
        exchange_call_count_joined(call, ending->moment->now);
        exchange_call_reschedule(ending->exchange, call);
}

int exchange_ending_finish(Ending *ending)
{
        ending_conclude(ending);
        if (!ending->ended && !ending->over)
                return 0;

        int r = ending_store(ending);
        if (r == 0)
                r = ending_tell(ending);
        if (r < 0)
                ending_take_back(ending);
        else
                ending_settle(ending);
        return r;
}

int exchange_side_quit(Exchange *exchange, const Moment *moment, Side *side, CallEvent event)
{
        Ending ending;

        exchange_ending_begin(&ending, exchange, moment, side->call);
        exchange_ending_add(&ending, side, event);
        return exchange_ending_finish(&ending);
}

int exchange_call_end(Exchange *exchange, const Moment *moment, Call *call, CallStatus status,
                      CallEvent event)
{
        Ending ending;
        Side *side;

        exchange_ending_begin(&ending, exchange, moment, call);
        DL_FOREACH2 (call->sides, side, call_next) {
                if (side->status == status &&
                    (status == CALL_STATUS_ONGOING || side != call_caller(call)))
                        exchange_ending_add(&ending, side, event);
        }
        return exchange_ending_finish(&ending);
}
