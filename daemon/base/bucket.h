/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A rate with a burst: the generic cell rate algorithm (ITU-T I.371). A bucket is one time, when
 * what has come so far would be through if it came evenly; that may run ahead of now by a burst. 0:
 * nothing has come yet.
 */

#include "base/clock.h"

/* Takes one more, and returns 0; or returns how long to wait until one more may come. */
static inline usec_t bucket_take(usec_t *bucket, usec_t now, usec_t spacing, usec_t burst)
{
        usec_t next = (*bucket > now ? *bucket : now) + spacing;

        if (next > now + burst * spacing)
                return next - now - burst * spacing;
        *bucket = next;
        return 0;
}
