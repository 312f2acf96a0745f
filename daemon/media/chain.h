/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The two ways through GStreamer that a voice takes: frames to Opus to RTP into a webrtcbin, and
 * RTP out of it to Opus to frames.
 */

#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>
#include <gst/gst.h>
#include <stdint.h>

/* RFC 7587 fixes none; browsers offer Opus as 111. An answer takes the number of the offer. */
#define CHAIN_PAYLOAD 111

typedef struct SendChain {
        GstAppSrc *source; /* counted; NULL: not built yet */
        GstPad *pad;       /* counted: the webrtcbin's sink pad */
        GstClockTime next; /* running time of the next frame */
} SendChain;

/*
 * Builds appsrc to webrtcbin in `pipeline` and sends one frame of silence through it, so that the
 * caps reach the pad: an offer or answer made before that lacks a=ssrc, and some servers then drop
 * all that comes. `payload` must be the one that will be agreed on: a chain that is linked with
 * another makes the answer receive-only. Returns 0 or -EIO: an element is missing.
 */
int send_chain_build(SendChain *chain, GstElement *pipeline, GstElement *webrtc, unsigned payload);
/* Mono, SOUND_RATE, any number of samples. In any thread, one call at a time; does not block. */
void send_chain_push(SendChain *chain, const int16_t *samples, size_t n);
void send_chain_done(SendChain *chain);

/* Decoded samples, mono, SOUND_RATE, in a thread of GStreamer's. */
typedef void (*ReceiveChainSamples)(void *userdata, const int16_t *samples, size_t n);

typedef struct ReceiveChain {
        GstElement *depayloader, *sink; /* in the pipeline, which owns them */
        ReceiveChainSamples samples;
        void *userdata;
        GDestroyNotify release; /* of userdata, when GStreamer will not call any more */
} ReceiveChain;

/* Builds depayloader to appsink in `pipeline`, linked to nothing yet. `chain` outlives it; the
 * userdata is released only after success. */
int receive_chain_build(ReceiveChain *chain, GstElement *pipeline);
/* Links a webrtcbin's source pad to it; -EBUSY: it has one, -EINVAL: that is no Opus. */
int receive_chain_link(ReceiveChain *chain, GstPad *pad);
