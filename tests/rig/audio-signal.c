/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rig/audio-signal.h"

#include <math.h>
#include <stdbool.h>

#define CHIRP_FROM_HZ 400.0
#define CHIRP_TO_HZ 3000.0
#define CHIRP_AMPLITUDE 0.5
#define VOWEL_AMPLITUDE 0.3
#define VOWEL_HARMONICS 24
#define DROPOUT_STRETCH ((size_t)RIG_RATE / 100)
#define DROPOUT_DB 12.0

static double to_db(double amplitude)
{
        return amplitude > 1e-10 ? 20 * log10(amplitude) : RIG_SILENCE_DB;
}

double rig_tone_db(const float *samples, size_t n, double frequency)
{
        double coefficient = 2 * cos(2 * M_PI * frequency / RIG_RATE), s1 = 0, s2 = 0;

        for (size_t i = 0; i < n; i++) {
                /* A Hann window: a loud neighbouring frequency must not leak into a silent one. */
                double window = 0.5 - 0.5 * cos(2 * M_PI * (double)i / (double)n);
                double s0 = samples[i] * window + coefficient * s1 - s2;

                s2 = s1;
                s1 = s0;
        }
        double power = s1 * s1 + s2 * s2 - coefficient * s1 * s2;

        /* A full-scale sine gives n/2 times the window's mean of 1/2. */
        return n ? to_db(sqrt(fmax(power, 0)) / ((double)n / 4)) : RIG_SILENCE_DB;
}

double rig_level_db(const float *samples, size_t n)
{
        double sum = 0;

        for (size_t i = 0; i < n; i++)
                sum += (double)samples[i] * samples[i];
        return n ? to_db(sqrt(2 * sum / (double)n)) : RIG_SILENCE_DB;
}

double rig_peak_db(const float *samples, size_t n)
{
        double peak = 0;

        for (size_t i = 0; i < n; i++)
                peak = fmax(peak, fabs((double)samples[i]));
        return to_db(peak);
}

void rig_vowel(float ret[static RIG_VOWEL_PERIOD])
{
        double sum[RIG_VOWEL_PERIOD] = {}, loudest = 0;

        for (size_t i = 0; i < RIG_VOWEL_PERIOD; i++) {
                for (int k = 1; k <= VOWEL_HARMONICS; k++) {
                        /* Two formants with scattered phases; equal phases would click. */
                        double loudness = 1 / (1 + fabs(k - 6.0) * 0.3 + fabs(k - 20.0) * 0.1);

                        sum[i] +=
                                loudness * sin(2 * M_PI * k * (double)i / RIG_VOWEL_PERIOD + k * k);
                }
                loudest = fmax(loudest, fabs(sum[i]));
        }
        for (size_t i = 0; i < RIG_VOWEL_PERIOD; i++)
                ret[i] = (float)(VOWEL_AMPLITUDE * sum[i] / loudest);
}

size_t rig_dropouts(const float *samples, size_t n)
{
        size_t stretches = n / DROPOUT_STRETCH, found = 0;
        double mean = 0;
        bool gone = false;

        for (size_t i = 0; i < stretches; i++)
                mean += rig_level_db(samples + i * DROPOUT_STRETCH, DROPOUT_STRETCH) /
                        (double)stretches;
        for (size_t i = 0; i < stretches; i++) {
                bool before = gone;

                gone = rig_level_db(samples + i * DROPOUT_STRETCH, DROPOUT_STRETCH) <
                       mean - DROPOUT_DB;
                found += gone && !before;
        }
        return found;
}

void rig_chirp(float ret[static RIG_CHIRP_LENGTH])
{
        double length = (double)RIG_CHIRP_LENGTH / RIG_RATE;
        double slope = (CHIRP_TO_HZ - CHIRP_FROM_HZ) / length;

        for (size_t i = 0; i < RIG_CHIRP_LENGTH; i++) {
                double t = (double)i / RIG_RATE;
                double window = 0.5 - 0.5 * cos(2 * M_PI * (double)i / RIG_CHIRP_LENGTH);
                double phase = 2 * M_PI * (CHIRP_FROM_HZ * t + slope * t * t / 2);

                ret[i] = (float)(CHIRP_AMPLITUDE * window * sin(phase));
        }
}

double rig_chirp_find(const float *samples, size_t n, const float chirp[static RIG_CHIRP_LENGTH],
                      size_t *ret_position)
{
        double chirp_energy = 0, energy = 0, best = 0;

        if (n < RIG_CHIRP_LENGTH)
                return 0;
        for (size_t i = 0; i < RIG_CHIRP_LENGTH; i++) {
                chirp_energy += (double)chirp[i] * chirp[i];
                energy += (double)samples[i] * samples[i];
        }
        for (size_t at = 0;; at++) {
                float sum = 0;

                for (size_t i = 0; i < RIG_CHIRP_LENGTH; i++)
                        sum += samples[at + i] * chirp[i];
                /* Nearly silent stretches can have any shape, so they are no chirp. */
                double likeness =
                        energy > chirp_energy * 1e-4 ? sum / sqrt(energy * chirp_energy) : 0;
                if (likeness > best) {
                        best = likeness;
                        *ret_position = at;
                }
                if (at + RIG_CHIRP_LENGTH >= n)
                        break;
                energy += (double)samples[at + RIG_CHIRP_LENGTH] * samples[at + RIG_CHIRP_LENGTH] -
                          (double)samples[at] * samples[at];
        }
        return best;
}
