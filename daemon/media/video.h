/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * This user's picture on its way to everybody in the call, and the connection to PipeWire that
 * pictures of both directions use. The picture is the shared screen's, else the camera's, else a
 * test card where there is no camera, and none while paused. It is encoded once for all.
 *
 * Cameras and PipeWire itself may come and go: a loss is reported once, and what was lost is used
 * again when it is back.
 *
 * Main loop only, unless noted otherwise.
 */

#include <gst/gst.h>

#include "base/cleanup.h"
#include "media/video-source-node.h"
#include "model/session-types.h"

#define VIDEO_TEST_CARD "test" /* instead of a camera's name */

typedef struct Video Video;

typedef struct VideoEvents {
        void (*fault)(void *userdata, CallError error, const char *text);
        /* A shared screen has ended by itself. */
        void (*screen_ended)(void *userdata);
} VideoEvents;

/* Opens nothing. Returns 0 or -ENOMEM. */
int video_new(const char *session, const VideoEvents *events, void *userdata, Video **ret);
/* Call it after all sinks and nodes have been removed. */
Video *video_free(Video *video);
DEFINE_CLEANUP(Video *, video_free);

/* Starts sending; `camera` is a node.name, empty: the best there is. */
void video_start(Video *video, const char *camera, const char *title);
void video_stop(Video *video);
bool video_is_started(const Video *video);
void video_set_camera(Video *video, const char *camera);

/*
 * Shows the screen in the camera's place. `remote` is a connection to PipeWire from a portal, and
 * is taken over in any case; `node` is the screen's node there. Returns 0 or negative errno.
 */
int video_share_screen(Video *video, int remote, uint32_t node, const char *title);
void video_stop_screen(Video *video);
bool video_shares_screen(const Video *video);

/*
 * Takes one encoded picture, in any thread, one call at a time; must not block. Returns whether it
 * was sent: if not, a key frame follows.
 */
typedef bool (*VideoSink)(void *userdata, GstBuffer *buffer);

#define VIDEO_SINKS_MAX 32 /* PARTICIPANTS_MAX */
/* Begins with a key frame. -ENOSPC beyond VIDEO_SINKS_MAX. */
int video_add(Video *video, VideoSink sink, void *userdata);
/* After it has returned, the sink is not called any more. */
void video_remove(Video *video, void *userdata);
/* A receiver needs a key frame; in any thread. */
void video_request_key(Video *video);
/* The report of that sink's participant, about one a second (video-rate.h). */
void video_report(Video *video, void *userdata, double loss, double queue_ms);

/* Keeps the node attached to PipeWire while there is one. */
void video_add_node(Video *video, VideoSourceNode *node);
void video_remove_node(Video *video, VideoSourceNode *node);
