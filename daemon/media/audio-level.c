/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/audio-level.h"

#include <math.h>

uint8_t audio_level(const int16_t *samples, size_t n)
{
        double sum = 0, below;

        for (size_t i = 0; i < n; i++)
                sum += (double)samples[i] * samples[i];
        if (n == 0 || sum == 0)
                return AUDIO_LEVEL_SILENT;
        below = -10 * log10(sum / (double)n / ((double)INT16_MAX * INT16_MAX));
        return below <= 0                    ? 0
               : below >= AUDIO_LEVEL_SILENT ? AUDIO_LEVEL_SILENT
                                             : (uint8_t)lround(below);
}
