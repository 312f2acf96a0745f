/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The session id of an initiate that became an accept (rules 10, 11). It belongs to its user, and
 * stands for that call for as long as the exchange knows the call: until ENDED_MEMORY_US after its
 * end.
 */

#include "exchange/state.h"

/* Replaces an older one of the leg. Returns 0, or -ENOMEM with the older one kept. */
int exchange_alias_set(Exchange *exchange, CallLeg *leg, const char *session_id);
void exchange_alias_drop(Exchange *exchange, CallLeg *leg);
/* The leg, of any user, whose initiate had this id; or NULL. */
CallLeg *exchange_alias_find(const Exchange *exchange, const char *session_id);
/* The same, of this user. */
CallLeg *exchange_alias_of_user(const Exchange *exchange, const User *user, const char *session_id);
const char *exchange_alias_id(const CallLeg *leg); /* empty: none */
