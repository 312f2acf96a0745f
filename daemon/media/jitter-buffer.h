/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The jitter buffer stands between a network that delivers when it likes and a loudspeaker that
 * must never wait: packets in, in any order; samples out, as many as are asked for.
 *
 * It plays as late as the slow ones of the last packets need, and no later: the target is their
 * delay behind the fastest. When it plays later than that, it leaves out a period of the voice's
 * pitch now and then; when it plays earlier, it repeats one (time stretching, as in WebRTC's
 * NetEq). A lost packet is recovered from the next one if that describes it, or concealed by the
 * decoder; a late one is concealed, and played all the same. When nothing comes any more the sound
 * dies away, and the buffer fills again.
 *
 * Pure: the time is handed in, and so is the decoder.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "media/delay-estimator.h"
#include "media/time-stretch.h"

#define JITTER_RATE 48000      /* samples and RTP timestamps a second: Opus's */
#define JITTER_SPAN_MAX 5760   /* samples of a packet: 120 ms, Opus's longest */
#define JITTER_BYTES_MAX 1275  /* RFC 6716 section 3.2: a frame's most */
#define JITTER_WAITING_MAX 64  /* packets: 160 ms even of Opus's shortest, 2.5 ms */
#define JITTER_TARGET_MIN 240  /* 5 ms: the unevenness of the graphs at both ends */
#define JITTER_TARGET_MAX 5280 /* 110 ms, 120 with a frame: more would spoil a conversation */

typedef struct JitterPacket {
        uint32_t source, timestamp; /* RTP's */
        usec_t arrived;
        uint16_t span;   /* samples */
        uint16_t length; /* bytes; 0: no packet */
        uint8_t data[JITTER_BYTES_MAX];
} JitterPacket;

typedef enum JitterDecoding {
        JITTER_DECODE,  /* the packet */
        JITTER_RECOVER, /* the lost packet before it, from its redundancy or concealed */
        JITTER_CONCEAL, /* concealment; there is no packet */
} JitterDecoding;

/* `n` samples into `ret`; for JITTER_DECODE at most that. Returns how many, or negative. */
typedef int (*JitterDecoder)(void *userdata, JitterDecoding decoding, const JitterPacket *packet,
                             float *ret, size_t n);

#define JITTER_CHUNK 480 /* samples, 10 ms: handed out at a time */
#define JITTER_SAMPLES (TIME_STRETCH_MAX + 2 * JITTER_SPAN_MAX + JITTER_CHUNK)

typedef struct JitterCounts {
        uint64_t played, concealed, recovered; /* samples */
        unsigned left_out, repeated;           /* times */
        unsigned gaps;                         /* times that the buffer ran dry */
} JitterCounts;

typedef struct JitterBuffer {
        JitterDecoder decoder;
        void *userdata;
        DelayEstimator delay;
        JitterCounts counts;

        JitterPacket waiting[JITTER_WAITING_MAX];
        uint32_t source, timestamp; /* of the last packet */
        int64_t time;               /* its timestamp, unwrapped */
        bool started;               /* any packet has come */

        bool playing;
        int64_t next; /* time of the next packet to decode */
        size_t owed;  /* samples concealed for packets that may still come */
        float samples[JITTER_SAMPLES];
        size_t position, end; /* decoded samples not played yet; before them, played ones */
        int64_t level;        /* smoothed: how much later than the fastest packets it could play */
        size_t since_stretch;
        float last; /* played last: dies away when nothing follows */
        size_t faded_in;
} JitterBuffer;

void jitter_buffer_init(JitterBuffer *jitter, JitterDecoder decoder, void *userdata);

/* The packet is copied. */
void jitter_buffer_put(JitterBuffer *jitter, const JitterPacket *packet);
/* Always fills `ret`; 1.0 is full scale. `now` on the same clock as arrivals. */
void jitter_buffer_read(JitterBuffer *jitter, usec_t now, float *ret, size_t n);

/* The present target: samples later than the fastest packets. */
int64_t jitter_buffer_target(const JitterBuffer *jitter);
