/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What must survive a restart of the hub.
 */

#include "exchange/state.h"

/* Stores the call and these legs of it, a list by changed_next. Returns 0 or -ENOMEM. */
int exchange_save(Exchange *exchange, const ExchangeNow *moment, const Call *call,
                  const CallLeg *changed);
