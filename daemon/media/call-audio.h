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

#include "media/audio-sender.h"
#include "media/packet-queue.h"
#include "media/pipewire.h"
#include "wire/worker.h"

typedef struct CallAudio CallAudio;

/* `text` is a sentence for a person. */
typedef void (*CallAudioFault)(void *userdata, CallError error, const char *text);

/* Connects to PipeWire, where there is one, and opens no device. Returns 0 or -ENOMEM. */
int call_audio_new(const char *session, CallAudioFault fault, void *userdata, CallAudio **ret);
/* Every voice has been stopped. */
CallAudio *call_audio_free(CallAudio *audio);
DEFINE_CLEANUP(CallAudio *, call_audio_free);

/* Opens the microphone, which speaks into `sender` until call_audio_leave(). `title` is what mixers
 * call the call. */
void call_audio_join(CallAudio *audio, const WorkerDevices *devices, const char *title,
                     AudioSender *sender);
/* Closes the microphone. */
void call_audio_leave(CallAudio *audio);
/* Others from now on; while joined the change is not heard. */
void call_audio_change(CallAudio *audio, const WorkerDevices *devices);

/* Plays what is in the queue, until it is stopped; joined only. `node` and `description` are the
 * stream's. Returns 0 or -ENOMEM. */
int call_audio_play(CallAudio *audio, const char *node, const char *description,
                    PacketQueue *queue);
void call_audio_stop(CallAudio *audio, PacketQueue *queue);
