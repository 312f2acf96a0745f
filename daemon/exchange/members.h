/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Announces member states of a group's call. Each device gets all members once, and later only
 * those with a new state: at the call's deadline, and no more often than its audience's interval. A
 * shortage of memory delays the message; nothing is undone.
 */

#include "exchange/state.h"

/* Sends the pending states that are due. */
void exchange_members_send(Exchange *exchange, const ExchangeNow *moment, Call *call);
/* The device has acknowledged something: if that was all, it may need all members again. */
void exchange_members_room(Exchange *exchange, Branch *branch);
