/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The voice's two ways through a webrtcbin: Opus packets into it as RTP, and out of it.
 *
 * Neither has elements of its own. Packets to be sent are pushed in the thread that has them.
 * Received packets are taken before webrtcbin's jitter buffer, which would delay all of them for
 * the slowest: a voice's packets wait in our own jitter buffer, which knows for how long. Threads
 * that would only hand packets on are removed: each costs 0.3-0.5 % of a core.
 */

#include <gst/gst.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "media/rtp.h"

/* RFC 7587 fixes none; browsers offer Opus as 111. An answer uses the number of the offer. */
#define CHAIN_PAYLOAD 111

typedef struct SendChain {
        GstElement *webrtc; /* not owned */
        GstPad *source;     /* a reference; NULL: not built yet */
        GstPad *pad;        /* a reference: the webrtcbin's sink pad */
        uint32_t ssrc;
        atomic_uint payload; /* type; 0: not built yet */
        atomic_bool open;
} SendChain;

/*
 * The caps reach the webrtcbin's pad at once: an offer or answer made before that lacks a=ssrc, and
 * some servers then drop everything. `payload` must be the payload type that will be agreed on: a
 * chain that is linked with another one makes the answer receive-only. Returns 0 or -EIO.
 */
int send_chain_build(SendChain *chain, GstElement *webrtc, unsigned payload);
/* Call it once the connection is up: before that, a push would block. */
void send_chain_open(SendChain *chain);
/*
 * Sends a packet of Opus; in any thread, one call at a time. Does nothing while the chain is not
 * open.
 */
void send_chain_push(SendChain *chain, uint16_t sequence, uint32_t timestamp, const uint8_t *data,
                     size_t length);
void send_chain_done(SendChain *chain);

/* An RTP packet; in a thread of GStreamer's. */
typedef void (*ChainPacket)(void *userdata, const RtpHeader *header, const uint8_t *data,
                            size_t length);

/* Gives the buffer to `packet` and returns true if it is a packet of this payload type. */
bool chain_take(GstBuffer *buffer, unsigned payload, ChainPacket packet, void *userdata);

/* Once connected: removes the threads of the webrtcbin that only hand packets on. */
void chain_shorten(GstElement *webrtc);
/* Makes both sides report losses about every second, where RTP's rules let it. */
void chain_report_often(GstElement *rtpbin);
