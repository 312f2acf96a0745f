/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The microphone, open from _new to _free and not a moment longer: a PipeWire stream cut into
 * frames of 10 ms.
 */

#include <stdint.h>

#include "media/pipewire.h"

typedef struct Microphone Microphone;

/*
 * Gets AUDIO_FRAME samples, which it may change, in PipeWire's loop thread. It must neither block
 * nor free the microphone.
 */
typedef void (*MicrophoneFrame)(void *userdata, int16_t *samples);

/*
 * `node` and `description` name the stream; `target` is the node.name of a microphone, empty: the
 * default one. Returns 0 or negative errno.
 */
int microphone_new(PipeWire *pipewire, const char *node, const char *description,
                   const char *target, MicrophoneFrame frame, void *userdata, Microphone **ret);
Microphone *microphone_free(Microphone *microphone);
DEFINE_CLEANUP(Microphone *, microphone_free);

/*
 * Moves to another microphone: makes a second stream for it, and ends the first one when the second
 * gives sound. Returns 0; or negative errno, and the first one stays.
 */
int microphone_move(Microphone *microphone, const char *target);

/* The stream has failed and will give no sound. */
bool microphone_failed(const Microphone *microphone);
