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
 * Makes a call with its caller's leg. The call is in no list yet, and the leg has no branches.
 * Copies `record`. `caller` is NULL if that user was removed. Returns 0 or -ENOMEM.
 */
int exchange_call_new(const CallRecord *record, User *caller, Call **ret);
/* Makes the call live: puts it in all lists and gives it a deadline. Returns 0 or -ENOMEM. */
int exchange_call_link(Exchange *exchange, Call *call);
void exchange_call_free(Exchange *exchange, Call *call);
/*
 * Takes a call out of the live ones. It stays, without users and metadata, for ENDED_MEMORY_US to
 * answer repeated requests.
 */
void exchange_call_retire(Exchange *exchange, const ExchangeNow *moment, Call *call);
void exchange_forget_expired(Exchange *exchange, usec_t now);
