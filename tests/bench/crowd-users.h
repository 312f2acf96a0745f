/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Adds users by the thousand through the admin socket of a running hub: a process for each would
 * take longer than the rest of the bench.
 */

#include <stddef.h>

/* `state` is the hub's folder. Returns a token, which the caller frees. */
char *crowd_add_user(const char *state, const char *uid);
void crowd_add_group(const char *state, const char *guid, const char *const *uids, size_t n);
