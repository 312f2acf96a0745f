/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The output of benches: one line per figure, with its target, so that the lines of all benches
 * together are the table of figures in tests/README.md.
 *
 *         ring latency p50              212 µs   target <= 260 µs   ok
 */

#include <stddef.h>

#include "base/clock.h"

/* Prints the machine's name and size, once, before the figures. */
void figure_machine(void);
/* A figure that should be at most `target`. */
void figure_print(const char *name, double value, const char *unit, double target);
/* A figure that should be at least `target`. */
void figure_at_least(const char *name, double value, const char *unit, double target);
/* A figure without a target. */
void figure_report(const char *name, double value, const char *unit);

/* Times or sizes of repeated runs. */
typedef struct Samples {
        double *values;
        size_t count;
} Samples;

void samples_add(Samples *samples, double value);
/* `share` 0.5 is the median; sorts the values. */
double samples_percentile(Samples *samples, double share);
void samples_done(Samples *samples);

/* CLOCK_MONOTONIC, in µs with fractions. */
double figure_now_us(void);
