/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One's own voice on its way to everybody in the call: the microphone's frames as Opus, or silence
 * while muted, or silence by the clock while there is no microphone. The others always receive
 * something, and so can tell a silent participant from a lost one.
 *
 * It is encoded once for all; the worst of the ways to them says how.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"

typedef struct Voice Voice;

typedef struct VoicePacket {
        uint16_t sequence;
        uint32_t timestamp; /* samples */
        const uint8_t *data;
        size_t length;
} VoicePacket;

/* In any thread, one call at a time; must not block. */
typedef void (*VoiceSink)(void *userdata, const VoicePacket *packet);

#define VOICE_BITRATE 32000 /* bit/s: full-band speech without artefacts */

/* What the way to a sink bears. */
typedef struct VoicePath {
        uint32_t bitrate; /* bit/s */
        unsigned loss;    /* %; above 0, packets tell of the ones before them as well */
} VoicePath;

/* Returns 0 or -ENOMEM. */
int voice_new(Voice **ret);
/* Nothing that feeds it runs any more, and all sinks are gone. */
Voice *voice_free(Voice *voice);
DEFINE_CLEANUP(Voice *, voice_free);

/* At most VOICE_SINKS_MAX; -ENOSPC beyond. Its way bears VOICE_BITRATE until more is known. */
#define VOICE_SINKS_MAX 32 /* PARTICIPANTS_MAX */
int voice_add(Voice *voice, VoiceSink sink, void *userdata);
void voice_set_path(Voice *voice, void *userdata, const VoicePath *path);
/* When it returns, the sink is not called any more. */
void voice_remove(Voice *voice, void *userdata);

void voice_set_muted(Voice *voice, bool muted);
bool voice_is_muted(Voice *voice);

/* A frame of the microphone, SOUND_FRAME samples; in any thread. */
void voice_frame(Voice *voice, const int16_t *samples);
