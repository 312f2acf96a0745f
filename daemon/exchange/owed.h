/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* News of the others that a participant has not been sent, because its line was full: news.h. */

#include "exchange/state.h"

/* News of one leg, owed to the leg in whose list `owed` it is. */
struct News {
        const CallLeg *of;
        Participant told; /* what the receiver was last told; an empty id: of no participant */
        News *prev, *next;
};

/* NULL: nothing is owed. */
News *exchange_owed_find(const CallLeg *receiver, const CallLeg *leg);
/* `told` NULL: the receiver was told of no participant. Returns 0 or -ENOMEM. */
int exchange_owed_add(CallLeg *receiver, const CallLeg *leg, const Participant *told);
void exchange_owed_free(CallLeg *receiver, News *news);
/* Forgets all that is owed to a receiver who has just got all participants, or needs none now. */
void exchange_owed_forget(CallLeg *receiver);
/* Forgets news of the leg that is owed to anybody in the call's media. */
void exchange_owed_forget_of(const CallLeg *leg);
