/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Full calls between pairs of simulated devices: initiate, ring, accept, end, all stored, each
 * request confirmed and each event acknowledged. As many as the hub handles, or at a steady rate.
 */

#include "bench/figure.h"
#include "bench/load-end.h"

typedef struct Load Load;

typedef struct LoadResult {
        double rate;       /* completed calls a second */
        double cpu_us;     /* the hub's processor time per call, all threads */
        double late;       /* share of calls that began more than 1 ms late */
        Samples rung;      /* µs from initiate to incoming */
        Samples placed;    /* … from initiate to its reply */
        Samples confirmed; /* … from accept to the caller's accepted */
} LoadResult;

/* Adds the users and logs their devices in. */
Load *load_new(Hub *hub, size_t n_pairs);
Load *load_free(Load *load);

/* `rate` in calls a second; 0: a pair begins its next call when its last one has ended. */
void load_run(Load *load, double rate, usec_t duration, LoadResult *ret);
void load_result_done(LoadResult *result);
