/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One participant's pictures as they are shown here: a node that any program can show
 * (video-source-node.h). It outlives the connections to the participant, which may be replaced; one
 * at a time is its source.
 */

#include "media/video.h"
#include "model/record.h"

typedef struct RemoteVideo RemoteVideo;

/* Called when a program begins to show the node: the source has to ask for a key frame. */
typedef void (*RemoteVideoKeyWanted)(void *userdata);

/* `video` must outlive it; NULL: pictures are counted, but not shown. Returns 0 or -ENOMEM. */
int remote_video_new(Video *video, const char *session, const Party *party,
                     RemoteVideoKeyWanted key_wanted, void *userdata, RemoteVideo **ret);
/* Call it after the last write. */
RemoteVideo *remote_video_free(RemoteVideo *remote);
DEFINE_CLEANUP(RemoteVideo *, remote_video_free);

/* Makes `source` the only source. */
void remote_video_follow(RemoteVideo *remote, const void *source);
/*
 * Takes a whole VP8 picture, in any thread. Drops it unless it comes from the source, and one that
 * has more than VIDEO_PIXELS_MAX with all that follow it up to the next key frame. Returns true
 * when pictures have begun: then call remote_video_look().
 */
bool remote_video_write(RemoteVideo *remote, const void *source, GstBuffer *buffer);

/*
 * Notices that pictures have begun or stopped, and opens the node for the first. Call it about once
 * a second, and when remote_video_write() returns true. Returns whether remote_video_is_coming()
 * has changed.
 */
bool remote_video_look(RemoteVideo *remote);
bool remote_video_is_coming(const RemoteVideo *remote); /* pictures arrive */
/* PipeWire's node.name; empty: no node yet. */
const char *remote_video_node(const RemoteVideo *remote);

typedef struct RemoteVideoCounters {
        uint32_t width, height; /* of the last key frame; 0: no key frame yet */
        unsigned pictures;
} RemoteVideoCounters;

void remote_video_count(const RemoteVideo *remote, RemoteVideoCounters *ret);
