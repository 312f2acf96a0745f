/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/fade.h"

void fade_in(int16_t *samples, size_t n)
{
        for (size_t i = 0; i < n; i++)
                samples[i] = (int16_t)(samples[i] * (int64_t)i / (int64_t)n);
}

void fade_over(const int16_t *from, int16_t *to, size_t n)
{
        for (size_t i = 0; i < n; i++)
                to[i] = (int16_t)((from[i] * (int64_t)(n - i) + to[i] * (int64_t)i) / (int64_t)n);
}

void fade_in_blocks(float *samples, size_t n, size_t *done)
{
        for (size_t i = 0; i < n && *done < FADE_LENGTH; i++)
                samples[i] *= (float)(*done)++ / FADE_LENGTH;
}

void fade_out_block(float last, float *ret, size_t n)
{
        for (size_t i = 0; i < n; i++)
                ret[i] = i < FADE_LENGTH ? last * (float)(FADE_LENGTH - i) / FADE_LENGTH : 0;
}
