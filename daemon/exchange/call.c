/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "exchange/internal.h"

Call *exchange_call_find(const Exchange *exchange, const char *session_id)
{
        Call *call = NULL;

        HASH_FIND_STR(exchange->calls, session_id, call);
        return call;
}

Side *exchange_call_side(const Call *call, const User *user)
{
        Side *side;

        DL_FOREACH2 (call->sides, side, call_next) {
                /* What is over has let go of its users. */
                if (call->live ? side->user == user : str_eq(side->uid, user->uid))
                        return side;
        }
        return NULL;
}

/* ---- sides ---- */

static int side_new(Call *call, User *user, const char *uid, CallDirection direction, Side **ret)
{
        Side *side = calloc(1, sizeof(*side));

        if (!side)
                return -ENOMEM;
        *side = (Side){
                .call = call,
                .user = user,
                .direction = direction,
                .lost_since = USEC_NEVER,
                .join_until = USEC_NEVER,
                .told = {MEMBER_STATE_COUNT, MEMBER_STATE_COUNT},
        };
        STR_SET(side->uid, uid);
        DL_APPEND2(call->sides, side, call_prev, call_next);
        call->n_sides++;
        call->n_rings += direction == CALL_DIRECTION_INCOMING;
        exchange_members_changed(call);
        *ret = side;
        return 0;
}

int exchange_side_new(Call *call, User *user, const char *uid, Side **ret)
{
        return side_new(call, user, uid, CALL_DIRECTION_INCOMING, ret);
}

/* The lists that a live side of that status is in. */
static Side **side_list(Side *side)
{
        if (side->status == CALL_STATUS_ONGOING ||
            (side->status == CALL_STATUS_INITIATED && side->direction == CALL_DIRECTION_OUTGOING))
                return &side->user->busy;
        return side->status == CALL_STATUS_INITIATED && !side->blocked ? &side->user->rings
                                                                       : &side->user->apart;
}

static void side_unlist(Side *side)
{
        if (side->list)
                DL_DELETE2(*side->list, side, list_prev, list_next);
        side->list = NULL;
}

void exchange_side_enlist(Side *side)
{
        Side **list = side_list(side);

        if (list == side->list)
                return;
        side_unlist(side);
        DL_APPEND2(*list, side, list_prev, list_next);
        side->list = list;
}

void exchange_side_release(Exchange *exchange, Side *side)
{
        while (side->legs)
                exchange_leg_free(side->legs);
        while (side->tokens)
                exchange_token_free(exchange, side->tokens);
        if (side->limited)
                exchange_link_free(exchange, side->limited);
        side->media = (Media){0};
        exchange_side_list_joined(side);
        side->lost_since = side->join_until = USEC_NEVER;
}

void exchange_side_free(Side *side)
{
        Call *call = side->call;

        assert(!side->legs && !side->tokens && !side->limited);

        exchange_side_set(side, CALL_STATUS_ENDED, CALL_REASON_NONE);
        side_unlist(side);
        DL_DELETE2(call->sides, side, call_prev, call_next);
        call->n_sides--;
        free(side);
}

static bool side_is_rung(const Side *side)
{
        return side->direction == CALL_DIRECTION_INCOMING && side->status == CALL_STATUS_INITIATED;
}

void exchange_side_set(Side *side, CallStatus status, CallReason reason)
{
        Call *call = side->call;

        call->n_rings -= side_is_rung(side);
        call->n_parties -= side->status == CALL_STATUS_ONGOING;
        side->status = status;
        side->reason = reason;
        call->n_rings += side_is_rung(side);
        call->n_parties += side->status == CALL_STATUS_ONGOING;
        exchange_members_changed(call);
}

void exchange_side_move(Side *side, CallEvent event)
{
        CallStatus status;
        CallReason reason;
        RulesVerdict verdict =
                rules_transition(side->direction, side->status, event, &status, &reason);

        assert(verdict == RULES_MOVES);
        (void)verdict;
        exchange_side_set(side, status, reason);
}

bool exchange_side_may_join_late(const Side *side)
{
        return side->call->live && call_is_to_group(side->call) && call_is_answered(side->call) &&
               call_status_is_terminal(side->status) && !side->blocked;
}

/* ---- a call comes and goes ---- */

int exchange_call_new(const CallRecord *record, User *caller, Call **ret)
{
        Call *call = calloc(1, sizeof(*call));
        Side *side;

        if (!call)
                return -ENOMEM;
        call->answered = call->alone_since = USEC_NEVER;
        int r = call_record_copy(&call->record, record);
        if (r == 0)
                r = side_new(call, caller, record->initiator.uid, CALL_DIRECTION_OUTGOING, &side);
        if (r < 0) {
                call_record_done(&call->record);
                free(call);
                return r;
        }
        STR_SET(side->device, record->initiator.device);
        *ret = call;
        return 0;
}

