/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The sound of one call on this desktop: the connection to PipeWire, the microphone while we are
 * joined, and one playback for each voice that is to be heard.
 *
 * No microphone, no speaker, no PipeWire: each is told as a fault, and none keeps the call from
 * going on. What goes comes back by itself: for a chosen device that is not there the default one
 * stands in, and a PipeWire that ends is connected to again when there is another.
 *
 * Everything here is called in GLib's main loop, and faults come from it.
 */

#include "media/ring.h"
#include "media/sound.h"
#include "media/voice.h"
#include "wire/worker.h"

typedef struct CallSound CallSound;

/* `text` is a sentence for a person. */
typedef void (*CallSoundFault)(void *userdata, CallError error, const char *text);

/* Connects to PipeWire, where there is one, and opens no device. Returns 0 or -ENOMEM. */
int call_sound_new(const char *session, CallSoundFault fault, void *userdata, CallSound **ret);
/* Every voice has been stopped. */
CallSound *call_sound_free(CallSound *sound);
DEFINE_CLEANUP(CallSound *, call_sound_free);

/* Opens the microphone, which speaks into `voice` until call_sound_leave(). `title` is what mixers
 * call the call. */
void call_sound_join(CallSound *sound, const WorkerDevices *devices, const char *title,
                     Voice *voice);
/* Closes the microphone. */
void call_sound_leave(CallSound *sound);
/* Others from now on; while joined the change is not heard. */
void call_sound_change(CallSound *sound, const WorkerDevices *devices);

/* Plays what is in the ring, until it is stopped; joined only. `node` and `description` are the
 * stream's. Returns 0 or -ENOMEM. */
int call_sound_play(CallSound *sound, const char *node, const char *description, Ring *ring);
void call_sound_stop(CallSound *sound, Ring *ring);
