/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Whether someone is speaking, by loudness alone: at once when it begins, and with a little delay
 * when it ends, so that pauses between words do not flicker.
 */

#include <stdbool.h>
#include <stddef.h>

typedef struct VoiceActivity {
        bool speaking;
        size_t quiet; /* samples since it was last loud */
} VoiceActivity;

/* Takes what was heard (mono, AUDIO_RATE; 1.0 is full scale). True when `speaking` has changed by
 * it. */
bool voice_activity_feed(VoiceActivity *activity, const float *samples, size_t n);
