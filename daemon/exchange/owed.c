/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "exchange/owed.h"

#include <errno.h>
#include <stdlib.h>

News *exchange_owed_find(const CallLeg *receiver, const CallLeg *leg)
{
        News *news;

        DL_SEARCH_SCALAR(receiver->owed, news, of, leg);
        return news;
}

int exchange_owed_add(CallLeg *receiver, const CallLeg *leg, const Participant *told)
{
        News *news = calloc(1, sizeof(*news));

        if (!news)
                return -ENOMEM;
        news->of = leg;
        if (told)
                news->told = *told;
        DL_APPEND(receiver->owed, news);
        return 0;
}

void exchange_owed_free(CallLeg *receiver, News *news)
{
        DL_DELETE(receiver->owed, news);
        free(news);
}

void exchange_owed_forget(CallLeg *receiver)
{
        while (receiver->owed)
                exchange_owed_free(receiver, receiver->owed);
}

void exchange_owed_forget_of(const CallLeg *leg)
{
        CallLeg *receiver;

        DL_FOREACH2 (leg->call->joined, receiver, joined_next) {
                News *news = exchange_owed_find(receiver, leg);

                if (news)
                        exchange_owed_free(receiver, news);
        }
}
