/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "exchange/due.h"

#include "exchange/call.h"
#include "exchange/cancelled.h"
#include "exchange/end.h"
#include "exchange/marks.h"
#include "exchange/members.h"

typedef struct CallDue CallDue;
struct CallDue {
        usec_t at; /* CLOCK_BOOTTIME */
        int (*act)(Exchange *exchange, const ExchangeNow *moment, const CallDue *due);
        Call *call;
        CallLeg *leg; /* the leg that `event` happens to; NULL: the whole call */
        CallEvent event;
};

static int due_ring_ends(Exchange *exchange, const ExchangeNow *moment, const CallDue *due)
{
        return exchange_call_end(exchange, moment, due->call, CALL_STATUS_INITIATED, due->event);
}

static int due_all_leave(Exchange *exchange, const ExchangeNow *moment, const CallDue *due)
{
        return exchange_call_end(exchange, moment, due->call, CALL_STATUS_ONGOING, due->event);
}

static int due_leg_quits(Exchange *exchange, const ExchangeNow *moment, const CallDue *due)
{
        return exchange_leg_quit(exchange, moment, due->leg, due->event);
}

static int due_members(Exchange *exchange, const ExchangeNow *moment, const CallDue *due)
{
        exchange_members_send(exchange, moment, due->call);
        return 0;
}

static CallDue due_earlier(CallDue due, CallDue other)
{
        return other.at < due.at ? other : due;
}

/* Does another participant report that media flows? */
static bool leg_media_flows(const CallLeg *leg)
{
        const CallLeg *other;

        DL_FOREACH2 (leg->call->joined, other, joined_next) {
                if (other != leg && other->media.flows)
                        return true;
        }
        return false;
}

static usec_t leg_grace(const CallLeg *leg)
{
        return leg->status == CALL_STATUS_INITIATED ? GRACE_CALLER_LOST_US
               : leg_media_flows(leg)               ? GRACE_MEDIA_FLOWS_US
                                                    : GRACE_IN_CALL_US;
}

static CallDue leg_next_due(CallLeg *leg, CallDue due)
{
        CallDue lost = {
                .act = due_leg_quits,
                .call = leg->call,
                .leg = leg,
                .event = leg->status == CALL_STATUS_INITIATED ? CALL_EVENT_CALLER_LOST
                                                              : CALL_EVENT_CONNECTION_LOST,
        };
        CallDue unjoined = {
                .at = leg->join_until,
                .act = due_leg_quits,
                .call = leg->call,
                .leg = leg,
                .event = CALL_EVENT_NO_MEDIA,
        };

        if (leg->lost_since == USEC_NEVER)
                return due_earlier(due, unjoined);
        lost.at = leg->lost_since + leg_grace(leg);
        return due_earlier(due_earlier(due, unjoined), lost);
}

static CallDue call_next_due(Call *call)
{
        CallDue due = {.at = USEC_NEVER, .call = call};
        CallLeg *leg;

        if (call->n_rings > 0)
                due = due_earlier(due, (CallDue){.at = call->ring_until,
                                                 .act = due_ring_ends,
                                                 .call = call,
                                                 .event = CALL_EVENT_TIMEOUT});
        if (call->alone_since != USEC_NEVER)
                due = due_earlier(due, (CallDue){.at = call->alone_since + ALONE_DEADLINE_US,
                                                 .act = due_all_leave,
                                                 .call = call,
                                                 .event = CALL_EVENT_IDLE});
        for (Audience a = 0; a < AUDIENCE_COUNT; a++) {
                if (call->audiences[a].pending)
                        due = due_earlier(due, (CallDue){.at = call->audiences[a].next_send,
                                                         .act = due_members,
                                                         .call = call});
        }
        DL_FOREACH2 (call->legs, leg, call_next)
                due = leg_next_due(leg, due);
        return due;
}

void exchange_settle(Exchange *exchange)
{
        Call *call;

        while ((call = exchange->touched)) {
                exchange_call_untouch(exchange, call);
                deadlines_set(&exchange->deadlines, &call->deadline, call_next_due(call).at);
        }
}

int exchange_take_tick(Exchange *exchange, const ExchangeNow *moment)
{
        Deadline *deadline;

        exchange_settle(exchange);
        exchange_forget_expired(exchange, moment->now);
        exchange_forget_cancels(exchange, moment->now);
        while ((deadline = deadlines_first(&exchange->deadlines)) && deadline->at <= moment->now) {
                CallDue due = call_next_due(CONTAINER_OF(deadline, Call, deadline));
                int r = due.act(exchange, moment, &due);

                exchange_settle(exchange);
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
