/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdlib.h>

#include "call/exchange-internal.h"

Call *exchange_call_find(const Exchange *exchange, const char *session_id)
{
        Call *call = NULL;

        HASH_FIND_STR(exchange->calls, session_id, call);
        return call;
}

/* ---- a call comes and goes ---- */

int exchange_call_new(const CallRecord *record, User *caller, User *receiver, Call **ret)
{
        Call *call = calloc(1, sizeof(*call));

        if (!call)
                return -ENOMEM;
        int r = call_record_copy(&call->record, record);
        if (r < 0) {
                free(call);
                return r;
        }
        for (CallDirection d = 0; d < CALL_DIRECTION_COUNT; d++) {
                call->sides[d] = (Side){
                        .call = call,
                        .user = d == CALL_DIRECTION_OUTGOING ? caller : receiver,
                        .direction = d,
                        .status = CALL_STATUS_INITIATED,
                        .lost_since = USEC_NEVER,
                };
        }
        STR_SET(call->sides[CALL_DIRECTION_OUTGOING].device, record->initiator.device);
        call->join_until = call->alone_since = USEC_NEVER;
        *ret = call;
        return 0;
}

void exchange_side_enlist(Side *side, Side **list)
{
        if (side->list)
                DL_DELETE(*side->list, side);
        if (list)
                DL_APPEND(*list, side);
        side->list = list;
}

int exchange_call_link(Exchange *exchange, Call *call)
{
        Side *caller = &call->sides[CALL_DIRECTION_OUTGOING];
        Side *receiver = &call->sides[CALL_DIRECTION_INCOMING];

        if (deadlines_add(&exchange->deadlines, &call->deadline, USEC_NEVER) < 0)
                return -ENOMEM;
        HASH_ADD_STR(exchange->calls, record.session_id, call);
        if (!call->hh.tbl) {
                deadlines_remove(&exchange->deadlines, &call->deadline);
                return -ENOMEM;
        }
        exchange_side_enlist(caller, &caller->user->busy);
        exchange_side_enlist(receiver, receiver->status == CALL_STATUS_INITIATED
                                               ? &receiver->user->rings
                                               : &receiver->user->busy);
        caller->user->n_placed++;
        DL_APPEND(exchange->live, call);
        exchange->n_live++;
        call->live = true;
        exchange_call_reschedule(exchange, call);
        return 0;
}

/* Lets go of all that only a live call needs. */
static void side_release(Exchange *exchange, Side *side)
{
        while (side->legs)
                exchange_leg_free(side->legs);
        while (side->tokens)
                exchange_token_free(exchange, side->tokens);
        if (side->limited)
                exchange_link_free(exchange, side->limited);
        exchange_side_enlist(side, NULL);
        side->user = NULL;
}

static void call_unlink(Exchange *exchange, Call *call)
{
        if (call->live) {
                call->sides[CALL_DIRECTION_OUTGOING].user->n_placed--;
                deadlines_remove(&exchange->deadlines, &call->deadline);
                DL_DELETE(exchange->live, call);
                exchange->n_live--;
                call->live = false;
        }
        for (CallDirection d = 0; d < CALL_DIRECTION_COUNT; d++)
                side_release(exchange, &call->sides[d]);
}

void exchange_call_free(Exchange *exchange, Call *call)
{
        call_unlink(exchange, call);
        if (call->hh.tbl)
                HASH_DEL(exchange->calls, call);
        call_record_done(&call->record);
        free(call);
}

static void exchange_forget_call(Exchange *exchange, Call *call)
{
        DL_DELETE(exchange->ended, call);
        exchange->n_ended--;
        exchange_call_free(exchange, call);
}

void exchange_forget_expired(Exchange *exchange, usec_t now)
{
        while (exchange->ended && exchange->ended->forget_at <= now)
                exchange_forget_call(exchange, exchange->ended);
}

/* Keeps what answers a repeated request; what the caller's program sent along is not that. */
void exchange_call_retire(Exchange *exchange, const Moment *moment, Call *call)
{
        call_unlink(exchange, call);
        metadata_done(&call->record.metadata);
        if (exchange->n_ended == ENDED_MEMORY_MAX)
                exchange_forget_call(exchange, exchange->ended);
        call->forget_at = moment->now + ENDED_MEMORY_US;
        DL_APPEND(exchange->ended, call);
        exchange->n_ended++;
}

