/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Users, the calls they start and the users they block.
 */

#include "exchange/state.h"

User *exchange_user_find(const Exchange *exchange, const char *uid);
/* Returns 0 or -ENOMEM. */
int exchange_user_new(Exchange *exchange, const char *uid, User **ret);
/* Also frees the user's attachments and memberships. */
void exchange_user_free(Exchange *exchange, User *user);
Party exchange_user_party(const User *user, const char *device);

/* False if the user has used up the limit of calls in the last minute. */
bool exchange_user_may_start_call(const Exchange *exchange, const User *user, usec_t now);
void exchange_user_forget_starts(User *user);
/* Reserves memory for exchange_user_call_started(). Returns 0 or -ENOMEM. */
int exchange_user_reserve_starts(const Exchange *exchange, User *user);
void exchange_user_call_started(const Exchange *exchange, User *user, usec_t now);

bool exchange_user_blocks(const User *user, const char *uid);
/* Reserves memory for one more blocked user. Returns 0 or -ENOMEM. */
int exchange_user_block_reserve(User *user);
/* Blocks or unblocks `uid`; blocking uses the reserved memory. */
void exchange_user_block_set(User *user, const char *uid, bool on);
