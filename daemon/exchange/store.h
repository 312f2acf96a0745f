/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Stores live calls, for a restart of the hub. */

#include "exchange/state.h"

/*
 * Queues the storage of the call and of the legs in `changed`, linked by changed_next. Returns 0 or
 * -ENOMEM.
 */
int exchange_save(Exchange *exchange, const ExchangeNow *moment, const Call *call,
                  const CallLeg *changed);

/* Queues the storage of the call and of this one leg. */
int exchange_save_leg(Exchange *exchange, const ExchangeNow *moment, CallLeg *leg);
