/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * How evenly packets come: of the last ones, how much later than the fastest the slow ones were.
 * Pure. All times are in samples (AUDIO_RATE).
 */

#include <stddef.h>
#include <stdint.h>

#define DELAY_WINDOW 512 /* packets looked back at: 5 s of 10 ms each */

typedef struct DelayEstimator {
        int64_t base; /* the delay of the first; the others are kept relative to it */
        int32_t delays[DELAY_WINDOW];
        size_t count;   /* all that came */
        int64_t spread; /* between the fastest and the slow ones */
        int64_t fastest;
} DelayEstimator;

/*
 * `delay` is the time of arrival less the packet's own time: only differences of it mean anything,
 * as the clocks have nothing to do with each other. A DelayEstimator of zeros has seen no packet.
 */
void delay_estimator_add(DelayEstimator *estimator, int64_t delay);
