/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A participant's picture on this desktop: a PipeWire node of class Video/Source, which any program
 * can show or record as it would a camera. Nothing is decoded while no program does.
 *
 * The node stays while PipeWire does; after that video_source_node_attach() makes it again.
 */

#include <gst/gst.h>

#include "media/pipewire.h"

typedef struct VideoSourceNode VideoSourceNode;

/* A program begins to show it: a key frame is needed. In the main loop. */
typedef void (*VideoSourceKeyWanted)(void *userdata);

/* `node` and `description` name the node. Returns 0 or -ENOMEM. */
int video_source_node_new(const char *name, const char *description,
                          VideoSourceKeyWanted key_wanted, void *userdata, VideoSourceNode **ret);
/* Call it after detaching and after the last video_source_node_push(). */
VideoSourceNode *video_source_node_free(VideoSourceNode *node);
DEFINE_CLEANUP(VideoSourceNode *, video_source_node_free);

/*
 * Main loop. `pipewire` must outlive the node, or be detached before. Returns 0 or negative errno.
 */
int video_source_node_attach(VideoSourceNode *node, PipeWire *pipewire);
void video_source_node_detach(VideoSourceNode *node);

/*
 * In any thread; needed before it is attached. The node changes its size when no program shows it;
 * a program keeps the size with which it began.
 */
void video_source_node_set_size(VideoSourceNode *node, uint32_t width, uint32_t height);
/* A whole VP8 picture. In any thread, one call at a time. */
void video_source_node_push(VideoSourceNode *node, GstBuffer *buffer);

/* The picture is paused: shows dark until the next one comes. Main loop. */
void video_source_node_darken(VideoSourceNode *node);
