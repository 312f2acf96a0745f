/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Counts the logins of each user that are not resumed: they are the expensive ones, with a snapshot
 * of calls and history. A user with too many in a minute waits until that minute is over. Pure.
 */

#include <stdint.h>

#include "base/cleanup.h"
#include "base/clock.h"

/* A user may have 64 devices: each may log in four times, as after a hub that stops twice. */
#define FULL_LOGINS_PER_MINUTE 256 /* PROTOCOL.md, Limits */

typedef struct LoginRate LoginRate;

int login_rate_new(LoginRate **ret);
LoginRate *login_rate_free(LoginRate *rate);
DEFINE_CLEANUP(LoginRate *, login_rate_free);

/*
 * Notes a login of the user at `now`, CLOCK_BOOTTIME. Returns 0, or -ENOMEM, or -EAGAIN with
 * *ret_wait: how long the user has to wait for the next one. The last two note nothing.
 */
int login_rate_note(LoginRate *rate, const char *uid, usec_t now, usec_t *ret_wait);
