/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The place where one participant's pictures come out: the node that any program can show
 * (video-source-node.h). It stays while connections to the participant follow one another; one of
 * them at a time is its source.
 */

#include "media/video.h"
#include "model/record.h"

typedef struct RemoteVideo RemoteVideo;

/* A program begins to show the node: the source has to ask for a key frame. */
typedef void (*RemoteVideoKeyWanted)(void *userdata);

/* `video` must outlive it; NULL: pictures are counted, but not shown. Returns 0 or -ENOMEM. */
int remote_video_new(Video *video, const char *session, const Party *party,
                     RemoteVideoKeyWanted key_wanted, void *userdata, RemoteVideo **ret);
/* Call it after the last write. */
RemoteVideo *remote_video_free(RemoteVideo *remote);
DEFINE_CLEANUP(RemoteVideo *, remote_video_free);

/* Shows `source` and no other from now on. */
void remote_video_follow(RemoteVideo *remote, const void *source);
/*
 * A whole VP8 picture; in any thread, dropped unless `source` is followed. Returns true when
 * pictures have begun: call remote_video_look() then.
 */
bool remote_video_write(RemoteVideo *remote, const void *source, GstBuffer *buffer);

/*
 * Called now and then, and when remote_video_write() asks for it. Returns whether the values below
 * have changed.
 */
bool remote_video_look(RemoteVideo *remote);
bool remote_video_is_coming(const RemoteVideo *remote); /* a picture is */
/* PipeWire's node.name; empty: no node yet. */
const char *remote_video_node(const RemoteVideo *remote);

typedef struct RemoteVideoCounters {
        uint32_t width, height; /* of the last key frame; 0: no key frame yet */
        unsigned pictures;
} RemoteVideoCounters;

void remote_video_count(const RemoteVideo *remote, RemoteVideoCounters *ret);
