/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Join tokens.
 */

#include "exchange/state.h"

/* Makes a token for the leg from the input's entropy. Returns 0 or -ENOMEM. */
int exchange_leg_token_new(Exchange *exchange, const ExchangeNow *moment, CallLeg *leg,
                           Token **ret);
/* The leg's newest valid token, or NULL. */
const Token *exchange_leg_token(const CallLeg *leg, usec_t now);
/* The valid token with this text, or NULL. */
Token *exchange_token_find(const Exchange *exchange, const char *text, usec_t now);
void exchange_token_free(Exchange *exchange, Token *token);
