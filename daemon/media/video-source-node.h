/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Somebody's picture on this desktop: a PipeWire node of class Video/Source, which any program can
 * show or record as it would a camera. While nobody looks, nothing is decoded.
 *
 * The node stays while PipeWire does; after that video_source_node_attach() makes it anew.
 */

#include <gst/gst.h>

#include "media/pipewire.h"

typedef struct VideoSourceNode VideoSourceNode;

/* Somebody begins to look: a key frame is needed. In the main loop. */
typedef void (*VideoSourceKeyWanted)(void *userdata);

/* `node` and `description` are the node's. Returns 0 or -ENOMEM. */
int video_source_node_new(const char *name, const char *description,
                          VideoSourceKeyWanted key_wanted, void *userdata, VideoSourceNode **ret);
/* It is detached, and nothing comes from video_source_node_push() any more. */
VideoSourceNode *video_source_node_free(VideoSourceNode *node);
DEFINE_CLEANUP(VideoSourceNode *, video_source_node_free);

/* Main loop. The pipewire outlives the node, or it is detached before. Returns 0 or negative
 * errno. */
int video_source_node_attach(VideoSourceNode *node, PipeWire *pipewire);
void video_source_node_detach(VideoSourceNode *node);

/*
 * In any thread; needed before it is attached. The node follows when nobody looks; until then
 * whoever looks goes on in the size that they began with.
 */
void video_source_node_set_size(VideoSourceNode *node, uint32_t width, uint32_t height);
/* A whole VP8 node. In any thread, one call at a time. */
void video_source_node_push(VideoSourceNode *node, GstBuffer *buffer);

/* Nothing comes any more (paused): it is dark until something does. Main loop. */
void video_source_node_darken(VideoSourceNode *node);
