/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Arithmetic on recordings: the level of a frequency, and the position of a chirp. Pure. Samples
 * are mono, 1.0 is full scale.
 */

#include <stddef.h>

#define RIG_RATE 48000

#define RIG_SILENCE_DB -200.0 /* the level of silence */

/* The level of one frequency (Goertzel), in dB relative to a full-scale sine of it. */
double rig_tone_db(const float *samples, size_t n, double frequency);
/* The level of all sound, in dB relative to a full-scale sine. */
double rig_level_db(const float *samples, size_t n);
/* The largest amplitude, in dB relative to a full-scale sine; gaps do not lower it. */
double rig_peak_db(const float *samples, size_t n);

/*
 * A low sung vowel: voice codecs conceal losses of voices, not of pure tones. One period, which
 * repeats.
 */
#define RIG_VOWEL_PERIOD (RIG_RATE / 120)
void rig_vowel(float ret[static RIG_VOWEL_PERIOD]);

/* Counts stretches of 10 ms in which a steady sound has nearly gone (-12 dB). */
size_t rig_dropouts(const float *samples, size_t n);

/*
 * A chirp: 30 ms from 400 to 3000 Hz, which every voice codec lets through, with soft ends. It is
 * long enough to stand out of a codec's noise, and short enough to be located to the sample.
 */
#define RIG_CHIRP_LENGTH (RIG_RATE * 30 / 1000)
void rig_chirp(float ret[static RIG_CHIRP_LENGTH]);
/*
 * Finds the start of the chirp in `samples`. Returns its likeness, 0…1 (normalised
 * cross-correlation); below 0.5 there is no chirp, and *ret_position means nothing.
 */
double rig_chirp_find(const float *samples, size_t n, const float chirp[static RIG_CHIRP_LENGTH],
                      size_t *ret_position);
