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

CallLeg *exchange_call_leg(const Call *call, const User *user)
{
        CallLeg *leg;

        DL_FOREACH2 (call->legs, leg, call_next) {
                /* What is over has let go of its users. */
                if (call->live ? leg->user == user : str_eq(leg->uid, user->uid))
                        return leg;
        }
        return NULL;
}

/* ---- legs ---- */

static int leg_new(Call *call, User *user, const char *uid, CallDirection direction, CallLeg **ret)
{
        CallLeg *leg = calloc(1, sizeof(*leg));

        if (!leg)
                return -ENOMEM;
        *leg = (CallLeg){
                .call = call,
                .user = user,
                .direction = direction,
                .lost_since = USEC_NEVER,
                .join_until = USEC_NEVER,
                .told = {MEMBER_STATE_COUNT, MEMBER_STATE_COUNT},
        };
        STR_SET(leg->uid, uid);
        DL_APPEND2(call->legs, leg, call_prev, call_next);
        call->n_legs++;
        call->n_rings += direction == CALL_DIRECTION_INCOMING;
        exchange_members_changed(call);
        *ret = leg;
        return 0;
}

int exchange_leg_new(Call *call, User *user, const char *uid, CallLeg **ret)
{
        return leg_new(call, user, uid, CALL_DIRECTION_INCOMING, ret);
}

/* The lists that a live leg of that status is in. */
static CallLeg **leg_list(CallLeg *leg)
{
        if (leg->status == CALL_STATUS_ONGOING ||
            (leg->status == CALL_STATUS_INITIATED && leg->direction == CALL_DIRECTION_OUTGOING))
                return &leg->user->busy;
        return leg->status == CALL_STATUS_INITIATED && !leg->blocked ? &leg->user->rings
                                                                     : &leg->user->apart;
}

static void leg_unlist(CallLeg *leg)
{
        if (leg->list)
                DL_DELETE2(*leg->list, leg, list_prev, list_next);
        leg->list = NULL;
}

void exchange_leg_enlist(CallLeg *leg)
{
        CallLeg **list = leg_list(leg);

        if (list == leg->list)
                return;
        leg_unlist(leg);
        DL_APPEND2(*list, leg, list_prev, list_next);
        leg->list = list;
}

void exchange_leg_release(Exchange *exchange, CallLeg *leg)
{
        while (leg->branches)
                exchange_branch_free(leg->branches);
        while (leg->tokens)
                exchange_token_free(exchange, leg->tokens);
        if (leg->limited)
                exchange_attachment_free(exchange, leg->limited);
        leg->media = (Media){0};
        exchange_leg_list_joined(leg);
        leg->lost_since = leg->join_until = USEC_NEVER;
}

void exchange_leg_free(CallLeg *leg)
{
        Call *call = leg->call;

        assert(!leg->branches && !leg->tokens && !leg->limited);

        exchange_leg_set(leg, CALL_STATUS_ENDED, CALL_REASON_NONE);
        leg_unlist(leg);
        DL_DELETE2(call->legs, leg, call_prev, call_next);
        call->n_legs--;
        free(leg);
}

static bool leg_is_rung(const CallLeg *leg)
{
        return leg->direction == CALL_DIRECTION_INCOMING && leg->status == CALL_STATUS_INITIATED;
}

void exchange_leg_set(CallLeg *leg, CallStatus status, CallReason reason)
{
        Call *call = leg->call;

        call->n_rings -= leg_is_rung(leg);
        call->n_parties -= leg->status == CALL_STATUS_ONGOING;
        leg->status = status;
        leg->reason = reason;
        call->n_rings += leg_is_rung(leg);
        call->n_parties += leg->status == CALL_STATUS_ONGOING;
        exchange_members_changed(call);
}

void exchange_leg_move(CallLeg *leg, CallEvent event)
{
        CallStatus status;
        CallReason reason;
        RulesVerdict verdict =
                rules_transition(leg->direction, leg->status, event, &status, &reason);

        assert(verdict == RULES_MOVES);
        (void)verdict;
        exchange_leg_set(leg, status, reason);
}

bool exchange_leg_may_join_late(const CallLeg *leg)
{
        return leg->call->live && call_is_to_group(leg->call) && call_is_answered(leg->call) &&
               call_status_is_terminal(leg->status) && !leg->blocked;
}

/* ---- a call comes and goes ---- */

int exchange_call_new(const CallRecord *record, User *caller, Call **ret)
{
        Call *call = calloc(1, sizeof(*call));
        CallLeg *leg;

        if (!call)
                return -ENOMEM;
        call->answered = call->alone_since = USEC_NEVER;
        int r = call_record_copy(&call->record, record);
        if (r == 0)
                r = leg_new(call, caller, record->initiator.uid, CALL_DIRECTION_OUTGOING, &leg);
        if (r < 0) {
                call_record_done(&call->record);
                free(call);
                return r;
        }
        STR_SET(leg->device, record->initiator.device);
        *ret = call;
        return 0;
}

