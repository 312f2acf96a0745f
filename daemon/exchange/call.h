/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Calls: live ones, and ended ones while they are remembered.
 */

#include "exchange/state.h"

Call *exchange_call_find(const Exchange *exchange, const char *session_id);
/* The user's leg, or NULL. */
CallLeg *exchange_call_leg(const Call *call, const User *user);
/*
 * A call with its caller's leg, without branches and in no list; copies `record`. A NULL user has
 * been removed. Returns 0 or -ENOMEM.
 */
int exchange_call_new(const CallRecord *record, User *caller, Call **ret);
/* Makes the call live: in all lists and with a deadline. Returns 0 or -ENOMEM. */
int exchange_call_link(Exchange *exchange, Call *call);
void exchange_call_free(Exchange *exchange, Call *call);
/* Ends a live call's life: only what answers a repeated request is kept, for a while. */
void exchange_call_retire(Exchange *exchange, const ExchangeNow *moment, Call *call);
void exchange_forget_expired(Exchange *exchange, usec_t now);
