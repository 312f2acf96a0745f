/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "loop/backoff.h"

#include "base/cleanup.h"

usec_t backoff_next(Backoff *backoff, uint32_t chance)
{
        /* 2^7 × 0.5 s is longer than BACKOFF_MAX_US. */
        usec_t full = MIN_OF(BACKOFF_MIN_US << MIN_OF(backoff->tries, 7U), BACKOFF_MAX_US);

        if (backoff->tries < 7)
                backoff->tries++;
        return full / 2 + (full / 2 * (usec_t)chance >> 32);
}

void backoff_lasted(Backoff *backoff, usec_t span)
{
        if (span >= BACKOFF_LASTS_US)
                backoff_reset(backoff);
}

void backoff_reset(Backoff *backoff)
{
        backoff->tries = 0;
}
