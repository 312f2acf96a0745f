/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Sound that begins, ends or changes over without a click. */

#include <stddef.h>
#include <stdint.h>

/* From silence to full over `n` samples. */
void fade_in(int16_t *samples, size_t n);
/* Cross-fades from `from` to `to`, which holds the result. */
void fade_over(const int16_t *from, int16_t *to, size_t n);

/* The same over several blocks: `done` counts samples up to FADE_LENGTH. */
#define FADE_LENGTH 240 /* 5 ms */
void fade_in_blocks(float *samples, size_t n, size_t *done);
/* From the last played sample to silence, in place of a block. */
void fade_out_block(float last, float *ret, size_t n);
