/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The media session: joining, leaving, signals.
 */

#include "exchange/request.h"

/* Takes the leg's participant out, and tells the others. Returns 0 or -ENOMEM. */
int exchange_leg_leave(Exchange *exchange, const ExchangeNow *moment, CallLeg *leg);
/* The same for a participant whose connection is lost; cannot fail. */
void exchange_leg_gone(Exchange *exchange, const ExchangeNow *moment, CallLeg *leg);

int exchange_request_join(Request *request);
int exchange_request_leave(Request *request);
int exchange_request_signal(Request *request);
int exchange_request_state(Request *request);
int exchange_request_token(Request *request);
