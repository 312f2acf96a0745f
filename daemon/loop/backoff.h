/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The wait before the next try: exponential, with jitter that spreads the clients of a hub that
 * comes back. Pure: the caller passes time and the random number.
 */

#include "base/clock.h"

#define BACKOFF_MIN_US (USEC_PER_SEC / 2)  /* PROTOCOL.md, Order */
#define BACKOFF_MAX_US (60 * USEC_PER_SEC) /* PROTOCOL.md, Order */
/* A connection that has lasted so long was a success, even if nothing came by it. */
#define BACKOFF_LASTS_US (10 * USEC_PER_SEC)

typedef struct Backoff {
        unsigned tries;
} Backoff;

/* Returns a random wait between 50 and 100 % of min(0.5 s × 2^tries, 60 s), and counts the try. */
usec_t backoff_next(Backoff *backoff, uint32_t chance);
void backoff_reset(Backoff *backoff); /* after a success, or when the network comes back */
/* A connection has ended that had lasted so long. */
void backoff_lasted(Backoff *backoff, usec_t span);
