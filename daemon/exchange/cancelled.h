/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Session ids that must not start a call: cancelled before their initiate arrived, or over (rule
 * 15).
 */

#include "exchange/state.h"

/* Makes initiates of this id fail, for CANCEL_MEMORY_US. Returns 0 or -ENOMEM. */
int exchange_cancel_remember(Exchange *exchange, const ExchangeNow *moment, User *user,
                             const char *session_id);
bool exchange_is_cancelled(const Exchange *exchange, const User *user, const char *session_id);
void exchange_forget_cancels(Exchange *exchange, usec_t now);
void exchange_forget_cancels_of(Exchange *exchange, User *user);
