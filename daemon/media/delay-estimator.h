/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Measures how evenly packets arrive: how much longer the slow ones among the last packets took
 * than the fastest. Pure. All times are in samples (AUDIO_RATE).
 */

#include <stddef.h>
#include <stdint.h>

#define DELAY_WINDOW 512 /* packets: 5 s at 10 ms each */

typedef struct DelayEstimator {
        int64_t base; /* delay of the first packet; `delays` are relative to it */
        int32_t delays[DELAY_WINDOW];
        size_t count;    /* all packets so far */
        int64_t spread;  /* delay of the slow packets minus `fastest` */
        int64_t fastest; /* the shortest delay */
} DelayEstimator;

/*
 * Adds a packet. `delay` is the time of arrival minus the packet's timestamp; only differences
 * between delays matter, since the two clocks are unrelated. A zeroed estimator has seen no packet.
 */
void delay_estimator_add(DelayEstimator *estimator, int64_t delay);
