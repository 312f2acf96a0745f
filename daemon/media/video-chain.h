/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The two ways that a picture takes through a webrtcbin: VP8 to RTP into it, and RTP out of it to
 * VP8. Nothing is encoded or decoded here (video-encoder.c, video-decoder.c).
 */

#include <gst/app/gstappsrc.h>
#include <gst/gst.h>
#include <stdint.h>

#include "media/description.h"

#define VIDEO_ENCODED_CAPS "video/x-vp8,profile=(string)0"

/* What an offer of ours says; browsers say the same. An answer takes what was offered. */
#define VIDEO_CHAIN_FORMAT ((VideoFormat){.payload = 96, .transport_cc = 3})

/* In a thread of GStreamer's. */
typedef void (*VideoChainKeyWanted)(void *userdata);

/* What the other side has said of our packets (transport-wide-cc). */
typedef struct VideoFeedback {
        GMutex mutex;
        uint64_t packets, lost;
        int64_t delay, least; /* ns; the sum of theirs, and the least of all: clocks that differ */
} VideoFeedback;

typedef struct VideoSendChain {
        GstAppSrc *source; /* counted; NULL: not built yet */
        GstPad *pad;       /* counted: the webrtcbin's sink pad */
        bool broken;       /* of the pushing thread: nothing more before the next key frame */
        VideoFeedback feedback;
        VideoChainKeyWanted key_wanted;
        void *userdata;
        GDestroyNotify release; /* of userdata, when GStreamer will not call any more */
} VideoSendChain;

/*
 * Builds appsrc to webrtcbin in `pipeline`; caps reach the pad soon after, without any picture.
 * `key_wanted` is told that the other side cannot go on without a key frame. The userdata is
 * released only after success. Returns 0 or -EIO: an element is missing.
 */
int video_send_chain_build(VideoSendChain *chain, GstElement *pipeline, GstElement *webrtc,
                           const VideoFormat *format);
/* One VP8 picture; the buffer stays the caller's. In any thread, one call at a time; does not
 * block. Begins with a key frame. Whether this one was sent. */
bool video_send_chain_push(VideoSendChain *chain, GstBuffer *buffer);
/* How packets fared since it was last asked (video-rate.h); false: nothing was said. */
bool video_send_chain_report(VideoSendChain *chain, double *ret_loss, double *ret_queue_ms);
void video_send_chain_done(VideoSendChain *chain);

/* One whole VP8 picture, in a thread of GStreamer's. */
typedef void (*VideoChainPicture)(void *userdata, GstBuffer *buffer);

typedef struct VideoReceiveChain {
        /* Counted: the webrtcbin's source pad; NULL: nothing has come yet. Set by a thread of
         * GStreamer's while others look at it: g_atomic_pointer_get(). */
        GstPad *pad;
        VideoChainPicture picture;
        void *userdata;
        GDestroyNotify release; /* of userdata, when GStreamer will not call any more */
} VideoReceiveChain;

/* Whether that is VP8. */
bool video_receive_chain_takes(GstPad *pad);
/* Builds depayloader to appsink in `pipeline`, and links a webrtcbin's source pad to it. Returns 0,
 * -EBUSY: it has one already, or -EIO. The userdata is released only after success. */
int video_receive_chain_build(VideoReceiveChain *chain, GstElement *pipeline, GstPad *pad);
/* A jitter buffer of the webrtcbin's; pictures alone wait in them (chain.h). */
void video_receive_chain_tune(GstElement *buffer);
/* Asks the other side for a key frame (PLI); in any thread. */
void video_receive_chain_request_key(VideoReceiveChain *chain);
void video_receive_chain_done(VideoReceiveChain *chain);

/* RFC 6386 section 9.1: a key frame says how large it is. false: it is none. */
bool video_key_frame_size(const uint8_t *data, size_t size, uint32_t *ret_width,
                          uint32_t *ret_height);
