/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Time in which this program itself has run. Code that waits for another party counts only this
 * time: while the machine slept, or this program got no processor, an answer may have come that
 * nobody was there to take. Pure: all times are the caller's, of one clock.
 */

#include "base/clock.h"

/* Calls are a second apart; what goes beyond this is time in which the program did not run. */
#define OWN_TIME_STEP_MAX_US (1500 * USEC_PER_MSEC)

/* All zero: own_time_step() was not called yet. */
typedef struct OwnTime {
        usec_t looked;
} OwnTime;

/* Call it about once a second. Returns the own time since the last call. */
usec_t own_time_step(OwnTime *time, usec_t now);
