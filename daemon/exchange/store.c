/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "exchange/store.h"

#include <errno.h>

#include "base/array.h"
#include "base/boot-date.h"
#include "exchange/action.h"
#include "exchange/alias.h"
#include "exchange/snapshot.h"
#include "exchange/user.h"

static LiveMember leg_stored(const CallLeg *leg, const ExchangeNow *moment)
{
        LiveMember member = {
                .status = leg->status,
                .alerted = leg->ringing_since != 0,
                .quiet = leg->quiet,
                .blocked = leg->blocked,
                .barred = leg->barred,
                .media = leg->media,
                .join_until = boot_date_store(moment->boot_date, leg->join_until),
        };

        if (leg->user)
                member.party = exchange_user_party(leg->user, leg->device);
        else
                STR_SET(member.party.uid, leg->uid);
        STR_SET(member.reason, call_reason_to_string(leg->reason));
        STR_SET(member.merged_id, exchange_alias_id(leg));
        if (!leg->media.joined || leg->media.by_token)
                member.media.participant[0] = '\0';
        return member;
}

static const CallLeg *next_member(const CallLeg *changed)
{
        while (changed && changed->direction != CALL_DIRECTION_INCOMING)
                changed = changed->changed_next;
        return changed;
}

/*
 * Saves the first SAVE_MEMBERS_MAX of the changed members, and sets *changed to the next one, or to
 * NULL after the last.
 */
static int save_some(Exchange *exchange, const ExchangeNow *moment, const Call *call,
                     const CallLeg **changed)
{
        CallRecord record = exchange_call_record(call);
        ExchangeAction *action = exchange_push(exchange, EXCHANGE_SAVE);

        if (!action)
                return -ENOMEM;
        STR_SET(action->session_id, call->record.session_id);
        int r = call_record_copy(&action->live.record, &record);
        if (r < 0)
                return r;
        action->live.caller = leg_stored(call_caller(call), moment);
        action->live.ring_until = boot_date_store(moment->boot_date, call->ring_until);
        r = ARRAY_NEW(&action->live.members, MIN_OF(call->n_legs, (size_t)SAVE_MEMBERS_MAX));
        if (r < 0)
                return r;
        while (*changed && action->live.n_members < SAVE_MEMBERS_MAX) {
                action->live.members[action->live.n_members++] = leg_stored(*changed, moment);
                *changed = next_member((*changed)->changed_next);
        }
        action->continues = *changed;
        return 0;
}

int exchange_save(Exchange *exchange, const ExchangeNow *moment, const Call *call,
                  const CallLeg *changed)
{
        int r;

        if (!call_is_to_group(call)) {
                changed = call_members(call);
                call_members(call)->changed_next = NULL;
        }
        changed = next_member(changed);
        do
                r = save_some(exchange, moment, call, &changed);
        while (r == 0 && changed);
        return r;
}

int exchange_save_leg(Exchange *exchange, const ExchangeNow *moment, CallLeg *leg)
{
        leg->changed_next = NULL;
        return exchange_save(exchange, moment, leg->call, leg);
}
