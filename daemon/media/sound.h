/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The connection to PipeWire, with a thread of its own: what devices there are, and a place for the
 * streams (capture.h, playback.h) to live on. Opening it opens no device.
 *
 * Whatever goes wrong with PipeWire after it was opened (it died, a stream found no device) is told
 * through `fault`, in GLib's main loop. Calls on PipeWire objects are made under the loop's lock.
 */

#include <pipewire/pipewire.h>
#include <stdbool.h>

#include "base/cleanup.h"
#include "call/phone.h"

#define SOUND_RATE 48000 /* Hz: Opus's own rate, and what PipeWire runs at */
#define SOUND_FRAME_MS 10
#define SOUND_FRAME (SOUND_RATE * SOUND_FRAME_MS / 1000) /* samples, mono */
#define SOUND_LATENCY "128/48000" /* asked of the graph: 2.7 ms, which USB devices still keep */
/* PipeWire's own, for clients whose data thread is to run in real time: without, a busy machine is
 * heard. */
#define SOUND_CLIENT_CONFIG "client-rt.conf"

typedef struct Sound Sound;

typedef enum SoundDirection {
        SOUND_MICROPHONE,
        SOUND_SPEAKER,
} SoundDirection;

typedef void (*SoundFault)(void *userdata, CallError error, const char *text);

/* Returns 0; -ENOMEM; or what connect says (-ECONNREFUSED and -EHOSTDOWN: no PipeWire). */
int sound_new(SoundFault fault, void *userdata, Sound **ret);
/* No fault is told any more. Streams on it are freed before. */
Sound *sound_free(Sound *sound);
DEFINE_CLEANUP(Sound *, sound_free);

/* PipeWire has gone: nothing on this connection will work again. */
bool sound_is_broken(const Sound *sound);

/* A device of this node.name is there; with an empty name, any. */
bool sound_has_device(Sound *sound, SoundDirection direction, const char *name);

/*
 * The camera of this node.name, or the best one with an empty name. Pictures of calls are no
 * cameras. Whether there is one.
 */
bool sound_find_camera(Sound *sound, const char *name, char ret[static NODE_NAME_MAX + 1]);

/* For streams: told in the main loop, from whatever thread it is said. */
void sound_tell_fault(Sound *sound, CallError error, const char *text);

struct pw_thread_loop *sound_loop(Sound *sound);
struct pw_core *sound_core(Sound *sound);
struct pw_context *sound_context(Sound *sound);

/* What every stream of a call says of itself; `target` empty: the default device. The stream that
 * is made from it owns it. NULL: out of memory. */
struct pw_properties *sound_stream_properties(SoundDirection direction, const char *role,
                                              const char *node, const char *description,
                                              const char *target);

/* Mono at SOUND_RATE in `format`, as the parameter for pw_stream_connect(). */
#define SOUND_FORMAT_SIZE 256
const struct spa_pod *sound_format(char buffer[static SOUND_FORMAT_SIZE], uint32_t format,
                                   uint32_t rate, uint32_t channels);
