/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * When the hub deletes records of calls. Deletion cannot be undone, and the wall clock may be wrong
 * by years, so a record goes only if it is old enough by two clocks: by its date, and by the time
 * that the hub has run since the record was made. The hub counts that time with CLOCK_BOOTTIME and
 * stores it, so that it goes on over restarts. It can lag behind true time (while the hub is off)
 * but never run ahead of it: whatever the wall clock says, no record goes before its time, and in a
 * day of running no more records become old enough than were made in a day of running.
 */

#include <stdint.h>

#include "base/clock.h"

#define USEC_PER_DAY (24 * 3600 * USEC_PER_SEC)
#define MISSED_DAYS_MIN 30 /* rule 16: the minimum, whatever the settings say */

/* A point on both clocks: records before both are old enough. */
typedef struct RetentionLimit {
        usec_t date;    /* CLOCK_REALTIME */
        usec_t running; /* time that the hub has run */
} RetentionLimit;

typedef struct Retention {
        RetentionLimit record;
        RetentionLimit missed; /* for a missed call that nobody has seen */
} Retention;

/* `days` is at least 1. */
Retention retention_at(uint32_t days, usec_t date, usec_t running);
