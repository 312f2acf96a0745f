/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The wait before the next try: exponential with jitter, so that not all clients of a hub that
 * comes back arrive at once. Pure: the caller passes the random number.
 */

#include "base/clock.h"

#define BACKOFF_MIN_US (USEC_PER_SEC / 2)  /* PROTOCOL.md, Order: 0.5 s … */
#define BACKOFF_MAX_US (60 * USEC_PER_SEC) /* … up to 60 s */

typedef struct Backoff {
        unsigned tries;
} Backoff;

/* The wait before the next try: between half and all of min(0.5 s × 2^tries, 60 s). */
usec_t backoff_next(Backoff *backoff, uint32_t chance);
void backoff_reset(Backoff *backoff); /* after a success, or when the network comes back */
