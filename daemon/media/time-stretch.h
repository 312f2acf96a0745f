/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Finds places where a voice can be cut or repeated unnoticed: at whole periods of its pitch, where
 * two stretches of sound look alike. Pure.
 */

#include <stdbool.h>
#include <stddef.h>

#define TIME_STRETCH_OVERLAP 240 /* samples compared and blended: 5 ms, a period of most voices */
#define TIME_STRETCH_MIN 120     /* 2.5 ms; less is not worth the work */
#define TIME_STRETCH_MAX 600     /* 12.5 ms, a period of the deepest voices (80 Hz) */

/*
 * Finds a distance from `here`, TIME_STRETCH_MIN to `max`, forwards or (`back`) backwards, at which
 * the likeness is at least `least` (1: the same wave). Returns 0 if it finds no such distance.
 * Reads TIME_STRETCH_OVERLAP samples from `here` on and from each place it tries. In silence every
 * distance fits: it returns the greatest.
 */
size_t time_stretch_find(const float *here, bool back, size_t max, float least);
/* Blends `from` into `to` over TIME_STRETCH_OVERLAP samples. `ret` may be either of them. */
void time_stretch_blend(const float *from, const float *to, float *ret);
