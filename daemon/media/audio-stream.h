/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A PipeWire audio stream, of a microphone, a played voice or a ring tone. PipeWire's data thread
 * processes it.
 */

#include "media/pipewire.h"

typedef struct AudioStreamOptions {
        struct pw_core *core;
        DeviceKind kind; /* DEVICE_MICROPHONE: the stream records; DEVICE_SPEAKER: it plays */
        const char *id;  /* STREAM_ID_… */
        const char *node, *description;
        const char *target; /* node.name of a device; empty: the default one */
        uint32_t format, rate, channels;
        const struct pw_stream_events *events;
        void *userdata;
} AudioStreamOptions;

/* Call it with the lock of the core's loop held. Returns 0 or negative errno. */
int audio_stream_new(const AudioStreamOptions *options, struct spa_hook *hook,
                     struct pw_stream **ret);

/* Writes `n` frames to `ret`. */
typedef void (*AudioStreamFill)(void *userdata, float *ret, size_t n);

/* In the data thread: fills the next block with `fill`. Returns false if PipeWire has no buffer. */
bool audio_stream_play(struct pw_stream *stream, uint32_t channels, AudioStreamFill fill,
                       void *userdata);
