/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * How evenly packets arrive: by how much the slow ones among the last packets were later than the
 * fastest. Pure. All times are in samples (AUDIO_RATE).
 */

#include <stddef.h>
#include <stdint.h>

#define DELAY_WINDOW 512 /* packets in the window: 5 s of 10 ms each */

typedef struct DelayEstimator {
        int64_t base; /* the delay of the first; the others are kept relative to it */
        int32_t delays[DELAY_WINDOW];
        size_t count;   /* all packets so far */
        int64_t spread; /* between the fastest and the slow ones */
        int64_t fastest;
} DelayEstimator;

/*
 * `delay` is the time of arrival minus the packet's own time. Only differences of it matter, since
 * the two clocks are unrelated. An estimator of zeros has seen no packet.
 */
void delay_estimator_add(DelayEstimator *estimator, int64_t delay);
