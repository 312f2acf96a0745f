/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The connection to PipeWire, with a thread of its own: the list of devices, and a place for the
 * streams (microphone.h, playback.h). Opening it opens no device.
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
         * PipeWire has gone: nothing on this connection works any more. The callback may free it.
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

/* For streams, in any thread: calls `changed` in the main loop. */
void pipewire_report_changed(PipeWire *pipewire);

struct pw_thread_loop *pipewire_loop(PipeWire *pipewire);
struct pw_core *pipewire_core(PipeWire *pipewire);
struct pw_context *pipewire_context(PipeWire *pipewire);

/*
 * The properties of every stream of a call; `target` empty: the default device. The stream takes
 * them. NULL: out of memory.
 */
struct pw_properties *pipewire_stream_properties(DeviceKind kind, const char *role,
                                                 const char *node, const char *description,
                                                 const char *target);

/* Mono at AUDIO_RATE in `format`, as the parameter for pw_stream_connect(). */
#define AUDIO_FORMAT_SIZE 256
const struct spa_pod *pipewire_format(char buffer[static AUDIO_FORMAT_SIZE], uint32_t format,
                                      uint32_t rate, uint32_t channels);
