/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a participant has not been sent of the others, because its line was full: news.h. */

#include "exchange/state.h"

/* News of one leg for the leg that has it in `owed`. */
struct News {
        const CallLeg *of;
        Participant told; /* what the receiver last heard; an empty id: of no participant */
        News *prev, *next;
};

/* NULL: nothing is owed. */
News *exchange_owed_find(const CallLeg *receiver, const CallLeg *leg);
/* `told` NULL: of no participant. Returns 0 or -ENOMEM. */
int exchange_owed_add(CallLeg *receiver, const CallLeg *leg, const Participant *told);
void exchange_owed_free(CallLeg *receiver, News *news);
/* The receiver has a fresh list of all participants, or needs none any more. */
void exchange_owed_forget(CallLeg *receiver);
/* Nobody in the media of the call is owed news of the leg any more. */
void exchange_owed_forget_of(const CallLeg *leg);