/* ---- what a call looks like ---- */

CallRecord exchange_side_record(const Side *side)
{
        CallRecord record = side->call->record;

        record.direction = side->direction;
        record.status = side->status;
        STR_SET(record.reason, call_reason_to_string(side->reason));
        record.seen = true;
        return record;
}

int exchange_side_snapshot(const Side *side, const Moment *moment, const Device *device,
                           CallSnapshot *ret)
{
        const Call *call = side->call;
        CallRecord record = exchange_side_record(side);
        CallSnapshot snapshot = {.here = str_eq(side->device, device->id)};
        int r = call_record_copy(&snapshot.record, &record);

        if (r < 0)
                return r;
        if (side->status == CALL_STATUS_INITIATED && call->ring_until > moment->now)
                snapshot.remaining_ms =
                        (uint32_t)((call->ring_until - moment->now) / USEC_PER_MSEC);
        const Token *token = snapshot.here ? exchange_side_token(side, moment->now) : NULL;
        if (token)
                STR_SET(snapshot.join_token, token->token);
        *ret = snapshot;
        return 0;
}

int exchange_save(Exchange *exchange, const Moment *moment, const Call *call)
{
        const Side *caller = &call->sides[CALL_DIRECTION_OUTGOING];
        const Side *receiver = &call->sides[CALL_DIRECTION_INCOMING];
        ExchangeAction *action = exchange_push(exchange, EXCHANGE_SAVE);
        CallRecord record = exchange_side_record(caller);

        if (!action)
                return -ENOMEM;
        STR_SET(action->session_id, call->record.session_id);
        int r = call_record_copy(&action->live.record, &record);
        if (r < 0)
                return r;
        action->live.members = calloc(1, sizeof(*action->live.members));
        if (!action->live.members)
                return -ENOMEM;
        action->live.n_members = 1;
        action->live.members[0] = (LiveMember){
                .party = call->record.receiver,
                .status = receiver->status,
                .alerted = receiver->alerted,
        };
        action->live.caller = (LiveMember){
                .party = call->record.initiator,
                .status = caller->status,
                .joins = caller->joins,
        };
        if (call->ring_until > moment->now)
                action->live.ring_until = moment->date + (call->ring_until - moment->now);
        return 0;
}

/* ---- its next deadline ---- */

static usec_t side_lost_at(const Side *side)
{
        const Side *other = side_other(side);

        if (side->lost_since == USEC_NEVER)
                return USEC_NEVER;
        if (side->status == CALL_STATUS_INITIATED)
                return side->lost_since + GRACE_CALLER_LOST_US;
        return side->lost_since + (other->media_flows ? GRACE_MEDIA_FLOWS_US : GRACE_IN_CALL_US);
}

static CallDue due_earlier(CallDue due, usec_t at, CallEvent event)
{
        return at < due.at ? (CallDue){at, event} : due;
}

CallDue exchange_call_next_due(const Call *call)
{
        const Side *caller = &call->sides[CALL_DIRECTION_OUTGOING];
        const Side *receiver = &call->sides[CALL_DIRECTION_INCOMING];

        if (caller->status == CALL_STATUS_INITIATED)
                return due_earlier((CallDue){call->ring_until, CALL_EVENT_TIMEOUT},
                                   side_lost_at(caller), CALL_EVENT_CALLER_LOST);

        CallDue due = {call->join_until, CALL_EVENT_NO_MEDIA};
        if (call->alone_since != USEC_NEVER)
                due = due_earlier(due, call->alone_since + ALONE_DEADLINE_US, CALL_EVENT_IDLE);
        due = due_earlier(due, side_lost_at(caller), CALL_EVENT_CONNECTION_LOST);
        return due_earlier(due, side_lost_at(receiver), CALL_EVENT_CONNECTION_LOST);
}

void exchange_call_reschedule(Exchange *exchange, Call *call)
{
        deadlines_set(&exchange->deadlines, &call->deadline, exchange_call_next_due(call).at);
}
