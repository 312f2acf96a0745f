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

/* ---- time ---- */

int exchange_tick(Exchange *exchange, const Moment *moment)
{
        Deadline *deadline;

        exchange_forget_expired(exchange, moment->now);
        exchange_forget_cancels(exchange, moment->now);
        while ((deadline = deadlines_first(&exchange->deadlines)) && deadline->at <= moment->now) {
                Call *call = CONTAINER_OF(deadline, Call, deadline);
                CallEvent event = exchange_call_next_due(call).event;
                int r = exchange_call_over(exchange, moment, call, event, event);

                if (r < 0)
                        return r;
        }
        return 0;
}

usec_t exchange_next_deadline(const Exchange *exchange)
{
        const Deadline *deadline = deadlines_first(&exchange->deadlines);

        return deadline ? deadline->at : USEC_NEVER;
}

/* ---- a restart ---- */

/* The party of a side that was there before; its connection has yet to come. */
static int side_restore(Side *side, const Moment *moment)
{
        Device *device;
        int r = exchange_user_device(side->user, side->device, &device);

        if (r == 0)
                r = exchange_leg_new(side, device, NULL);
        side->lost_since = moment->now;
        return r;
}

static void call_restore_times(Call *call, const Moment *moment, const LiveCall *live)
{
        usec_t left = live->ring_until > moment->date ? live->ring_until - moment->date : 0;
        usec_t talked = 0;

        if (live->record.answered_at && moment->date > live->record.answered_at)
                talked = moment->date - live->record.answered_at;
        /* The date may have jumped; no ring is longer than the longest. */
        call->ring_until = moment->now + MIN_OF(left, RING_TIMEOUT_MAX_S * USEC_PER_SEC);
        call->answered = moment->now - MIN_OF(talked, moment->now);
}

static int call_restore(Exchange *exchange, const Moment *moment, Call *call, const LiveCall *live)
{
        Side *caller = &call->sides[CALL_DIRECTION_OUTGOING];
        Side *receiver = &call->sides[CALL_DIRECTION_INCOMING];

        caller->status = receiver->status = live->record.status;
        receiver->alerted = live->members[0].alerted;
        call_restore_times(call, moment, live);
        if (receiver->status == CALL_STATUS_ONGOING)
                STR_SET(receiver->device, live->members[0].party.device);
        else
                caller->joins = live->caller.joins;

        int r = side_restore(caller, moment);
        if (r == 0 && receiver->status == CALL_STATUS_ONGOING)
                r = side_restore(receiver, moment);
        return r < 0 ? r : exchange_call_link(exchange, call);
}

int exchange_restore(Exchange *exchange, const Moment *moment, const LiveCall *live)
{
        User *caller = exchange_user_find(exchange, live->record.initiator.uid);
        User *receiver = exchange_user_find(exchange, live->record.receiver.uid);
        Call *call;

        if (call_status_is_terminal(live->record.status) || live->n_members != 1)
                return -EINVAL;
        if (exchange_call_find(exchange, live->record.session_id))
                return -EEXIST;
        if (!caller || !receiver)
                return CALL_ERROR_USER_NOT_FOUND;

        int r = exchange_call_new(&live->record, caller, receiver, &call);
        if (r < 0)
                return r;
        r = call_restore(exchange, moment, call, live);
        if (r < 0)
                exchange_call_free(exchange, call);
        return r;
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
                CallRecord record = exchange_side_record(&call->sides[CALL_DIRECTION_OUTGOING]);
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
