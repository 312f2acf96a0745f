/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What stands between a network that delivers when it likes and a loudspeaker that must never
 * wait: packets in, in whatever order they come; samples out, as many as are asked for.
 *
 * It plays as late as the slow ones of the last packets need, and no later: the target is what they
 * came later than the fastest. Where it plays later than that, a period of the voice's pitch is
 * left out now and then; where it plays earlier, one is repeated. What is lost is taken from what
 * the next packet tells of it, if it does, or made up by the decoder; so is what is late, which is
 * then played all the same. Where nothing comes any more the sound dies away, and it gathers again.
 *
 * Pure: the time is handed in, and so is the decoder.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "media/splice.h"
#include "media/transit.h"

#define PLAYOUT_RATE 48000      /* samples and RTP timestamps a second: Opus's */
#define PLAYOUT_SPAN_MAX 5760   /* samples of a packet: 120 ms, Opus's longest */
#define PLAYOUT_BYTES_MAX 1275  /* RFC 6716 section 3.2: a frame's most */
#define PLAYOUT_WAITING_MAX 64  /* packets: 160 ms even of Opus's shortest, 2.5 ms */
#define PLAYOUT_TARGET_MIN 240  /* 5 ms: the unevenness of the graphs at both ends */
#define PLAYOUT_TARGET_MAX 5280 /* 110 ms, 120 with a frame: more would spoil a conversation */

typedef struct PlayoutPacket {
        uint32_t source, timestamp; /* RTP's */
        usec_t arrived;
        uint16_t span;   /* samples */
        uint16_t length; /* bytes; 0: no packet */
        uint8_t data[PLAYOUT_BYTES_MAX];
} PlayoutPacket;

typedef enum PlayoutDecoding {
        PLAYOUT_DECODE,  /* the packet */
        PLAYOUT_RECOVER, /* what came before it, from what it tells of that, or made up */
        PLAYOUT_CONCEAL, /* made up; there is no packet */
} PlayoutDecoding;

/* `n` samples into `ret`; for PLAYOUT_DECODE at most that. Returns how many, or negative. */
typedef int (*PlayoutDecoder)(void *userdata, PlayoutDecoding decoding, const PlayoutPacket *packet,
                              float *ret, size_t n);

#define PLAYOUT_CHUNK 480 /* samples, 10 ms: what is handed out at once */
#define PLAYOUT_SAMPLES (SPLICE_MAX + 2 * PLAYOUT_SPAN_MAX + PLAYOUT_CHUNK)

typedef struct PlayoutCounts {
        uint64_t played, concealed, recovered; /* samples */
        unsigned left_out, repeated;           /* splices */
        unsigned gaps;                         /* times that it ran dry */
} PlayoutCounts;

typedef struct Playout {
        PlayoutDecoder decoder;
        void *userdata;
        Transit transit;
        PlayoutCounts counts;

        PlayoutPacket waiting[PLAYOUT_WAITING_MAX];
        uint32_t source, timestamp; /* of the last packet */
        int64_t time;               /* its timestamp, unwrapped */
        bool heard;                 /* any packet at all */

        bool playing;
        int64_t next; /* time of what is to be decoded next */
        size_t owed;  /* samples made up in place of what may still come */
        float samples[PLAYOUT_SAMPLES];
        size_t position, end; /* what is decoded and not played; before it, what was */
        int64_t level;        /* smoothed: how much later than the fastest could be played */
        size_t since_splice;
        float last; /* what was played last: dies away when nothing follows */
        size_t faded_in;
} Playout;

void playout_init(Playout *playout, PlayoutDecoder decoder, void *userdata);

/* The packet is copied. */
void playout_put(Playout *playout, const PlayoutPacket *packet);
/* Always fills `ret`; 1.0 is full scale. `now` on the same clock as arrivals. */
void playout_read(Playout *playout, usec_t now, float *ret, size_t n);

/* What it waits for now: samples later than the fastest packets. */
int64_t playout_target(const Playout *playout);
