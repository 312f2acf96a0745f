/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The connection to PipeWire, with a thread of its own: what devices there are, and a place for the
 * streams (microphone.h, playback.h) to live on. Opening it opens no device.
 *
 * Events come in GLib's main loop. Calls on PipeWire objects are made under the loop's lock.
 */

#include <pipewire/pipewire.h>
#include <stdbool.h>

#include "base/cleanup.h"
#include "media/device-registry.h"
#include "model/status.h"

#define AUDIO_RATE 48000 /* Hz: Opus's own rate, and what PipeWire runs at */
#define AUDIO_FRAME_MS 10
#define AUDIO_FRAME (AUDIO_RATE * AUDIO_FRAME_MS / 1000) /* samples, mono */
#define AUDIO_LATENCY "256/48000" /* of the graph: 5.3 ms; half of it costs 0.7 % of a core */
/* PipeWire's own, for clients whose data thread is to run in real time: without, a busy machine is
 * heard. */
#define PIPEWIRE_CLIENT_CONFIG "client-rt.conf"

typedef struct PipeWire PipeWire;

typedef struct PipeWireEvents {
        /* What devices there are, which are the defaults, or how a stream goes
         * (microphone_failed(), playback_failed()) is another. */
        void (*changed)(void *userdata);
        /* PipeWire has gone: nothing on this connection will work again. The sound may be freed. */
        void (*broken)(void *userdata);
} PipeWireEvents;

/* Returns 0; -ENOMEM; or what connect says (-ECONNREFUSED and -EHOSTDOWN: no PipeWire). */
int pipewire_new(const PipeWireEvents *events, void *userdata, PipeWire **ret);
/* No event comes any more. Streams on it are freed before. */
PipeWire *pipewire_free(PipeWire *pipewire);
DEFINE_CLEANUP(PipeWire *, pipewire_free);

bool pipewire_is_broken(const PipeWire *pipewire);

typedef struct PipeWireDevice {
        bool any;     /* there is a device of this kind */
        bool there;   /* … and the one that was asked for */
        bool headset; /* the one that was asked for, or else the default, is one */
} PipeWireDevice;

/* `chosen` is a node.name; empty: none. */
void pipewire_look(PipeWire *pipewire, DeviceKind kind, const char *chosen, PipeWireDevice *ret);

/* The camera of this node.name; with an empty one the system's default, or any. Whether there is
 * one. */
bool pipewire_find_camera(PipeWire *pipewire, const char *name, char ret[static NODE_NAME_MAX + 1]);

/* For streams, in whatever thread: `changed` comes in the main loop. */
void pipewire_report_changed(PipeWire *pipewire);

struct pw_thread_loop *pipewire_loop(PipeWire *pipewire);
struct pw_core *pipewire_core(PipeWire *pipewire);
struct pw_context *pipewire_context(PipeWire *pipewire);

/* What every stream of a call says of itself; `target` empty: the default device. The stream that
 * is made from it owns it. NULL: out of memory. */
struct pw_properties *pipewire_stream_properties(DeviceKind kind, const char *role,
                                                 const char *node, const char *description,
                                                 const char *target);

/* Mono at AUDIO_RATE in `format`, as the parameter for pw_stream_connect(). */
#define AUDIO_FORMAT_SIZE 256
const struct spa_pod *pipewire_format(char buffer[static AUDIO_FORMAT_SIZE], uint32_t format,
                                      uint32_t rate, uint32_t channels);
