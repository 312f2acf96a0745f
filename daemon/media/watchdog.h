/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Ends the process when its main loop hangs. A tringd kills such a worker sooner; without one
 * nothing else would, since the timer that ends an orphan is the loop's. Only time in which the
 * process ran counts.
 */

#include <stdbool.h>

#include "base/own-time.h"

/* Longer than tringd waits (loop/worker-watch.h), so that its sentence is heard. */
#define WATCHDOG_HUNG_US (20 * USEC_PER_SEC)

/* Zero: just begun. Pure. */
typedef struct LoopLife {
        OwnTime time;
        unsigned beats; /* of the loop, as of the last look */
        usec_t hung;    /* since it last beat */
} LoopLife;

/* Call it about once a second, with the number of the loop's turns. Whether the loop hangs. */
bool loop_life_look(LoopLife *life, unsigned beats, usec_t hung_max, usec_t now);

/*
 * Watches GLib's default main loop from a thread of its own, until the process ends. `hung_max` is
 * WATCHDOG_HUNG_US, unless a test shortens it.
 */
void watchdog_start(usec_t hung_max);
