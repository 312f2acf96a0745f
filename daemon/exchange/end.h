/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * How a call ends.
 */

#include "exchange/state.h"

/*
 * Legs that end together. Begin, add each leg, and finish: if no leg is left that keeps the call
 * alive, the rest ends, too. Finishing stores and announces all of it, or undoes it and returns
 * -ENOMEM.
 */
typedef struct Ending {
        Exchange *exchange;
        const ExchangeNow *moment;
        Call *call;
        CallLeg *ended, *last; /* linked by changed_next, the caller first */
        CallEvent event;       /* of the first leg added */
        bool over;
} Ending;

void exchange_ending_begin(Ending *ending, Exchange *exchange, const ExchangeNow *moment,
                           Call *call);
void exchange_ending_add(Ending *ending, CallLeg *leg, CallEvent event);
int exchange_ending_finish(Ending *ending);

/* Ends one leg, and the call if nobody is left in it. Returns 0 or -ENOMEM, here and below. */
int exchange_leg_quit(Exchange *exchange, const ExchangeNow *moment, CallLeg *leg, CallEvent event);
/* Ends every leg of this status: all that ring, or all that are in the call. */
int exchange_call_end(Exchange *exchange, const ExchangeNow *moment, Call *call, CallStatus status,
                      CallEvent event);