int exchange_call_link(Exchange *exchange, Call *call)
{
        Side *side;

        if (deadlines_add(&exchange->deadlines, &call->deadline, USEC_NEVER) < 0)
                return -ENOMEM;
        HASH_ADD_STR(exchange->calls, record.session_id, call);
        if (!call->hh.tbl) {
                deadlines_remove(&exchange->deadlines, &call->deadline);
                return -ENOMEM;
        }
        DL_FOREACH2 (call->sides, side, call_next) {
                if (side->user)
                        exchange_side_enlist(side);
        }
        if (call_is_to_group(call))
                call->group = exchange_group_find(exchange, call->record.receiver.uid);
        if (call->group)
                DL_APPEND2(call->group->calls, call, group_prev, group_next);
        if (call_caller(call)->user)
                call_caller(call)->user->n_placed++;
        DL_APPEND(exchange->live, call);
        exchange->n_live++;
        call->live = true;
        exchange_call_reschedule(exchange, call);
        return 0;
}

static void call_unlink(Exchange *exchange, Call *call)
{
        Side *side;

        if (call->live) {
                if (call_caller(call)->user)
                        call_caller(call)->user->n_placed--;
                if (call->group)
                        DL_DELETE2(call->group->calls, call, group_prev, group_next);
                call->group = NULL;
                deadlines_remove(&exchange->deadlines, &call->deadline);
                DL_DELETE(exchange->live, call);
                exchange->n_live--;
                call->live = false;
        }
        DL_FOREACH2 (call->sides, side, call_next) {
                exchange_side_release(exchange, side);
                side_unlist(side);
                side->user = NULL;
        }
}

void exchange_call_free(Exchange *exchange, Call *call)
{
        Side *side, *next;

        call_unlink(exchange, call);
        if (call->hh.tbl)
                HASH_DEL(exchange->calls, call);
        DL_FOREACH_SAFE2 (call->sides, side, next, call_next)
                free(side);
        call_record_done(&call->record);
        free(call);
}

static void exchange_forget_call(Exchange *exchange, Call *call)
{
        DL_DELETE(exchange->ended, call);
        exchange->n_ended_sides -= call->n_sides;
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
        while (exchange->ended && exchange->n_ended_sides + call->n_sides > ENDED_MEMORY_MAX)
                exchange_forget_call(exchange, exchange->ended);
        call->forget_at = moment->now + ENDED_MEMORY_US;
        DL_APPEND(exchange->ended, call);
        exchange->n_ended_sides += call->n_sides;
}

/* ---- what a call looks like ---- */

/* A missed call says why nobody was alerted, if nobody was (rule 9). */
static CallReason side_reason_of(const Side *side, CallStatus status)
{
        if (status != CALL_STATUS_MISSED || side->reason == CALL_REASON_BUSY)
                return side->reason;
        return side->blocked                         ? CALL_REASON_FILTERED_BLOCKED
               : side->quiet && !side->ringing_since ? CALL_REASON_FILTERED_DND
                                                     : side->reason;
}

static CallRecord side_record_as(const Side *side, CallStatus status)
{
        CallRecord record = side->call->record;

        record.direction = side->direction;
        record.status = status;
        STR_SET(record.reason, call_reason_to_string(side_reason_of(side, status)));
        if (side->direction == CALL_DIRECTION_INCOMING)
                record.ringing_since = side->ringing_since;
        if (!side->was_in)
                record.answered_at = 0;
        record.ended_at = side->ended_at;
        record.duration_s = side->duration_s;
        record.seen = status != CALL_STATUS_MISSED || side->blocked;
        return record;
}

CallRecord exchange_side_record(const Side *side)
{
        CallRecord record = side_record_as(side, side->status);

        record.seen = true;
        return record;
}

CallRecord exchange_call_record(const Call *call)
{
        CallRecord record = exchange_side_record(call_caller(call));

        /* The caller may have left what goes on. */
        if (call->live && call_is_answered(call)) {
                record.status = CALL_STATUS_ONGOING;
                record.answered_at = call->record.answered_at;
                record.reason[0] = '\0';
                record.ended_at = record.duration_s = 0;
        }
        return record;
}

CallRecord exchange_side_history(const Side *side)
{
        return side_record_as(side, rules_history_status(side->direction, side->status));
}

int exchange_side_snapshot(const Side *side, const Moment *moment, const Device *device,
                           CallSnapshot *ret)
{
        const Call *call = side->call;
        CallRecord record = exchange_side_record(side);
        CallSnapshot snapshot = {.here = str_eq(side->device, device->id)};
        int r = call_record_copy(&snapshot.record, &record);

        if (r == 0 && snapshot.here && side->media.joined && !side->media.by_token) {
                STR_SET(snapshot.participant, side->media.participant);
                r = exchange_side_others(side, &snapshot.others, &snapshot.n_others);
        }
        if (r < 0) {
                call_snapshot_done(&snapshot);
                return r;
        }
        if (side->status == CALL_STATUS_INITIATED && call->ring_until > moment->now)
                snapshot.remaining_ms =
                        (uint32_t)((call->ring_until - moment->now) / USEC_PER_MSEC);
        const Token *token = snapshot.here ? exchange_side_token(side, moment->now) : NULL;
        if (token)
                STR_SET(snapshot.join_token, token->token);
        *ret = snapshot;
        return 0;
}
