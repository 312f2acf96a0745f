/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The two ways that a picture takes through a webrtcbin: VP8 to RTP into it, and RTP out of it to
 * VP8. Nothing is encoded or decoded here (video-codec.h).
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

/* In a thread of GStreamer's. */
typedef void (*VideoChainKeyWanted)(void *userdata);

/* The other side's reports about our packets (transport-wide-cc). */
typedef struct VideoFeedback {
        GMutex mutex;
        uint64_t packets, lost;
        int64_t delay, least; /* ns; sum and minimum of their delays: the two clocks differ */
} VideoFeedback;

typedef struct VideoSendChain {
        GstAppSrc *source; /* a reference; NULL: not built yet */
        GstPad *pad;       /* a reference: the webrtcbin's sink pad */
        bool broken;       /* of the pushing thread: nothing more before the next key frame */
        VideoFeedback feedback;
        VideoChainKeyWanted key_wanted;
        void *userdata;
        GDestroyNotify release; /* frees userdata, once GStreamer makes no more calls */
} VideoSendChain;

/*
 * Builds appsrc to webrtcbin in `pipeline`; caps reach the pad soon after, without any picture.
 * `key_wanted` reports that the other side needs a key frame to continue. The userdata is released
 * only after success. Returns 0 or -EIO: an element is missing.
 */
int video_send_chain_build(VideoSendChain *chain, GstElement *pipeline, GstElement *webrtc,
                           const VideoFormat *format);
/*
 * Sends one VP8 picture; the buffer stays the caller's. In any thread, one call at a time; does not
 * block. Starts with a key frame. Returns whether it was sent.
 */
bool video_send_chain_push(VideoSendChain *chain, GstBuffer *buffer);
/* How packets fared since the last call (video-rate.h); false: no report has come. */
bool video_send_chain_report(VideoSendChain *chain, double *ret_loss, double *ret_queue_ms);
void video_send_chain_done(VideoSendChain *chain);

/* One whole VP8 picture, in a thread of GStreamer's. */
typedef void (*VideoChainPicture)(void *userdata, GstBuffer *buffer);

typedef struct VideoReceiveChain {
        /*
         * A reference: the webrtcbin's source pad; NULL: nothing has come yet. Set by a thread of
         * GStreamer's while others read it: use g_atomic_pointer_get().
         */
        GstPad *pad;
        VideoChainPicture picture;
        void *userdata;
        GDestroyNotify release; /* frees userdata, once GStreamer makes no more calls */
} VideoReceiveChain;

/* Whether that is VP8. */
bool video_receive_chain_takes(GstPad *pad);
/*
 * Builds depayloader to appsink in `pipeline`, and links a source pad of the webrtcbin to it.
 * Returns 0, -EBUSY: another pad is linked, or -EIO. The userdata is released only after success.
 */
int video_receive_chain_build(VideoReceiveChain *chain, GstElement *pipeline, GstPad *pad);
/* Tunes a jitter buffer of the webrtcbin, which only pictures wait in (chain.h). */
void video_receive_chain_tune(GstElement *buffer);
/* Asks the other side for a key frame (PLI); in any thread. */
void video_receive_chain_request_key(VideoReceiveChain *chain);
void video_receive_chain_done(VideoReceiveChain *chain);

/* RFC 6386 section 9.1: reads the size of a key frame. false: not a key frame. */
bool video_key_frame_size(const uint8_t *data, size_t size, uint32_t *ret_width,
                          uint32_t *ret_height);
