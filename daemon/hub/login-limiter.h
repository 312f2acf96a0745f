/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Counts failed logins by address. From an address with too many failures in a minute, no more
 * wrong tokens are answered as such until that minute is over; a good token still logs in. IPv6
 * addresses count by their /64, the block that one customer has.
 */

#include <stdbool.h>

#include "base/cleanup.h"
#include "base/clock.h"

typedef struct LoginLimiter LoginLimiter;

/* `max_failures` per minute; 0: no limit. */
int login_limiter_new(uint32_t max_failures, LoginLimiter **ret);
void login_limiter_set_max(LoginLimiter *limiter, uint32_t max_failures);
LoginLimiter *login_limiter_free(LoginLimiter *limiter);
DEFINE_CLEANUP(LoginLimiter *, login_limiter_free);

/* May this address try another token? `address` is text, `now` CLOCK_BOOTTIME. */
bool login_limiter_is_open(LoginLimiter *limiter, const char *address, usec_t now);
void login_limiter_note_failure(LoginLimiter *limiter, const char *address, usec_t now);
