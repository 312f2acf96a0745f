/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The microphone, open from _new to _free and not a moment longer: a PipeWire stream cut into
 * frames of 10 ms.
 */

#include <stdint.h>

#include "media/sound.h"

typedef struct Capture Capture;

/* SOUND_FRAME samples, which it may change, in the sound's thread. It must not block, nor free the
 * capture. */
typedef void (*CaptureFrame)(void *userdata, int16_t *samples);

/*
 * `node` and `description` name the stream; `target` is the node.name of a microphone, empty: the
 * default one. Returns 0 or negative errno.
 */
int capture_new(Sound *sound, const char *node, const char *description, const char *target,
                CaptureFrame frame, void *userdata, Capture **ret);
Capture *capture_free(Capture *capture);
DEFINE_CLEANUP(Capture *, capture_free);

/*
 * Moves to another microphone: a second stream is made for it, and the first one goes when that one
 * gives sound. Returns 0; or negative errno, and the first one goes on.
 */
int capture_move(Capture *capture, const char *target);

/* PipeWire will give no sound. */
bool capture_failed(const Capture *capture);
