/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * This user's picture for all participants, and the connection to PipeWire that pictures in both
 * directions use. The picture comes from the shared screen, else from the camera, else it is a test
 * card; while paused there is none. It is encoded once for all receivers.
 *
 * Cameras and PipeWire itself may come and go: a loss is reported once, and the camera or PipeWire
 * is used again when it is back.
 *
 * Main loop only, unless noted otherwise.
 */

#include <gst/gst.h>

#include "base/cleanup.h"
#include "media/video-source-node.h"
#include "model/session-types.h"

#define VIDEO_TEST_CARD "test" /* in place of a camera's node.name */

typedef struct Video Video;

typedef struct VideoEvents {
        void (*fault)(void *userdata, CallError error, const char *text);
        /* The shared screen has ended by itself, without video_stop_screen(). */
        void (*screen_ended)(void *userdata);
} VideoEvents;

/* Opens nothing. Returns 0 or -ENOMEM. */
int video_new(const char *session, PipeWireSource *connections, const VideoEvents *events,
              void *userdata, Video **ret);
/*
 * Connects to PipeWire, which a screen needs before it can be shared. Returns 0, -EAGAIN: a
 * connection is on its way, or another negative errno.
 */
int video_connect(Video *video);
/* There is a connection now that may have been waited for. */
void video_connection_came(Video *video);
/* Call it after all sinks and nodes have been removed. */
Video *video_free(Video *video);
DEFINE_CLEANUP(Video *, video_free);

/* Starts sending; `camera` is a node.name; empty: the default camera, else any. */
void video_start(Video *video, const char *camera, const char *title);
void video_stop(Video *video);
bool video_is_started(const Video *video);
void video_set_camera(Video *video, const char *camera);

/*
 * Sends the screen instead of the camera. `remote` is the descriptor of a portal's connection to
 * PipeWire, and is taken over also on failure; `node` is the screen's node there. Returns 0 or
 * negative errno.
 */
int video_share_screen(Video *video, int remote, uint32_t node, const char *title);
void video_stop_screen(Video *video);
bool video_shares_screen(const Video *video);

/*
 * Called with one encoded picture, in any thread, one call at a time; must not block. Returns
 * whether it was sent: if not, a key frame follows.
 */
typedef bool (*VideoSink)(void *userdata, GstBuffer *buffer);

#define VIDEO_SINKS_MAX 32 /* PARTICIPANTS_MAX */
/*
 * Adds a receiver, whose pictures begin with a key frame. Returns 0, or -ENOSPC beyond
 * VIDEO_SINKS_MAX.
 */
int video_add(Video *video, VideoSink sink, void *userdata);
/* After it has returned, the sink is not called any more. */
void video_remove(Video *video, void *userdata);
/* Asks for a key frame, because a receiver needs one; in any thread. */
void video_request_key(Video *video);
/* Passes on the report of a sink's participant, about one a second (video-rate.h). */
void video_report(Video *video, void *userdata, double loss, double queue_ms);

/* Attaches the node to PipeWire, and again after each loss of the connection. */
void video_add_node(Video *video, VideoSourceNode *node);
void video_remove_node(Video *video, VideoSourceNode *node);
