/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The media session: joining, leaving, signals.
 */

#include "exchange/request.h"

/* Ends the leg's participation in the media and announces that. Returns 0 or -ENOMEM. */
int exchange_leg_leave_media(Exchange *exchange, const ExchangeNow *moment, CallLeg *leg);
/* Ends the participation after its connection is lost. Cannot fail. */
void exchange_leg_lose_media(Exchange *exchange, const ExchangeNow *moment, CallLeg *leg);

int exchange_request_join(Request *request);
int exchange_request_leave(Request *request);
int exchange_request_signal(Request *request);
int exchange_request_relays(Request *request);
int exchange_request_state(Request *request);
int exchange_request_token(Request *request);
