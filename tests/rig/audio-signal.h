/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The arithmetic of hearing: how loud one frequency is in a recording, and where in it a chirp is.
 * Pure. Samples are mono, 1.0 is full scale.
 */

#include <stddef.h>

#define RIG_RATE 48000

#define RIG_SILENCE_DB -200.0 /* what is told for nothing at all */

/* Level of one frequency (Goertzel), in dB relative to a full-scale sine of it. */
double rig_tone_db(const float *samples, size_t n, double frequency);
/* Level of everything together, in dB relative to a full-scale sine. */
double rig_level_db(const float *samples, size_t n);

/*
 * A vowel that is sung low: voices are what voice codecs conceal the loss of, and no pure tones.
 * One period; it repeats.
 */
#define RIG_VOWEL_PERIOD (RIG_RATE / 120)
void rig_vowel(float ret[static RIG_VOWEL_PERIOD]);

/* Times that a steady sound has nearly gone (-12 dB) for 10 ms or more, in stretches of that. */
size_t rig_dropouts(const float *samples, size_t n);

/*
 * A chirp: 30 ms from 400 to 3000 Hz, which every voice codec lets through, with soft ends. Long
 * enough to stand out of a codec's noise, short enough to be found to the sample.
 */
#define RIG_CHIRP_LENGTH (RIG_RATE * 30 / 1000)
void rig_chirp(float ret[static RIG_CHIRP_LENGTH]);
/*
 * Where in `samples` the chirp begins. Returns its likeness, 0…1 (normalised cross-correlation);
 * below 0.5 it is not there, and *ret_position means nothing.
 */
double rig_chirp_find(const float *samples, size_t n, const float chirp[static RIG_CHIRP_LENGTH],
                      size_t *ret_position);