int exchange_call_link(Exchange *exchange, Call *call)
{
        CallLeg *leg;

        if (deadlines_add(&exchange->deadlines, &call->deadline, USEC_NEVER) < 0)
                return -ENOMEM;
        HASH_ADD_STR(exchange->calls, record.session_id, call);
        if (!call->hh.tbl) {
                deadlines_remove(&exchange->deadlines, &call->deadline);
                return -ENOMEM;
        }
        DL_FOREACH2 (call->legs, leg, call_next) {
                if (leg->user)
                        exchange_leg_enlist(leg);
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
        CallLeg *leg;

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
        DL_FOREACH2 (call->legs, leg, call_next) {
                exchange_leg_release(exchange, leg);
                leg_unlist(leg);
                leg->user = NULL;
        }
}

void exchange_call_free(Exchange *exchange, Call *call)
{
        CallLeg *leg, *next;

        call_unlink(exchange, call);
        if (call->hh.tbl)
                HASH_DEL(exchange->calls, call);
        DL_FOREACH_SAFE2 (call->legs, leg, next, call_next)
                free(leg);
        call_record_done(&call->record);
        free(call);
}

static void exchange_forget_call(Exchange *exchange, Call *call)
{
        DL_DELETE(exchange->ended, call);
        exchange->n_ended_legs -= call->n_legs;
        exchange_call_free(exchange, call);
}

void exchange_forget_expired(Exchange *exchange, usec_t now)
{
        while (exchange->ended && exchange->ended->forget_at <= now)
                exchange_forget_call(exchange, exchange->ended);
}

/* Keeps what answers a repeated request; what the caller's program sent along is not that. */
void exchange_call_retire(Exchange *exchange, const ExchangeNow *moment, Call *call)
{
        call_unlink(exchange, call);
        metadata_done(&call->record.metadata);
        while (exchange->ended && exchange->n_ended_legs + call->n_legs > ENDED_MEMORY_MAX)
                exchange_forget_call(exchange, exchange->ended);
        call->forget_at = moment->now + ENDED_MEMORY_US;
        DL_APPEND(exchange->ended, call);
        exchange->n_ended_legs += call->n_legs;
}

/* ---- what a call looks like ---- */

/* A missed call says why nobody was alerted, if nobody was (rule 9). */
static CallReason leg_reason_of(const CallLeg *leg, CallStatus status)
{
        if (status != CALL_STATUS_MISSED || leg->reason == CALL_REASON_BUSY)
                return leg->reason;
        return leg->blocked                        ? CALL_REASON_FILTERED_BLOCKED
               : leg->quiet && !leg->ringing_since ? CALL_REASON_FILTERED_DND
                                                   : leg->reason;
}

static CallRecord leg_record_as(const CallLeg *leg, CallStatus status)
{
        CallRecord record = leg->call->record;

        record.direction = leg->direction;
        record.status = status;
        STR_SET(record.reason, call_reason_to_string(leg_reason_of(leg, status)));
        if (leg->direction == CALL_DIRECTION_INCOMING)
                record.ringing_since = leg->ringing_since;
        if (!leg->was_in)
                record.answered_at = 0;
        record.ended_at = leg->ended_at;
        record.duration_s = leg->duration_s;
        record.seen = status != CALL_STATUS_MISSED || leg->blocked;
        return record;
}

CallRecord exchange_leg_record(const CallLeg *leg)
{
        CallRecord record = leg_record_as(leg, leg->status);

        record.seen = true;
        return record;
}

CallRecord exchange_call_record(const Call *call)
{
        CallRecord record = exchange_leg_record(call_caller(call));

        /* The caller may have left what goes on. */
        if (call->live && call_is_answered(call)) {
                record.status = CALL_STATUS_ONGOING;
                record.answered_at = call->record.answered_at;
                record.reason[0] = '\0';
                record.ended_at = record.duration_s = 0;
        }
        return record;
}

CallRecord exchange_leg_history(const CallLeg *leg)
{
        return leg_record_as(leg, rules_history_status(leg->direction, leg->status));
}

int exchange_leg_snapshot(const CallLeg *leg, const ExchangeNow *moment, const Device *device,
                          CallSnapshot *ret)
{
        const Call *call = leg->call;
        CallRecord record = exchange_leg_record(leg);
        CallSnapshot snapshot = {.here = str_eq(leg->device, device->id)};
        int r = call_record_copy(&snapshot.record, &record);

        if (r == 0 && snapshot.here && leg->media.joined && !leg->media.by_token) {
                STR_SET(snapshot.participant, leg->media.participant);
                r = exchange_leg_others(leg, &snapshot.others, &snapshot.n_others);
        }
        if (r < 0) {
                call_snapshot_done(&snapshot);
                return r;
        }
        if (leg->status == CALL_STATUS_INITIATED && call->ring_until > moment->now)
                snapshot.remaining_ms =
                        (uint32_t)((call->ring_until - moment->now) / USEC_PER_MSEC);
        const Token *token = snapshot.here ? exchange_leg_token(leg, moment->now) : NULL;
        if (token)
                STR_SET(snapshot.join_token, token->token);
        *ret = snapshot;
        return 0;
}
