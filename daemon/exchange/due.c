/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "exchange/due.h"

#include "exchange/call.h"
#include "exchange/cancelled.h"
#include "exchange/end.h"
#include "exchange/marks.h"
#include "exchange/members.h"
#include "exchange/news.h"

/* What is due next in a call: an event of a leg or of the whole call, or news for others. */
typedef struct CallDue {
        usec_t at; /* CLOCK_BOOTTIME */
        bool members, news, state;
        /* The leg that quits by `event`, or whose `state` is due; NULL: the call ends by it. */
        CallLeg *leg;
        CallEvent event;
} CallDue;

static void due_earlier(CallDue *due, usec_t at, CallLeg *leg, CallEvent event)
{
        if (at < due->at)
                *due = (CallDue){.at = at, .leg = leg, .event = event};
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
        return leg->was_going                         ? GRACE_GOING_US
               : leg->status == CALL_STATUS_INITIATED ? GRACE_CALLER_LOST_US
               : leg_media_flows(leg)                 ? GRACE_MEDIA_FLOWS_US
                                                      : GRACE_IN_CALL_US;
}

static CallDue call_next_due(const Call *call)
{
        CallDue due = {.at = USEC_NEVER};
        CallLeg *leg;

        if (call->n_rings > 0)
                due_earlier(&due, call->ring_until, NULL, CALL_EVENT_TIMEOUT);
        if (call->alone_since != USEC_NEVER)
                due_earlier(&due, call->alone_since + ALONE_DEADLINE_US, NULL, CALL_EVENT_IDLE);
        for (Audience a = 0; a < AUDIENCE_COUNT; a++) {
                if (call->audiences[a].pending && call->audiences[a].next_send < due.at)
                        due = (CallDue){.at = call->audiences[a].next_send, .members = true};
        }
        if (call->news_at < due.at)
                due = (CallDue){.at = call->news_at, .news = true};
        DL_FOREACH2 (call->legs, leg, call_next) {
                due_earlier(&due, leg->join_until, leg, CALL_EVENT_NO_MEDIA);
                if (leg->state_at && leg->state_at < due.at)
                        due = (CallDue){.at = leg->state_at, .state = true, .leg = leg};
                if (leg->is_outsider && leg->status == CALL_STATUS_INITIATED)
                        due_earlier(&due, 0, leg, CALL_EVENT_SHUTDOWN);
                if (leg->lost_since != USEC_NEVER)
                        due_earlier(&due, leg->lost_since + leg_grace(leg), leg,
                                    leg->status == CALL_STATUS_INITIATED
                                            ? CALL_EVENT_CALLER_LOST
                                            : CALL_EVENT_CONNECTION_LOST);
        }
        return due;
}

static int call_act(Exchange *exchange, const ExchangeNow *moment, Call *call)
{
        CallDue due = call_next_due(call);
        bool rings = due.event == CALL_EVENT_TIMEOUT;

        if (due.members)
                exchange_members_send(exchange, moment, call);
        else if (due.news)
                exchange_news_send(exchange, moment, call);
        else if (due.state)
                exchange_news_state(exchange, moment, due.leg);
        else if (due.leg)
                return exchange_leg_quit(exchange, moment, due.leg, due.event);
        else
                return exchange_call_end(exchange, moment, call,
                                         rings ? CALL_STATUS_INITIATED : CALL_STATUS_ONGOING,
                                         due.event);
        return 0;
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
                int r = call_act(exchange, moment, CONTAINER_OF(deadline, Call, deadline));

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
