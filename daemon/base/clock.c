/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/clock.h"

#include <assert.h>
#include <time.h>

static usec_t clock_read(clockid_t id)
{
        struct timespec ts;
        int r = clock_gettime(id, &ts);

        assert(r == 0);
        (void)r;
        return (usec_t)ts.tv_sec * USEC_PER_SEC + (usec_t)ts.tv_nsec / 1000;
}

usec_t clock_boottime(void)
{
        return clock_read(CLOCK_BOOTTIME);
}

usec_t clock_realtime(void)
{
        return clock_read(CLOCK_REALTIME);
}
