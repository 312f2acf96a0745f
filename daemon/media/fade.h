/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Fades, so that sound begins, ends or switches without a click. */

#include <stddef.h>
#include <stdint.h>

/* Fades in from silence over `n` samples. */
void fade_in(int16_t *samples, size_t n);
/* Cross-fades from `from` to `to`, which holds the result. */
void fade_over(const int16_t *from, int16_t *to, size_t n);

/* Fades in over several blocks: `done` counts the samples faded so far, up to FADE_LENGTH. */
#define FADE_LENGTH 240 /* samples: 5 ms */
void fade_in_blocks(float *samples, size_t n, size_t *done);
/* Fills a missing block with a fade from the last played sample to silence. */
void fade_out_block(float last, float *ret, size_t n);
