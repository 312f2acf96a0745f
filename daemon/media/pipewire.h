/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A connection to PipeWire with its own thread. It keeps the list of devices, and the streams
 * (microphone.h, playback.h) are made on it. Connecting opens no device.
 *
 * Events come in GLib's main loop. Calls on PipeWire objects are made under the loop's lock.
 */

#include <pipewire/pipewire.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/cleanup.h"
#include "media/device-registry.h"
#include "media/pipewire-source.h"
#include "model/status.h"

#define AUDIO_RATE 48000 /* Hz: the rate of Opus and of PipeWire */
#define AUDIO_FRAME_MS 10
#define AUDIO_FRAME (AUDIO_RATE * AUDIO_FRAME_MS / 1000) /* samples, mono */
#define AUDIO_LATENCY "256/48000" /* of the graph: 5.3 ms; halving it costs 0.7 % of a core */
/*
 * PipeWire's own configuration for clients with a real-time data thread: without real time, a busy
 * machine causes dropouts.
 */
#define PIPEWIRE_CLIENT_CONFIG "client-rt.conf"

/*
 * Session managers store the volume, the mute and the device of a stream for the next stream with
 * the same media.role or, where it has none, the same application.id (WirePlumber,
 * restore-stream.lua). All programs share a role, and all voices shared our application.id: so no
 * stream has a role, and each has an id of its own. That of a voice ends with the person's uid, so
 * that what was set for a person is that person's.
 */
#define STREAM_ID_VOICE "org.tring.Calls1." /* and the uid */
#define STREAM_ID_MICROPHONE "org.tring.Microphone"
#define STREAM_ID_CAMERA "org.tring.Camera"
#define STREAM_ID_SCREEN "org.tring.Screen"
#define STREAM_ID_RING "org.tring.Ring"
#define STREAM_ID_RING_BACK "org.tring.RingBack"

typedef struct PipeWire PipeWire;

typedef struct PipeWireEvents {
        /*
         * The devices, the defaults, or the state of a stream (microphone_failed(),
         * playback_failed()) have changed.
         */
        void (*changed)(void *userdata);
        /*
         * The connection is lost: nothing on it works any more. The callback may free the PipeWire.
         * NULL: the caller checks pipewire_is_broken() instead.
         */
        void (*broken)(void *userdata);
} PipeWireEvents;

/*
 * Returns 0, -ENOMEM, -EAGAIN (a connection is on its way: pipewire_source_give()), or the error of
 * connecting (-ECONNREFUSED and -EHOSTDOWN: no PipeWire).
 */
int pipewire_new(PipeWireSource *source, const PipeWireEvents *events, void *userdata,
                 PipeWire **ret);
/* Free the streams first. No event follows. */
PipeWire *pipewire_free(PipeWire *pipewire);
DEFINE_CLEANUP(PipeWire *, pipewire_free);

bool pipewire_is_broken(const PipeWire *pipewire);

typedef struct PipeWireDevice {
        bool any;                        /* there is a device of this kind */
        bool there;                      /* the chosen device is there */
        bool headset;                    /* the chosen device, else the default, is a headset */
        char instead[NODE_NAME_MAX + 1]; /* node.name of the device to use in place of the default
                                            one; empty: that one is good */
} PipeWireDevice;

/* Looks up a kind of device. `chosen` is a node.name; empty: none is chosen. */
void pipewire_look(PipeWire *pipewire, DeviceKind kind, const char *chosen, PipeWireDevice *ret);

/*
 * Finds the camera with this node.name; if `name` is empty, the system's default, else any. Returns
 * whether there is one.
 */
bool pipewire_find_camera(PipeWire *pipewire, const char *name, char ret[static NODE_NAME_MAX + 1]);

/*
 * Called when a stream has changed its state. If it has failed, sets `failed` and causes the event
 * `changed`.
 */
void pipewire_report_state(PipeWire *pipewire, enum pw_stream_state state, atomic_bool *failed);

/* The lock and the loop are those of PipeWire's thread. */
void pipewire_lock(PipeWire *pipewire);
void pipewire_unlock(PipeWire *pipewire);
/*
 * Destroys a stream whose pictures are processed in PipeWire's thread (one without
 * PW_STREAM_FLAG_RT_PROCESS), from another thread, with the lock held. The lock is released while
 * the events that are on their way to the stream arrive: after pw_stream_destroy() alone they would
 * arrive at freed memory (seen with PipeWire 0.3.65).
 */
void pipewire_destroy_stream(PipeWire *pipewire, struct pw_stream *stream);
struct pw_loop *pipewire_loop(PipeWire *pipewire);
struct pw_core *pipewire_core(PipeWire *pipewire);
struct pw_context *pipewire_context(PipeWire *pipewire);
