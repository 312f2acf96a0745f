/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "exchange/exchange.h"

#include <errno.h>

#include "base/array.h"
#include "exchange/attachment.h"
#include "exchange/call.h"
#include "exchange/cancelled.h"
#include "exchange/group.h"
#include "exchange/rate.h"
#include "exchange/redial.h"
#include "exchange/snapshot.h"
#include "exchange/user.h"

int exchange_new(const ExchangeLimits *limits, Exchange **ret)
{
        Exchange *exchange = calloc(1, sizeof(*exchange));

        if (!exchange)
                return -ENOMEM;
        exchange->limits = *limits;
        *ret = exchange;
        return 0;
}

void exchange_set_limits(Exchange *exchange, const ExchangeLimits *limits)
{
        const ExchangeLimits before = exchange->limits;

        for (User *user = exchange->users; user; user = user->hh.next) {
                if (limits->calls_per_minute != before.calls_per_minute)
                        exchange_rate_done(&user->starts);
                if (limits->failed_lookups_per_minute != before.failed_lookups_per_minute)
                        exchange_rate_done(&user->failed_lookups);
        }
        if (!limits->redial_pauses)
                exchange_redial_forget_all(exchange);
        exchange->limits = *limits;
}

Exchange *exchange_free(Exchange *exchange)
{
        ExchangeAction action;

        if (!exchange)
                return NULL;
        while (exchange->live)
                exchange_call_free(exchange, exchange->live);
        exchange_forget_expired(exchange, USEC_NEVER);
        exchange_forget_cancels(exchange, USEC_NEVER);
        exchange_redial_forget_all(exchange);
        while (exchange->users)
                exchange_user_free(exchange, exchange->users);
        while (exchange->groups)
                exchange_group_free(exchange, exchange->groups);
        while (exchange_next_action(exchange, &action))
                exchange_action_done(&action);
        deadlines_done(&exchange->deadlines);
        free(exchange->actions);
        free(exchange->ice_servers);
        free(exchange);
        return NULL;
}

int exchange_ice_servers(Exchange *exchange, const IceServer *servers, size_t n)
{
        IceServer *copy;
        int r = ARRAY_COPY(&copy, servers, n);

        if (r < 0)
                return r;
        free(exchange->ice_servers);
        exchange->ice_servers = copy;
        exchange->n_ice_servers = n;
        return 0;
}

/* If this attachment's arrival made the branch, MESSAGE_INCOMING announces it instead. */
static bool branch_in_snapshot(const Branch *branch, const Attachment *attachment)
{
        return branch->announced_to != attachment->id || branch->is_late;
}

/*
 * A call that was answered on another device: the snapshot has it, so that a device that was away
 * stops ringing (rule 4).
 */
static bool leg_answered_elsewhere(const CallLeg *leg, const Device *device)
{
        return leg->direction == CALL_DIRECTION_INCOMING && leg->status == CALL_STATUS_ONGOING &&
               !str_eq(leg->device, device->id);
}

static int attachment_snapshot(const Attachment *attachment, const ExchangeNow *moment,
                               CallSnapshot *snapshots, size_t *n)
{
        const Device *device = attachment->device;
        const CallLeg *leg;
        const Branch *branch;
        int r = 0;

        DL_FOREACH2 (device->branches, branch, device_next) {
                if (r == 0 && branch_in_snapshot(branch, attachment))
                        r = exchange_leg_snapshot(branch->leg, moment, device, &snapshots[(*n)++]);
        }
        DL_FOREACH2 (device->user->busy, leg, list_next) {
                if (r == 0 && leg_answered_elsewhere(leg, device))
                        r = exchange_leg_snapshot(leg, moment, device, &snapshots[(*n)++]);
        }
        return r;
}

int exchange_snapshot(const Exchange *exchange, const ExchangeNow *moment, uint64_t attachment_id,
                      CallSnapshot **ret, size_t *ret_n)
{
        const Attachment *attachment = exchange_attachment_find(exchange, attachment_id);
        const CallLeg *leg;
        const Branch *branch;
        size_t n = 0, n_branches = 0, n_busy = 0;
        CallSnapshot *snapshots;

        if (attachment && attachment->device) {
                DL_COUNT2(attachment->device->branches, branch, n_branches, device_next);
                DL_COUNT2(attachment->device->user->busy, leg, n_busy, list_next);
        }
        int r = ARRAY_NEW(&snapshots, n_branches + n_busy);
        if (r == 0 && snapshots) {
                r = attachment_snapshot(attachment, moment, snapshots, &n);
                if (r < 0)
                        call_snapshots_free(snapshots, n);
        }
        if (r < 0)
                return r;
        *ret = snapshots;
        *ret_n = n;
        return 0;
}

int exchange_each_call(const Exchange *exchange, int (*each)(const CallRecord *, void *),
                       void *userdata)
{
        const Call *call;

        DL_FOREACH (exchange->live, call) {
                CallRecord record = exchange_call_record(call);
                int r = each(&record, userdata);

                if (r != 0)
                        return r;
        }
        return 0;
}

size_t exchange_n_calls(const Exchange *exchange)
{
        return exchange->n_live;
}
