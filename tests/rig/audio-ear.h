/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What tests and the demo ask of virtual audio: speak a tone, listen for one, measure the time from
 * mouth to ear.
 */

#include <stdint.h>

#include "rig/audio-probe.h"
#include "rig/audio-signal.h"

#define RIG_TONE_AMPLITUDE 0.25 /* -12 dB: what a clear voice has */
#define RIG_HEARD_DB -30.0      /* a tone counts as heard from here on */

/* Speaks a steady tone into a microphone until it is freed. */
typedef struct RigTone RigTone;
int rig_tone_new(RigGraph *graph, const char *microphone, double frequency, RigTone **ret);
/* Likewise a vowel, see audio-signal.h. */
int rig_vowel_new(RigGraph *graph, const char *microphone, RigTone **ret);
RigTone *rig_tone_free(RigTone *tone);
DEFINE_CLEANUP(RigTone *, rig_tone_free);

typedef struct RigHeard {
        double tone_db;  /* of the frequency asked for, relative to a full-scale sine */
        double level_db; /* of everything */
} RigHeard;

/* Listens for so long. Returns 0; -ENOENT: no such speaker; -ETIMEDOUT: the graph stands still. */
int rig_listen(RigGraph *graph, const char *speaker, double frequency, int milliseconds,
               RigHeard *ret);

/* Listens for so long, and counts what is missing of a steady sound. As rig_listen(). */
int rig_listen_dropouts(RigGraph *graph, const char *speaker, int milliseconds, size_t *ret);

/*
 * Listens in stretches of 200 ms until one has the tone at `db` or more (or, with `there` false,
 * below it). Returns 0, or -ETIMEDOUT; *ret_heard is the last stretch either way (may be NULL).
 */
int rig_listen_until(RigGraph *graph, const char *speaker, double frequency, double db, bool there,
                     int timeout_ms, RigHeard *ret_heard);

/*
 * Waits for the first sound at a speaker. It is armed by _new; _wait returns 0 and the
 * CLOCK_MONOTONIC time (ns) of the cycle that had it, or -ETIMEDOUT.
 */
typedef struct RigFirstSound RigFirstSound;
int rig_first_sound_new(RigGraph *graph, const char *speaker, RigFirstSound **ret);
int rig_first_sound_wait(RigFirstSound *first, int timeout_ms, int64_t *ret_ns);
RigFirstSound *rig_first_sound_free(RigFirstSound *first);
DEFINE_CLEANUP(RigFirstSound *, rig_first_sound_free);

/*
 * Sends `count` chirps into a microphone, one every RIG_CHIRP_PERIOD_MS, and finds them at a
 * speaker. ret_ms[i] is the delay of the i-th in ms, or negative where it was not heard. Returns
 * how many were heard, or negative errno.
 */
#define RIG_CHIRP_PERIOD_MS 500
#define RIG_CHIRPS_MAX 500
int rig_chirp_delays(RigGraph *graph, const char *microphone, const char *speaker, size_t count,
                     double ret_ms[]);
