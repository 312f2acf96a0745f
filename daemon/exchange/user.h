/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Users, and the users they block.
 */

#include "exchange/state.h"

User *exchange_user_find(const Exchange *exchange, const char *uid);
/* Returns 0 or -ENOMEM. */
int exchange_user_new(Exchange *exchange, const char *uid, User **ret);
/* Also frees the user's attachments and memberships. */
void exchange_user_free(Exchange *exchange, User *user);
Party exchange_user_party(const User *user, const char *device);

bool exchange_user_blocks(const User *user, const char *uid);
/* Reserves memory for one more blocked user. Returns 0 or -ENOMEM. */
int exchange_user_block_reserve(User *user);
/* Blocks or unblocks `uid`; blocking uses the reserved memory. */
void exchange_user_block_set(User *user, const char *uid, bool on);
