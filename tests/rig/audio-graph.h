/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The contents of a PipeWire, as a test sees them: nodes and ports by name, the default devices,
 * and links made by the test. One connection, updated by its own thread; each function may be
 * called from any other thread.
 */

#include <pipewire/pipewire.h>
#include <stdbool.h>

#include "base/cleanup.h"

/* Port names that support.null-audio-sink gives the rig's mono devices. */
#define RIG_PORT_MICROPHONE "capture_MONO"    /* read by a program that records */
#define RIG_PORT_MICROPHONE_FEED "input_MONO" /* input of the microphone */
#define RIG_PORT_SPEAKER "playback_MONO"
#define RIG_PORT_SPEAKER_MONITOR "monitor_MONO" /* output of the speaker */

typedef struct RigGraph RigGraph;

/*
 * `directory` holds the socket; NULL: PipeWire's own environment decides. Returns when the contents
 * are known: 0 or negative errno.
 */
int rig_graph_new(const char *directory, RigGraph **ret);
RigGraph *rig_graph_free(RigGraph *graph);
DEFINE_CLEANUP(RigGraph *, rig_graph_free);

/* For objects that live on this connection; call them under the loop's lock. */
struct pw_thread_loop *rig_graph_loop(RigGraph *graph);
struct pw_core *rig_graph_core(RigGraph *graph);

/* Waits until `condition` holds; it is checked after each change. Returns 0 or -ETIMEDOUT. */
typedef bool (*RigGraphCondition)(RigGraph *graph, void *data);
/* Has the conditions checked again; may be called from a data thread. */
void rig_graph_wake(RigGraph *graph);
int rig_graph_wait(RigGraph *graph, RigGraphCondition condition, void *data, int timeout_ms);
/* The same for the most common condition: a node of this name exists, or does not. */
int rig_graph_wait_node(RigGraph *graph, const char *node, bool there, int timeout_ms);

bool rig_graph_has_node(RigGraph *graph, const char *node);
size_t rig_graph_count_nodes(RigGraph *graph);
bool rig_graph_has_port(RigGraph *graph, const char *node, const char *port);
/* Whether a port of one node is linked to one of another; waiting returns 0 or -ETIMEDOUT. */
bool rig_graph_has_link(RigGraph *graph, const char *from, const char *to);
int rig_graph_wait_link(RigGraph *graph, const char *from, const char *to, int timeout_ms);
/* A property that the registry shows of a node; false if there is no such node or property. */
bool rig_graph_node_property(RigGraph *graph, const char *node, const char *key, char *ret,
                             size_t size);
/* Whether the session manager has chosen these as defaults; NULL: any. */
bool rig_graph_has_defaults(RigGraph *graph, const char *source, const char *sink);

/*
 * Links two ports and waits for the link. It goes with the graph, or when the caller destroys *ret
 * (under the lock). Returns 0, -ENOENT (no such ports), -ETIMEDOUT, or -errno.
 */
int rig_graph_link(RigGraph *graph, const char *from, const char *from_port, const char *to,
                   const char *to_port, struct pw_proxy **ret);

/* Gives the object to the graph, which destroys it in the end. */
void rig_graph_own(RigGraph *graph, struct pw_proxy *proxy);

/*
 * Plugs in a device while everything runs, until rig_graph_unplug() or the graph's end.
 * `media_class` is "Audio/Source/Virtual" or "Audio/Sink"; `form_factor` may be NULL. Returns when
 * the device exists and can be linked: 0, -ETIMEDOUT or -errno.
 */
int rig_graph_plug(RigGraph *graph, const char *node, const char *media_class,
                   const char *form_factor, struct pw_proxy **ret);
/* The same for a camera without pictures. */
int rig_graph_plug_camera(RigGraph *graph, const char *node, struct pw_proxy **ret);
/* Returns when the device is gone. */
void rig_graph_unplug(RigGraph *graph, const char *node, struct pw_proxy *device);

/* Makes a device the system's default, as a settings program does. */
void rig_graph_set_default(RigGraph *graph, const char *source, const char *sink);

/* Moves a stream to another device, as a mixer does. */
void rig_graph_retarget(RigGraph *graph, const char *stream, const char *device);

/* Sets the volume (0…1, linear) or the mute of a stream with one channel, as a mixer does. */
void rig_graph_set_volume(RigGraph *graph, const char *stream, double volume);
void rig_graph_set_mute(RigGraph *graph, const char *stream, bool on);

/* Counts the nodes of exactly this name. */
unsigned rig_graph_count_named(RigGraph *graph, const char *node);
