/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The path of the voice through a webrtcbin, in both directions: Opus packets go in as RTP, and
 * received ones come out.
 *
 * Neither direction has GStreamer elements besides the webrtcbin. The thread that encodes a packet
 * pushes it. Received packets are taken out before webrtcbin's jitter buffer, which would delay all
 * of them for the slowest one; they wait in ours (jitter-buffer.h), which adapts its delay. Threads
 * of the webrtcbin that only hand packets on are bypassed: each costs 0.3-0.5 % of a core.
 */

#include <gst/gst.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "media/description.h"
#include "media/rtp.h"

#define RTP_SESSION 0 /* of the rtpbin: voice and pictures share it */

/*
 * The parameters that our offers name; an answer uses those of the offer. RFC 7587 fixes no payload
 * type; browsers name the same.
 */
#define CHAIN_FORMAT ((AudioFormat){.payload = 111, .level = 1})

typedef struct SendChain {
        GstElement *webrtc; /* not owned */
        GstPad *source;     /* a reference; NULL: not built yet */
        GstPad *pad;        /* a reference: the webrtcbin's sink pad */
        uint32_t ssrc;
        atomic_uint payload; /* RTP payload type; 0: not built yet */
        atomic_uint level;   /* id of the level's header extension; 0: none was agreed on */
        atomic_bool open;
} SendChain;

/*
 * Adds the sending direction. Its caps reach the webrtcbin's pad at once: an offer or answer made
 * before that lacks a=ssrc, and some servers then drop every packet. `format` must have the payload
 * type that will be negotiated: with any other, the answer is receive-only. Returns 0 or -EIO.
 */
int send_chain_build(SendChain *chain, GstElement *webrtc, const AudioFormat *format);
/* The other side's description: packets tell their level only if it knows that extension. */
void send_chain_agree(SendChain *chain, const AudioFormat *format);
/* Call it once the connection is up: before that, a push would block. */
void send_chain_open(SendChain *chain);
/*
 * Sends an Opus packet; in any thread, one call at a time. `level`: of audio-level.h, or
 * CHAIN_NO_LEVEL. Does nothing while the chain is not open.
 */
#define CHAIN_NO_LEVEL (-1)
void send_chain_push(SendChain *chain, uint16_t sequence, uint32_t timestamp, int level,
                     const uint8_t *data, size_t length);
void send_chain_done(SendChain *chain);

/* Gets an RTP packet with its payload; in a GStreamer thread. */
typedef void (*ChainPacket)(void *userdata, const RtpHeader *header, const uint8_t *data,
                            size_t length);

/* Passes the buffer to `packet` and returns true if it is an RTP packet of this payload type. */
bool chain_take(GstBuffer *buffer, unsigned payload, ChainPacket packet, void *userdata);

/* Bypasses the webrtcbin's threads that only hand packets on. Call it once connected. */
void chain_shorten(GstElement *webrtc);
/* Lets RTCP's reports take their time from packets. Call it before there is a session. */
void chain_report_by_packets(GstElement *rtpbin);
/*
 * Makes this side report losses about every second, as far as RTP's rules allow it, in packets that
 * every path carries (rtp.h).
 */
void chain_tune_reports(GstElement *rtpbin);
