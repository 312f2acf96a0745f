/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The sound of one call on this desktop: the connection to PipeWire, the microphone while the call
 * is joined, and one playback for each voice.
 *
 * A missing microphone, speaker or PipeWire is reported as a fault and does not end the call, and
 * so is a microphone that gives nothing (microphone-watch.h). The sound comes back by itself: the
 * default device stands in for a chosen one that is missing, and after PipeWire has restarted, the
 * call connects to it again.
 *
 * Call these functions in GLib's main loop, which also runs the callbacks.
 */

#include "media/audio-sender.h"
#include "media/playback.h"
#include "wire/worker.h"

typedef struct CallAudio CallAudio;

typedef struct CallAudioEvents {
        /* `text` is a sentence for a person. */
        void (*fault)(void *userdata, CallError error, const char *text);
        /* Whether there is a microphone: once after each join, and when it changes. */
        void (*microphone)(void *userdata, bool there);
} CallAudioEvents;

/* Connects to PipeWire if it runs, and opens no device yet. Returns 0 or -ENOMEM. */
int call_audio_new(const char *session, PipeWireSource *source, const CallAudioEvents *events,
                   void *userdata, CallAudio **ret);
/* `source` may have a connection to PipeWire now: tries again at once. */
void call_audio_connect(CallAudio *audio);
/* Call it after call_audio_stop() for every voice. */
CallAudio *call_audio_free(CallAudio *audio);
DEFINE_CLEANUP(CallAudio *, call_audio_free);

/* Opens the microphone, which feeds `sender` until call_audio_leave(). Mixers show `title`. */
void call_audio_join(CallAudio *audio, const WorkerDevices *devices, const char *title,
                     AudioSender *sender);
/* Whether there is a microphone, as last reported; false before the join. */
bool call_audio_has_microphone(const CallAudio *audio);
/* Closes the microphone. */
void call_audio_leave(CallAudio *audio);
/* Uses these devices from now on; a change during the call causes no gap. */
void call_audio_change(CallAudio *audio, const WorkerDevices *devices);

/*
 * Plays the queue until call_audio_stop(); call it while joined. `id`, `node` and `description`
 * name the stream (pipewire.h). Returns 0 or -ENOMEM.
 */
int call_audio_play(CallAudio *audio, const char *id, const char *node, const char *description,
                    PacketQueue *queue, Playback **ret);
void call_audio_stop(CallAudio *audio, Playback *playback);
