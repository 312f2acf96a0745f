/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Virtual audio for tests and the demo: play a tone, listen for one, measure the time from mouth to
 * ear.
 */

#include <stdint.h>

#include "rig/audio-probe.h"
#include "rig/audio-signal.h"

#define RIG_TONE_AMPLITUDE 0.25 /* -12 dB, as a clear voice */
#define RIG_HEARD_DB -30.0      /* the least level at which a tone counts as heard */

/* Plays a steady tone into a microphone until it is freed. */
typedef struct RigTone RigTone;
int rig_tone_new(RigGraph *graph, const char *microphone, double frequency, RigTone **ret);
/* The same with a vowel, see audio-signal.h. */
int rig_vowel_new(RigGraph *graph, const char *microphone, RigTone **ret);
RigTone *rig_tone_free(RigTone *tone);
DEFINE_CLEANUP(RigTone *, rig_tone_free);

typedef struct RigHeard {
        double tone_db;  /* of the requested frequency, relative to a full-scale sine */
        double level_db; /* of all sound */
        double peak_db;  /* of the loudest moment: the level of a steady tone that has gaps */
} RigHeard;

/* Listens for a time. Returns 0; -ENOENT: no such speaker; -ETIMEDOUT: the graph stands still. */
int rig_listen(RigGraph *graph, const char *speaker, double frequency, int milliseconds,
               RigHeard *ret);

/* Listens, and counts the gaps in a steady sound. Returns as rig_listen(). */
int rig_listen_dropouts(RigGraph *graph, const char *speaker, int milliseconds, size_t *ret);

/*
 * Listens in stretches of 200 ms until one has the tone at `db` or more (or, with `there` false,
 * below it). Returns 0 or -ETIMEDOUT; *ret_heard is the last stretch in both cases (may be NULL).
 */
int rig_listen_until(RigGraph *graph, const char *speaker, double frequency, double db, bool there,
                     int timeout_ms, RigHeard *ret_heard);

/*
 * Waits for the first sound at a speaker, from _new() on. _wait() returns 0 and the CLOCK_MONOTONIC
 * time (ns) of the cycle with the sound, or -ETIMEDOUT.
 */
typedef struct RigFirstSound RigFirstSound;
int rig_first_sound_new(RigGraph *graph, const char *speaker, RigFirstSound **ret);
int rig_first_sound_wait(RigFirstSound *first, int timeout_ms, int64_t *ret_ns);
RigFirstSound *rig_first_sound_free(RigFirstSound *first);
DEFINE_CLEANUP(RigFirstSound *, rig_first_sound_free);

/*
 * Plays `count` chirps into a microphone, one every RIG_CHIRP_PERIOD_MS, and finds them at a
 * speaker. ret_ms[i] is the delay of the i-th in ms, negative if it was not heard. Returns the
 * number of chirps heard, or negative errno.
 */
#define RIG_CHIRP_PERIOD_MS 500
#define RIG_CHIRPS_MAX 500
int rig_chirp_delays(RigGraph *graph, const char *microphone, const char *speaker, size_t count,
                     double ret_ms[]);
