/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * How a call ends.
 */

#include "exchange/state.h"

/*
 * Legs that end, and the call with the last of them: begin, add, and finish, which announces it
 * to everybody, or takes all of it back and returns -ENOMEM.
 */
typedef struct Ending {
        Exchange *exchange;
        const ExchangeNow *moment;
        Call *call;
        CallLeg *ended, *last; /* a list by changed_next, the caller first */
        CallEvent event;       /* of the first leg that was added */
        bool over;
} Ending;

void exchange_ending_begin(Ending *ending, Exchange *exchange, const ExchangeNow *moment,
                           Call *call);
void exchange_ending_add(Ending *ending, CallLeg *leg, CallEvent event);
int exchange_ending_finish(Ending *ending);

/* One leg ends by this event, and the call with it if nobody is left. Returns 0 or -ENOMEM. */
int exchange_leg_quit(Exchange *exchange, const ExchangeNow *moment, CallLeg *leg, CallEvent event);
/* Ends every leg of that status by this event: those that ring, or those in the call. */
int exchange_call_end(Exchange *exchange, const ExchangeNow *moment, Call *call, CallStatus status,
                      CallEvent event);
