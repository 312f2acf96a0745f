/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "exchange/leg.h"

#include <assert.h>
#include <errno.h>

#include "exchange/attachment.h"
#include "exchange/branch.h"
#include "exchange/marks.h"
#include "exchange/media.h"
#include "exchange/owed.h"
#include "exchange/signal-rate.h"
#include "exchange/token.h"

int exchange_leg_new(Call *call, User *user, const char *uid, CallDirection direction,
                     CallLeg **ret)
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
                .announced = {MEMBER_STATE_COUNT, MEMBER_STATE_COUNT},
        };
        STR_SET(leg->uid, uid);
        DL_APPEND2(call->legs, leg, call_prev, call_next);
        call->n_legs++;
        call->n_rings += direction == CALL_DIRECTION_INCOMING;
        exchange_members_changed(call);
        *ret = leg;
        return 0;
}

bool exchange_leg_takes_part(const CallLeg *leg)
{
        return leg->status == CALL_STATUS_ONGOING ||
               (leg->status == CALL_STATUS_INITIATED && leg->direction == CALL_DIRECTION_OUTGOING);
}

/* The user's list for a live leg of this status. */
static CallLeg **leg_list(CallLeg *leg)
{
        if (exchange_leg_takes_part(leg))
                return &leg->user->busy;
        return leg->status == CALL_STATUS_INITIATED && !exchange_leg_is_hidden(leg)
                       ? &leg->user->rings
                       : &leg->user->apart;
}

void exchange_leg_unlist(CallLeg *leg)
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
        exchange_leg_unlist(leg);
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
        leg->media = (LiveMedia){0};
        exchange_leg_list_joined(leg);
        leg->lost_since = leg->join_until = USEC_NEVER;
}

void exchange_leg_free(CallLeg *leg)
{
        Call *call = leg->call;

        assert(!leg->branches && !leg->tokens && !leg->limited);

        exchange_leg_set(leg, CALL_STATUS_ENDED, CALL_REASON_NONE);
        exchange_leg_unlist(leg);
        exchange_owed_forget_of(leg);
        exchange_owed_forget(leg);
        exchange_signal_rates_free(leg);
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
