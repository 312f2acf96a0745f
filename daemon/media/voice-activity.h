/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Whether a person is speaking, judged by loudness: at once when speech begins, and after a short
 * delay when it ends, so that pauses between words do not flicker.
 */

#include <stdbool.h>
#include <stddef.h>

typedef struct VoiceActivity {
        bool speaking;
        size_t quiet; /* samples since the last loud ones */
} VoiceActivity;

/*
 * Takes played samples (mono, AUDIO_RATE; 1.0 is full scale). Returns true when `speaking` has
 * changed.
 */
bool voice_activity_feed(VoiceActivity *activity, const float *samples, size_t n);
