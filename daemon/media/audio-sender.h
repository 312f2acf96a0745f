/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Sends this user's voice as Opus to everybody in the call: the microphone's frames, silence while
 * muted, or silence timed by the clock while there is no microphone. So the others always receive
 * packets, and can tell a silent participant from a lost one.
 *
 * The voice is encoded once for all receivers, with the settings that the worst path needs.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"

typedef struct AudioSender AudioSender;

typedef struct AudioPacket {
        uint16_t sequence;
        uint32_t timestamp; /* samples */
        uint8_t level;      /* of audio-level.h */
        const uint8_t *data;
        size_t length;
} AudioPacket;

/* Called in any thread, one call at a time; must not block. */
typedef void (*AudioSenderSink)(void *userdata, const AudioPacket *packet);

#define VOICE_BITRATE 32000 /* bit/s: full-band speech without artefacts */

/* The capacity of the path to a sink. */
typedef struct AudioPath {
        uint32_t bitrate; /* bit/s */
        unsigned loss;    /* %; above 0, each packet also carries the one before it */
} AudioPath;

/* Returns 0 or -ENOMEM. */
int audio_sender_new(AudioSender **ret);
/* Call it after the microphone has stopped and all sinks are removed. */
AudioSender *audio_sender_free(AudioSender *sender);
DEFINE_CLEANUP(AudioSender *, audio_sender_free);

/*
 * Adds a sink, whose path is assumed to carry VOICE_BITRATE until audio_sender_set_path(). Returns
 * 0, or -ENOSPC beyond VOICE_SINKS_MAX.
 */
#define VOICE_SINKS_MAX 32 /* PARTICIPANTS_MAX */
int audio_sender_add(AudioSender *sender, AudioSenderSink sink, void *userdata);
void audio_sender_set_path(AudioSender *sender, void *userdata, const AudioPath *path);
/* The sink is not called any more after this has returned. */
void audio_sender_remove(AudioSender *sender, void *userdata);

void audio_sender_set_muted(AudioSender *sender, bool muted);
bool audio_sender_is_muted(AudioSender *sender);

/* Sends a frame of the microphone, AUDIO_FRAME samples; in any thread. */
void audio_sender_frame(AudioSender *sender, const int16_t *samples);
