/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The date at which the machine's CLOCK_BOOTTIME was 0, read once a boot and stored. A deadline
 * that has to survive a restart of the program is stored as a date that rests on it, so that a
 * clock that is set moves no deadline. After a restart of the machine only the dates are left to
 * tell how much time has passed.
 */

#include "base/clock.h"

typedef struct BootDate {
        uint64_t boot; /* names the boot, fits int64_t; 0: none */
        usec_t date;   /* CLOCK_REALTIME when CLOCK_BOOTTIME was 0 */
} BootDate;

/* Returns `stored` if it is of this boot. Else reads the clocks: the caller stores the result. */
BootDate boot_date_read(BootDate stored);

/* The date to store for a deadline by CLOCK_BOOTTIME; 0 for USEC_NEVER. */
usec_t boot_date_store(usec_t boot_date, usec_t deadline);

/*
 * The deadline that was stored as `date`: no earlier than `now`, and at most `most` later, since
 * the clock may have been set between two boots.
 */
usec_t boot_date_restore(usec_t boot_date, usec_t date, usec_t now, usec_t most);
