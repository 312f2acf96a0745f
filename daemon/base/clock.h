/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The two clocks of the programs. The pure rooms (model, exchange, phone) read neither; each event
 * carries the time.
 */

#include <stdint.h>

typedef uint64_t usec_t; /* microseconds; each use documents its clock */

#define USEC_PER_MSEC ((usec_t)1000)
#define USEC_PER_SEC ((usec_t)1000000)
#define USEC_NEVER ((usec_t)UINT64_MAX)

/* Whole seconds, rounded up: how long to wait, as people are told. */
static inline unsigned usec_to_seconds_up(usec_t wait)
{
        return (unsigned)((wait + USEC_PER_SEC - 1) / USEC_PER_SEC);
}

/* CLOCK_BOOTTIME: runs while the machine sleeps, never jumps. For deadlines. */
usec_t clock_boottime(void);

/* CLOCK_REALTIME since the epoch: for dates that people see, never for deadlines. */
usec_t clock_realtime(void);
