/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Deadlines of calls: what is due, and when the next thing is.
 */

#include "exchange/state.h"

/* Carries out what is due. Returns 0 or -ENOMEM. */
int exchange_take_tick(Exchange *exchange, const ExchangeNow *moment);
/* Recomputes the deadlines of marked calls; runs at the end of each input. */
void exchange_settle(Exchange *exchange);
