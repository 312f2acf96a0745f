/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The microphone: a PipeWire stream cut into frames of 10 ms. A device is open only between
 * microphone_open() and microphone_close().
 */

#include <stdint.h>

#include "media/pipewire.h"

typedef struct Microphone Microphone;

/*
 * Gets AUDIO_FRAME samples, which it may change, in PipeWire's loop thread. It must neither block
 * nor close the microphone.
 */
typedef void (*MicrophoneFrame)(void *userdata, int16_t *samples);

/* Returns 0 or -ENOMEM. */
int microphone_new(MicrophoneFrame frame, void *userdata, Microphone **ret);
Microphone *microphone_free(Microphone *microphone);
DEFINE_CLEANUP(Microphone *, microphone_free);

/*
 * Opens the microphone, or moves it to another device: opens a second stream, and closes the first
 * one when the second gives sound. `node` and `description` name the stream; `target` is the
 * node.name of a device; empty: the default one. `unmutes`: a mute that an earlier call has left
 * behind is undone. Returns 0; or negative errno, and nothing changes.
 */
int microphone_open(Microphone *microphone, PipeWire *pipewire, const char *node,
                    const char *description, const char *target, bool unmutes);
void microphone_close(Microphone *microphone);
bool microphone_is_open(const Microphone *microphone);

/* Whether the stream has failed and will give no sound. */
bool microphone_failed(const Microphone *microphone);
