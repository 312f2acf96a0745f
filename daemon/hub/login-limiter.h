/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Failed logins by address. Whoever fails too often in a minute is turned away before a token is
 * looked at, until that minute is over. An IPv6 address counts by its /64, which is what one
 * customer has.
 */

#include <stdbool.h>

#include "base/cleanup.h"
#include "base/clock.h"

typedef struct LoginLimiter LoginLimiter;

/* `max_failures` a minute; 0: no limit. */
int login_limiter_new(uint32_t max_failures, LoginLimiter **ret);
LoginLimiter *login_limiter_free(LoginLimiter *limiter);
DEFINE_CLEANUP(LoginLimiter *, login_limiter_free);

/* `address` as text; `now` CLOCK_BOOTTIME. */
bool login_limiter_is_open(LoginLimiter *limiter, const char *address, usec_t now);
void login_limiter_note_failure(LoginLimiter *limiter, const char *address, usec_t now);
