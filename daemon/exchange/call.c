/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "exchange/call.h"

#include <errno.h>

#include "exchange/alias.h"
#include "exchange/group.h"
#include "exchange/leg.h"
#include "exchange/marks.h"
#include "exchange/signal-rate.h"

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
                /* The legs of an ended call no longer point to their users. */
                if (call->live ? leg->user == user : str_eq(leg->uid, user->uid))
                        return leg;
        }
        return NULL;
}

int exchange_call_new(const CallRecord *record, User *caller, Call **ret)
{
        Call *call = calloc(1, sizeof(*call));
        CallLeg *leg;

        if (!call)
                return -ENOMEM;
        call->answered = call->alone_since = call->news_at = USEC_NEVER;
        int r = call_record_copy(&call->record, record);
        if (r == 0)
                r = exchange_leg_new(call, caller, record->initiator.uid, CALL_DIRECTION_OUTGOING,
                                     &leg);
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
        exchange_call_touch(exchange, call);
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
                exchange_call_untouch(exchange, call);
                deadlines_remove(&exchange->deadlines, &call->deadline);
                DL_DELETE(exchange->live, call);
                exchange->n_live--;
                call->live = false;
        }
        DL_FOREACH2 (call->legs, leg, call_next) {
                exchange_leg_release(exchange, leg);
                exchange_leg_unlist(leg);
                exchange_signal_rates_free(leg);
                leg->user = NULL;
        }
}

void exchange_call_free(Exchange *exchange, Call *call)
{
        CallLeg *leg, *next;

        call_unlink(exchange, call);
        if (call->hh.tbl)
                HASH_DEL(exchange->calls, call);
        DL_FOREACH_SAFE2 (call->legs, leg, next, call_next) {
                exchange_alias_drop(exchange, leg);
                free(leg);
        }
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

/* Keeps the legs, which answer repeated requests; metadata is not needed for that. */
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
