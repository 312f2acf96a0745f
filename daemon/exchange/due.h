/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Deadlines of calls: which have passed, and which is next.
 */

#include "exchange/state.h"

/* Carries out the deadlines that have passed. Returns 0 or -ENOMEM. */
int exchange_take_tick(Exchange *exchange, const ExchangeNow *moment);
/* Recomputes the deadlines of marked calls; runs at the end of each input. */
void exchange_settle(Exchange *exchange);
