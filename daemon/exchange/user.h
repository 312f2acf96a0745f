/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Users, and who may not ring them.
 */

#include "exchange/state.h"

User *exchange_user_find(const Exchange *exchange, const char *uid);
/* Returns 0 or -ENOMEM. */
int exchange_user_new(Exchange *exchange, const char *uid, User **ret);
/* Also frees the user's attachments and memberships. */
void exchange_user_free(Exchange *exchange, User *user);
Party exchange_user_party(const User *user, const char *device);

/* False if the user's calls of the last day leave no room for so many bytes more. */
bool exchange_user_may_store(const Exchange *exchange, const User *user, size_t bytes, usec_t now);
void exchange_user_has_stored(const Exchange *exchange, User *user, size_t bytes, usec_t now);

/*
 * Makes that uid the last of those whom the user has called. When there are CALLED_MAX others, the
 * one called longest ago is forgotten; else there must be room for a new one
 * (exchange_uids_reserve()).
 */
void exchange_user_note_called(User *user, const char *uid);

bool exchange_user_blocks(const User *user, const char *uid);
/* The user does not block that caller, but does not let them ring either (rule 9). */
bool exchange_user_bars(const User *user, const char *uid);
