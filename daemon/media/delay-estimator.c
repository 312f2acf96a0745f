/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/delay-estimator.h"

#include "base/cleanup.h"

/*
 * One packet in this many may be later than the target: so little concealment is not heard, and a
 * single late packet must not add delay for the whole window.
 */
#define LATE_ONE_IN 200
#define SLOWEST_MAX (DELAY_WINDOW / LATE_ONE_IN + 1)

/* Keeps the greatest `n` delays, in falling order. */
static void insert(int32_t slowest[static SLOWEST_MAX], size_t n, int32_t delay)
{
        size_t i = n;

        if (delay <= slowest[n - 1])
                return;
        while (--i > 0 && slowest[i - 1] < delay)
                slowest[i] = slowest[i - 1];
        slowest[i] = delay;
}

void delay_estimator_add(DelayEstimator *estimator, int64_t delay)
{
        int32_t slowest[SLOWEST_MAX], fastest = INT32_MAX;
        size_t n, n_slowest;

        if (estimator->count == 0)
                estimator->base = delay;
        delay -= estimator->base;
        estimator->delays[estimator->count++ % DELAY_WINDOW] =
                (int32_t)MAX_OF(MIN_OF(delay, (int64_t)INT32_MAX / 2), (int64_t)INT32_MIN / 2);
        n = MIN_OF(estimator->count, (size_t)DELAY_WINDOW);
        n_slowest = n / LATE_ONE_IN + 1;
        for (size_t i = 0; i < n_slowest; i++)
                slowest[i] = INT32_MIN;
        for (size_t i = 0; i < n; i++) {
                insert(slowest, n_slowest, estimator->delays[i]);
                fastest = MIN_OF(fastest, estimator->delays[i]);
        }
        estimator->fastest = estimator->base + fastest;
        estimator->spread = slowest[n_slowest - 1] - fastest;
}
