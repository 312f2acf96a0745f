/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * An ear that stays at a speaker and measures, to the sample, how long it was silent: for tones
 * that must continue in any case.
 */

#include <stdint.h>

#include "rig/audio-graph.h"

#define RIG_GAP_LEVEL \
        0.01f /* amplitude, -40 dB: a tone of the tests stays below it for two samples */

typedef struct RigGap RigGap;

/* Returns 0 or negative errno, as rig_probe_new(). */
int rig_gap_new(RigGraph *graph, const char *speaker, RigGap **ret);
RigGap *rig_gap_free(RigGap *gap);
DEFINE_CLEANUP(RigGap *, rig_gap_free);

/* Waits for a sound. Returns 0 or -ETIMEDOUT. */
int rig_gap_wait_sound(RigGap *gap, int timeout_ms);
/* Starts the measurement again; silence at this moment counts. */
void rig_gap_restart(RigGap *gap);
/* The longest silence since the start, in ms, including one that still lasts. */
double rig_gap_longest_ms(const RigGap *gap);
/* The time since the start that was listened to, in ms. */
double rig_gap_heard_ms(const RigGap *gap);
