/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Users by the thousand, by the admin socket of a hub that runs: a process for each would take
 * longer than all the rest.
 */

#include <stddef.h>

/* `state` is the hub's folder. Returns a token, which the caller frees. */
char *crowd_add_user(const char *state, const char *uid);
void crowd_add_group(const char *state, const char *guid, const char *const *uids, size_t n);
