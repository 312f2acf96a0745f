/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/time-stretch.h"

#include <math.h>

#define SILENT (1e-6f * TIME_STRETCH_OVERLAP) /* energy of a stretch: -60 dB */

/*
 * Four independent sums: within one sum, each addition of floats waits for the one before, and this
 * runs in the loudspeaker's real-time thread.
 */
static float product(const float *a, const float *b)
{
        float sums[4] = {};

        for (size_t i = 0; i < TIME_STRETCH_OVERLAP; i += 4)
                for (size_t k = 0; k < 4; k++)
                        sums[k] += a[i + k] * b[i + k];
        return sums[0] + sums[1] + sums[2] + sums[3];
}

size_t time_stretch_find(const float *here, bool back, size_t max, float least)
{
        float energy = product(here, here), best = least;
        size_t found = 0, quiet = 0;

        for (size_t distance = TIME_STRETCH_MIN; distance <= max; distance++) {
                const float *there = back ? here - distance : here + distance;
                float other = product(there, there);

                if (energy < SILENT && other < SILENT) {
                        quiet = distance;
                        continue;
                }
                float likeness = product(here, there) / sqrtf(energy * other + 1e-12f);

                if (likeness > best) {
                        best = likeness;
                        found = distance;
                }
        }
        return quiet ? quiet : found;
}

void time_stretch_blend(const float *from, const float *to, float *ret)
{
        for (size_t i = 0; i < TIME_STRETCH_OVERLAP; i++) {
                float later = (float)(i + 1) / (TIME_STRETCH_OVERLAP + 1);

                ret[i] = from[i] + (to[i] - from[i]) * later;
        }
}
