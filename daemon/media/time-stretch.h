/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Where a voice can be cut or repeated without being heard: at whole periods of its pitch, where
 * what follows here looks like what follows there. Pure.
 */

#include <stdbool.h>
#include <stddef.h>

#define TIME_STRETCH_OVERLAP \
        240                  /* samples compared, and blended over: 5 ms, a period of most voices */
#define TIME_STRETCH_MIN 120 /* 2.5 ms; less is not worth the work */
#define TIME_STRETCH_MAX 600 /* 12.5 ms, a period of the deepest voices (80 Hz) */

/*
 * A distance from `here`, TIME_STRETCH_MIN to `max`, with a likeness of at least `least` (1: the
 * same wave), forwards or (`back`) backwards; 0: there is none. Reads TIME_STRETCH_OVERLAP samples
 * from `here` on and from each place looked at. In silence, every distance will do: the greatest.
 */
size_t time_stretch_find(const float *here, bool back, size_t max, float least);
/* What is heard of `from` turns into `to`, over TIME_STRETCH_OVERLAP samples. ret may be either. */
void time_stretch_blend(const float *from, const float *to, float *ret);
