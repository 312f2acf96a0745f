/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a PipeWire has in it, as a test sees it: nodes and ports by name, the default devices, and
 * links of the test's own. One connection, kept up to date by a thread of its own; every function
 * may be called from any other thread.
 */

#include <pipewire/pipewire.h>
#include <stdbool.h>

#include "base/cleanup.h"

/* How support.null-audio-sink names the ports of the rig's mono devices. */
#define RIG_PORT_MICROPHONE "capture_MONO"    /* what a program that records reads */
#define RIG_PORT_MICROPHONE_FEED "input_MONO" /* what the microphone hears */
#define RIG_PORT_SPEAKER "playback_MONO"
#define RIG_PORT_SPEAKER_MONITOR "monitor_MONO" /* what comes out of the speaker */

typedef struct RigGraph RigGraph;

/*
 * `directory` is where the socket is; NULL: as PipeWire's own environment says. Returns when what
 * is there is known: 0 or negative errno.
 */
int rig_graph_new(const char *directory, RigGraph **ret);
RigGraph *rig_graph_free(RigGraph *graph);
DEFINE_CLEANUP(RigGraph *, rig_graph_free);

/* For objects that live on this connection; calls on them are made under the loop's lock. */
struct pw_thread_loop *rig_graph_loop(RigGraph *graph);
struct pw_core *rig_graph_core(RigGraph *graph);

/* Waits until `condition` holds; it is looked at again after each change. 0 or -ETIMEDOUT. */
typedef bool (*RigGraphCondition)(RigGraph *graph, void *data);
/* Has the conditions looked at again; may be called from a data thread. */
void rig_graph_wake(RigGraph *graph);
int rig_graph_wait(RigGraph *graph, RigGraphCondition condition, void *data, int timeout_ms);
/* The same for the most frequent wish: a node of this name is there, or is not. */
int rig_graph_wait_node(RigGraph *graph, const char *node, bool there, int timeout_ms);

bool rig_graph_has_node(RigGraph *graph, const char *node);
size_t rig_graph_count_nodes(RigGraph *graph);
bool rig_graph_has_port(RigGraph *graph, const char *node, const char *port);
/* A property that the registry shows of a node; false if node or property is not there. */
bool rig_graph_node_property(RigGraph *graph, const char *node, const char *key, char *ret,
                             size_t size);
/* The session manager has chosen these as defaults; NULL: not asked. */
bool rig_graph_has_defaults(RigGraph *graph, const char *source, const char *sink);

/*
 * Links two ports and waits until the link is there. It is gone with the graph, or when the caller
 * destroys *ret (under the lock). Returns 0, -ENOENT (no such ports), -ETIMEDOUT, or -errno.
 */
int rig_graph_link(RigGraph *graph, const char *from, const char *from_port, const char *to,
                   const char *to_port, struct pw_proxy **ret);

/* The graph owns it from now on: it is destroyed with it. */
void rig_graph_keep(RigGraph *graph, struct pw_proxy *proxy);

/*
 * A device that is plugged in while everything runs, until rig_graph_unplug() or the graph's end.
 * `media_class` is "Audio/Source/Virtual" or "Audio/Sink"; `form_factor` may be NULL. Returns when
 * it is there and can be linked: 0, -ETIMEDOUT or -errno.
 */
int rig_graph_plug(RigGraph *graph, const char *node, const char *media_class,
                   const char *form_factor, struct pw_proxy **ret);
/* One that shows nothing, but is there. */
int rig_graph_plug_camera(RigGraph *graph, const char *node, struct pw_proxy **ret);
/* Returns when it is gone. */
void rig_graph_unplug(RigGraph *graph, const char *node, struct pw_proxy *device);

/* Makes it the system's default, as a settings program does. */
void rig_graph_set_default(RigGraph *graph, const char *source, const char *sink);

/* Has a stream go to another device, as a mixer does. */
void rig_graph_retarget(RigGraph *graph, const char *stream, const char *device);

/* Nodes of exactly this name. */
unsigned rig_graph_count_named(RigGraph *graph, const char *node);
