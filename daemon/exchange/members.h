/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Members of a group's call, announced to its devices. Each device gets all of them once, and then
 * those whose state has changed: when the call's deadline comes, at the end of an input, and not
 * more often than its audience may hear of it. A shortage of memory delays the message and undoes
 * nothing.
 */

#include "exchange/state.h"

/* Sends what is pending and due. */
void exchange_members_send(Exchange *exchange, const ExchangeNow *moment, Call *call);
