/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * How many signals one participant sends to another. Each sender has a rate with each receiver, so
 * what one sends takes no room from the others. The rate goes on when either of them joins again.
 */

#include "exchange/state.h"

/*
 * Counts one more signal. Returns 0 with *ret_wait 0, or with how long to wait if it is one too
 * many; or -ENOMEM.
 */
int exchange_signal_rate_take(CallLeg *from, const CallLeg *to, usec_t now, usec_t *ret_wait);
void exchange_signal_rates_free(CallLeg *from);
