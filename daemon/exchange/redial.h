/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Rule 21: counts the unanswered rings of one user to another, and decides when a pause begins and
 * how long it lasts. What counts is what the caller sees, a ring that nobody answered, so a pause
 * does not tell them why nobody did. All of it does nothing unless the limits ask for it.
 */

#include "exchange/state.h"

/* How long `caller` has to wait before they may ring `receiver`, from `now` on; 0: not at all. */
usec_t exchange_redial_wait(const Exchange *exchange, const char *caller, const char *receiver,
                            usec_t now);
/* Reserves memory for exchange_redial_unanswered(). Returns 0 or -ENOMEM. */
int exchange_redial_reserve(Exchange *exchange, const char *caller, const char *receiver,
                            usec_t now);
/* A ring of this pair has ended without an answer. */
void exchange_redial_unanswered(Exchange *exchange, const char *caller, const char *receiver,
                                usec_t now);
/* The receiver has answered, or called back. */
void exchange_redial_clear(Exchange *exchange, const char *caller, const char *receiver);
/* Forgets a user whose uid may be given to somebody else. */
void exchange_redial_forget_user(Exchange *exchange, const char *uid);
void exchange_redial_forget_all(Exchange *exchange);
