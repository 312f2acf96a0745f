/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* How often a user has done something in the last minute, against an operator's limit. */

#include "exchange/state.h"

/* False once `max` have been noted within the last minute. `max` 0: no limit. */
bool exchange_rate_admits(const Rate *rate, uint32_t max, usec_t now);
/* Reserves memory for exchange_rate_note(). Returns 0 or -ENOMEM. */
int exchange_rate_reserve(Rate *rate, uint32_t max);
void exchange_rate_note(Rate *rate, uint32_t max, usec_t now);
/* Forgets all that was noted. Has to be called before `max` changes. */
void exchange_rate_done(Rate *rate);
