/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The connection to PipeWire, with a thread of its own: what devices there are, and a place for the
 * streams (capture.h, playback.h) to live on. Opening it opens no device.
 *
 * Events come in GLib's main loop. Calls on PipeWire objects are made under the loop's lock.
 */

#include <pipewire/pipewire.h>
#include <stdbool.h>

#include "base/cleanup.h"
#include "media/device-registry.h"
#include "model/status.h"

#define SOUND_RATE 48000 /* Hz: Opus's own rate, and what PipeWire runs at */
#define SOUND_FRAME_MS 10
#define SOUND_FRAME (SOUND_RATE * SOUND_FRAME_MS / 1000) /* samples, mono */
#define SOUND_LATENCY "256/48000" /* of the graph: 5.3 ms; half of it costs 0.7 % of a core */
/* PipeWire's own, for clients whose data thread is to run in real time: without, a busy machine is
 * heard. */
#define SOUND_CLIENT_CONFIG "client-rt.conf"

typedef struct Sound Sound;

typedef struct SoundEvents {
        /* What devices there are, which are the defaults, or how a stream goes (capture_failed(),
         * playback_failed()) is another. */
        void (*changed)(void *userdata);
        /* PipeWire has gone: nothing on this connection will work again. The sound may be freed. */
        void (*broken)(void *userdata);
} SoundEvents;

/* Returns 0; -ENOMEM; or what connect says (-ECONNREFUSED and -EHOSTDOWN: no PipeWire). */
int sound_new(const SoundEvents *events, void *userdata, Sound **ret);
/* No event comes any more. Streams on it are freed before. */
Sound *sound_free(Sound *sound);
DEFINE_CLEANUP(Sound *, sound_free);

bool sound_is_broken(const Sound *sound);

typedef struct SoundDevice {
        bool any;     /* there is a device of this kind */
        bool there;   /* … and the one that was asked for */
        bool headset; /* the one that was asked for, or else the default, is one */
} SoundDevice;

/* `chosen` is a node.name; empty: none. */
void sound_look(Sound *sound, DeviceKind kind, const char *chosen, SoundDevice *ret);

/* The camera of this node.name; with an empty one the system's default, or any. Whether there is
 * one. */
bool sound_find_camera(Sound *sound, const char *name, char ret[static NODE_NAME_MAX + 1]);

/* For streams, in whatever thread: `changed` comes in the main loop. */
void sound_tell_changed(Sound *sound);

struct pw_thread_loop *sound_loop(Sound *sound);
struct pw_core *sound_core(Sound *sound);
struct pw_context *sound_context(Sound *sound);

/* What every stream of a call says of itself; `target` empty: the default device. The stream that
 * is made from it owns it. NULL: out of memory. */
struct pw_properties *sound_stream_properties(DeviceKind kind, const char *role, const char *node,
                                              const char *description, const char *target);

/* Mono at SOUND_RATE in `format`, as the parameter for pw_stream_connect(). */
#define SOUND_FORMAT_SIZE 256
const struct spa_pod *sound_format(char buffer[static SOUND_FORMAT_SIZE], uint32_t format,
                                   uint32_t rate, uint32_t channels);
