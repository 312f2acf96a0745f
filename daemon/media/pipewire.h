/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The connection to PipeWire, with a thread of its own: the list of devices, and a place for the
 * streams (microphone.h, playback.h). Opening it opens no device.
 *
 * Events come in GLib's main loop. Calls on PipeWire objects are made under the loop's lock.
 */

#include <pipewire/pipewire.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/cleanup.h"
#include "media/device-registry.h"
#include "model/status.h"

#define AUDIO_RATE 48000 /* Hz: Opus's own rate, and what PipeWire runs at */
#define AUDIO_FRAME_MS 10
#define AUDIO_FRAME (AUDIO_RATE * AUDIO_FRAME_MS / 1000) /* samples, mono */
#define AUDIO_LATENCY "256/48000" /* of the graph: 5.3 ms; half of it costs 0.7 % of a core */
/*
 * PipeWire's own configuration for clients whose data thread runs in real time: without it, a busy
 * machine causes dropouts.
 */
#define PIPEWIRE_CLIENT_CONFIG "client-rt.conf"

typedef struct PipeWire PipeWire;

typedef struct PipeWireEvents {
        /*
         * The devices, the defaults, or the state of a stream (microphone_failed(),
         * playback_failed()) have changed.
         */
        void (*changed)(void *userdata);
        /*
         * The connection is lost: nothing on it works any more. The callback may free it. NULL:
         * the caller looks at pipewire_is_broken().
         */
        void (*broken)(void *userdata);
} PipeWireEvents;

/* Returns 0, -ENOMEM, or the error of connecting (-ECONNREFUSED and -EHOSTDOWN: no PipeWire). */
int pipewire_new(const PipeWireEvents *events, void *userdata, PipeWire **ret);
/* No event comes after it. Free the streams first. */
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

/*
 * Finds the camera of this node.name; empty: the system's default, or any. Returns whether there is
 * one.
 */
bool pipewire_find_camera(PipeWire *pipewire, const char *name, char ret[static NODE_NAME_MAX + 1]);

/* For a stream that has changed its state: a failed one sets `failed`, and causes `changed`. */
void pipewire_report_state(PipeWire *pipewire, enum pw_stream_state state, atomic_bool *failed);

/* Of PipeWire's thread. */
void pipewire_lock(PipeWire *pipewire);
void pipewire_unlock(PipeWire *pipewire);
struct pw_loop *pipewire_loop(PipeWire *pipewire);
struct pw_core *pipewire_core(PipeWire *pipewire);
struct pw_context *pipewire_context(PipeWire *pipewire);
