/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Cancels that came before their initiate, or may be asked for again (rule 15).
 */

#include "exchange/state.h"

/* Remembers that an initiate of that id comes too late. Returns 0 or -ENOMEM. */
int exchange_cancel_remember(Exchange *exchange, const ExchangeNow *moment, const User *user,
                             const char *session_id);
bool exchange_is_cancelled(const Exchange *exchange, const User *user, const char *session_id);
void exchange_forget_cancels(Exchange *exchange, usec_t now);
