/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "call/exchange.h"

#include <errno.h>
#include <stdlib.h>

#include "call/exchange-internal.h"

int exchange_new(const ExchangeLimits *limits, Exchange **ret)
{
        Exchange *exchange = calloc(1, sizeof(*exchange));

        if (!exchange)
                return -ENOMEM;
        exchange->limits = *limits;
        *ret = exchange;
        return 0;
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
        IceServer *copy = NULL;

        if (n > 0) {
                copy = calloc(n, sizeof(*copy));
                if (!copy)
                        return -ENOMEM;
                memcpy(copy, servers, n * sizeof(*copy));
        }
        free(exchange->ice_servers);
        exchange->ice_servers = copy;
        exchange->n_ice_servers = n;
        return 0;
}

/* ---- what is going on ---- */

int exchange_snapshot(const Exchange *exchange, const Moment *moment, uint64_t link_id,
                      CallSnapshot **ret, size_t *ret_n)
{
        const Link *link = exchange_link_find(exchange, link_id);
        CallSnapshot *snapshots = NULL;
        size_t n = 0, count = 0;
        const Leg *leg;

        if (link && link->device)
                DL_COUNT2(link->device->legs, leg, count, device_next);
        if (count > 0) {
                snapshots = calloc(count, sizeof(*snapshots));
                if (!snapshots)
                        return -ENOMEM;
                DL_FOREACH2 (link->device->legs, leg, device_next) {
                        /* That one is announced by an event of its own. */
                        if (leg->announced_to == link_id)
                                continue;
                        int r = exchange_side_snapshot(leg->side, moment, link->device,
                                                       &snapshots[n]);
                        if (r < 0) {
                                call_snapshots_free(snapshots, n);
                                return r;
                        }
                        n++;
                }
        }
        *ret = snapshots;
        *ret_n = n;
        return 0;
}

int exchange_each_call(const Exchange *exchange, int (*each)(const CallRecord *, void *),
                       void *userdata)
{
        const Call *call;

        DL_FOREACH (exchange->live, call) {
                CallRecord record = exchange_side_record(call_caller(call));
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
