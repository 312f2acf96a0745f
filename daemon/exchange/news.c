/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "exchange/news.h"

#include "base/bucket.h"
#include "exchange/action.h"
#include "exchange/announce.h"
#include "exchange/flow.h"
#include "exchange/marks.h"
#include "exchange/media.h"
#include "exchange/owed.h"

int exchange_news_tell(Exchange *exchange, const CallLeg *leg, CallLeg *receiver, MessageType type)
{
        const Attachment *to = exchange_leg_media_attachment(receiver);
        const Participant participant = exchange_leg_participant(leg);

        if (exchange_owed_find(receiver, leg))
                return 0;
        if (!exchange_flow_has_room_for_news(to, leg->uid))
                return exchange_owed_add(receiver, leg,
                                         type == MESSAGE_JOINED ? NULL : &participant);
        return exchange_leg_send_participant(exchange, leg, to, type, &participant);
}

#define STATE_SPACING_US (USEC_PER_SEC / STATES_PER_S)

int exchange_news_changed(Exchange *exchange, const ExchangeNow *moment, CallLeg *leg)
{
        usec_t wait = 0;

        if (!leg->state_at)
                wait = bucket_take(&leg->states_bucket, moment->now, STATE_SPACING_US,
                                   STATES_BURST);
        if (wait > 0)
                leg->state_at = moment->now + wait;
        /* The caller has the call's deadline computed again. */
        return leg->state_at ? 0 : exchange_leg_send_others(exchange, leg, MESSAGE_PARTICIPANT);
}

void exchange_news_state(Exchange *exchange, const ExchangeNow *moment, CallLeg *leg)
{
        exchange_call_touch(exchange, leg->call);
        if (exchange_leg_send_others(exchange, leg, MESSAGE_PARTICIPANT) < 0) {
                exchange_rollback(exchange);
                leg->state_at = moment->now + NEWS_RETRY_US;
                return;
        }
        exchange_commit(exchange);
        (void)bucket_take(&leg->states_bucket, moment->now, STATE_SPACING_US, STATES_BURST);
        leg->state_at = 0;
}

static int news_send(Exchange *exchange, const CallLeg *receiver, const News *news)
{
        const Attachment *to = exchange_leg_media_attachment(receiver);
        const CallLeg *leg = news->of;
        Participant now = {0};
        int r = 0;

        if (leg->media.joined)
                now = exchange_leg_participant(leg);
        bool same = str_eq(now.id, news->told.id);
        if (!same && !str_empty(news->told.id))
                r = exchange_leg_send_participant(exchange, leg, to, MESSAGE_LEFT, &news->told);
        if (r == 0 && !str_empty(now.id))
                r = exchange_leg_send_participant(
                        exchange, leg, to, same ? MESSAGE_PARTICIPANT : MESSAGE_JOINED, &now);
        return r;
}

static int receiver_send(Exchange *exchange, CallLeg *receiver)
{
        News *news, *next;

        DL_FOREACH_SAFE (receiver->owed, news, next) {
                if (!exchange_flow_has_room_for_news(exchange_leg_media_attachment(receiver),
                                                     news->of->uid))
                        continue;
                int r = news_send(exchange, receiver, news);
                if (r < 0) {
                        exchange_rollback(exchange);
                        return r;
                }
                exchange_commit(exchange);
                exchange_owed_free(receiver, news);
        }
        return 0;
}

void exchange_news_send(Exchange *exchange, const ExchangeNow *moment, Call *call)
{
        CallLeg *receiver;
        int r = 0;

        DL_FOREACH2 (call->joined, receiver, joined_next) {
                if (r == 0)
                        r = receiver_send(exchange, receiver);
        }
        /* If memory is short, it is sent later. */
        call->news_at = r == 0 ? USEC_NEVER : moment->now + NEWS_RETRY_US;
        exchange_call_touch(exchange, call);
}

void exchange_news_room(Exchange *exchange, CallLeg *receiver)
{
        if (!receiver->owed)
                return;
        receiver->call->news_at = 0;
        exchange_call_touch(exchange, receiver->call);
}
