/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Join tokens.
 */

#include "exchange/state.h"

/* A new token for the leg, from the moment's entropy. Returns 0 or -ENOMEM. */
int exchange_leg_token_new(Exchange *exchange, const ExchangeNow *moment, CallLeg *leg,
                           Token **ret);
/* The newest valid token, or NULL. */
const Token *exchange_leg_token(const CallLeg *leg, usec_t now);
/* The token of that text if it is valid, or NULL. */
Token *exchange_token_find(const Exchange *exchange, const char *text, usec_t now);
void exchange_token_free(Exchange *exchange, Token *token);
