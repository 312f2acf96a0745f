/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A participant's picture on this desktop: a PipeWire node of class Video/Source, which any program
 * can show or record as it would a camera. Pictures are decoded only while one does.
 *
 * The node exists as long as the connection to PipeWire; video_source_node_attach() creates it
 * again on a new connection.
 */

#include <gst/gst.h>

#include "media/pipewire.h"

/*
 * Pixels of a picture, at most: its size is what the other side claims, and buffers are made for
 * it. Tring sends at most 1920x1080; a browser may send a whole screen of any shape, 5120x2880 too.
 */
#define VIDEO_PIXELS_MAX (4096 * 4096)

typedef struct VideoSourceNode VideoSourceNode;

/* Called in the main loop when a program begins to show the node: a key frame is needed. */
typedef void (*VideoSourceKeyWanted)(void *userdata);

/* `name` is its node.name, `description` is for people. Returns 0 or -ENOMEM. */
int video_source_node_new(const char *name, const char *description,
                          VideoSourceKeyWanted key_wanted, void *userdata, VideoSourceNode **ret);
/* Call it after detaching and after the last video_source_node_push(). */
VideoSourceNode *video_source_node_free(VideoSourceNode *node);
DEFINE_CLEANUP(VideoSourceNode *, video_source_node_free);

/* Main loop only. Detach the node before `pipewire` is freed. Returns 0 or negative errno. */
int video_source_node_attach(VideoSourceNode *node, PipeWire *pipewire);
void video_source_node_detach(VideoSourceNode *node);

/*
 * Call it before the node is first attached; in any thread. A program keeps the size with which it
 * began, and the next one gets the new size once the node has been left or suspended. At most
 * VIDEO_PIXELS_MAX.
 */
void video_source_node_set_size(VideoSourceNode *node, uint32_t width, uint32_t height);
/* Takes a whole VP8 picture. In any thread, one call at a time. */
void video_source_node_push(VideoSourceNode *node, GstBuffer *buffer);

/*
 * Shows a dark picture until the next picture comes, because the participant has paused. Main loop
 * only.
 */
void video_source_node_darken(VideoSourceNode *node);
