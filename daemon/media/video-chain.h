/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The two chains that carry pictures through a webrtcbin: VP8 to RTP into it, and RTP to VP8 out of
 * it. Nothing is encoded or decoded here (video-codec.h).
 */

#include <gst/app/gstappsrc.h>
#include <gst/gst.h>
#include <stdint.h>

#include "media/description.h"

#define VIDEO_ENCODED_CAPS "video/x-vp8,profile=(string)0"

/*
 * The parameters that our offers name; browsers name the same. An answer uses those of the offer.
 */
#define VIDEO_CHAIN_FORMAT ((VideoFormat){.payload = 96, .transport_cc = 3})

/* Called in a GStreamer thread when the other side needs a key frame to continue. */
typedef void (*VideoChainKeyWanted)(void *userdata);

/* The other side's reports about our packets (transport-wide-cc). */
typedef struct VideoFeedback {
        GMutex mutex;
        uint64_t packets, lost;
        int64_t delay, least; /* ns; `least`: the smallest; `delay`: sum of what exceeds it */
} VideoFeedback;

typedef struct VideoSendChain {
        GstAppSrc *source; /* a reference; NULL: not built yet */
        GstPad *pad;       /* a reference: the webrtcbin's sink pad */
        bool broken;       /* pushing thread: drops pictures until the next key frame */
        VideoFeedback feedback;
        VideoChainKeyWanted key_wanted;
        void *userdata;
        GDestroyNotify release; /* frees userdata, once GStreamer makes no more calls */
} VideoSendChain;

/*
 * Builds appsrc to webrtcbin in `pipeline`; caps reach the pad soon after, without any picture.
 * `release` is called only if this has succeeded. Returns 0 or -EIO: an element is missing.
 */
int video_send_chain_build(VideoSendChain *chain, GstElement *pipeline, GstElement *webrtc,
                           const VideoFormat *format);
/*
 * Sends one VP8 picture; the buffer stays the caller's. In any thread, one call at a time; does not
 * block. Drops pictures before the first key frame. Returns whether it was sent.
 */
bool video_send_chain_push(VideoSendChain *chain, GstBuffer *buffer);
/*
 * Gives loss and delay of the packets since the last call (video-rate.h). False: no report has
 * come.
 */
bool video_send_chain_report(VideoSendChain *chain, double *ret_loss, double *ret_queue_ms);
void video_send_chain_done(VideoSendChain *chain);

/* Called with one whole VP8 picture, in a GStreamer thread. */
typedef void (*VideoChainPicture)(void *userdata, GstBuffer *buffer);

typedef struct VideoReceiveChain {
        /*
         * A reference: the webrtcbin's source pad; NULL: none linked yet. A GStreamer thread sets
         * it while others read it: use g_atomic_pointer_get().
         */
        GstPad *pad;
        VideoChainPicture picture;
        void *userdata;
        GDestroyNotify release; /* frees userdata, once GStreamer makes no more calls */
} VideoReceiveChain;

/* Whether the pad carries VP8. */
bool video_receive_chain_takes(GstPad *pad);
/*
 * Builds depayloader to appsink in `pipeline`, and links a source pad of the webrtcbin to it.
 * Returns 0, -EBUSY: another pad is linked, or -EIO. `release` is called only if this has
 * succeeded.
 */
int video_receive_chain_build(VideoReceiveChain *chain, GstElement *pipeline, GstPad *pad);
/* Tunes a jitter buffer of the webrtcbin; only pictures wait in it (chain.h). */
void video_receive_chain_tune(GstElement *buffer);
/* Asks the other side for a key frame (PLI); in any thread. */
void video_receive_chain_request_key(VideoReceiveChain *chain);
void video_receive_chain_done(VideoReceiveChain *chain);

/* Reads the size from a VP8 key frame (RFC 6386 section 9.1). False: it is not a key frame. */
bool video_key_frame_size(const uint8_t *data, size_t size, uint32_t *ret_width,
                          uint32_t *ret_height);
