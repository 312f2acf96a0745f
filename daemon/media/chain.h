/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The voice's two ways through a webrtcbin: packets of Opus into it as RTP, and out of it.
 *
 * Both do without elements of their own. What is to be sent is pushed in the thread that has it.
 * What has come is taken before webrtcbin's jitter buffer, which would hold back all of it for the
 * sake of the slowest: a voice's packets wait in the jitter, where it is known for how long.
 * Threads that would only hand packets on are left out: each costs 0.3-0.5 % of a core.
 */

#include <gst/gst.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "media/rtp.h"

/* RFC 7587 fixes none; browsers offer Opus as 111. An answer takes the number of the offer. */
#define CHAIN_PAYLOAD 111

typedef struct SendChain {
        GstElement *webrtc; /* not owned */
        GstPad *source;     /* counted; NULL: not built yet */
        GstPad *pad;        /* counted: the webrtcbin's sink pad */
        uint32_t ssrc;
        atomic_uint payload; /* type; 0: not built yet */
        atomic_bool open;
} SendChain;

/*
 * Its caps reach the webrtcbin's pad at once: an offer or answer made before that lacks a=ssrc, and
 * some servers then drop all that comes. `payload` must be the one that will be agreed on: a chain
 * that is linked with another makes the answer receive-only. Returns 0 or -EIO.
 */
int send_chain_build(SendChain *chain, GstElement *webrtc, unsigned payload);
/* The connection is there: before that, a push would wait for it. */
void send_chain_open(SendChain *chain);
/* A packet of Opus; in any thread, one call at a time. Nothing happens while it is not open. */
void send_chain_push(SendChain *chain, uint16_t sequence, uint32_t timestamp, const uint8_t *data,
                     size_t length);
void send_chain_done(SendChain *chain);

/* An RTP packet; in a thread of GStreamer's. */
typedef void (*ChainPacket)(void *userdata, const RtpHeader *header, const uint8_t *data,
                            size_t length);

/* If that is a packet with this payload type, it is given to `packet`: true. */
bool chain_take(GstBuffer *buffer, unsigned payload, ChainPacket packet, void *userdata);

/* Once it is connected: takes the threads out of the webrtcbin that only hand packets on. */
void chain_shorten(GstElement *webrtc);
/* Has both sides told of losses about every second, where RTP's rules let it. */
void chain_report_often(GstElement *rtpbin);
