/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The jitter buffer stands between a network that delivers packets at any time and in any order,
 * and a loudspeaker that must never wait: it takes packets as they come, and returns as many
 * samples as are asked for.
 *
 * It delays playback just enough for the slow ones of the last packets: the target is the delay by
 * which these follow the fastest. While playback is later than the target, it leaves out a period
 * of the voice's pitch now and then; while playback is earlier, it repeats one (time stretching, as
 * in WebRTC's NetEq). A lost packet is recovered from the next one if that carries its data (FEC),
 * or else concealed by the decoder. The gap before a late packet is concealed, and the packet is
 * still played. When packets stop, the sound dies away, and the buffer fills again before it plays.
 *
 * Pure: the caller supplies the time and the decoder.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "media/delay-estimator.h"
#include "media/time-stretch.h"

#define JITTER_RATE 48000      /* samples a second, also in RTP timestamps: Opus's rate */
#define JITTER_SPAN_MAX 5760   /* samples of a packet: 120 ms, the longest of Opus */
#define JITTER_BYTES_MAX 1275  /* of a packet: the largest frame in RFC 6716 section 3.2 */
#define JITTER_WAITING_MAX 64  /* packets: 160 ms even of the shortest, 2.5 ms each */
#define JITTER_TARGET_MIN 240  /* 5 ms: the jitter of the PipeWire graphs at both ends */
#define JITTER_TARGET_MAX 5280 /* 110 ms, 120 ms with a frame: more spoils a conversation */

typedef struct JitterPacket {
        uint32_t source, timestamp; /* from the RTP header */
        usec_t arrived;
        uint16_t span;   /* samples */
        uint16_t length; /* bytes; 0: no packet */
        uint8_t data[JITTER_BYTES_MAX];
} JitterPacket;

typedef enum JitterDecoding {
        JITTER_DECODE,  /* decode the packet */
        JITTER_RECOVER, /* produce the lost packet before it, from its FEC data or by concealment */
        JITTER_CONCEAL, /* conceal; there is no packet */
} JitterDecoding;

/*
 * Writes `n` samples into `ret`, or with JITTER_DECODE at most `n`. Returns their number, or a
 * negative value on failure.
 */
typedef int (*JitterDecoder)(void *userdata, JitterDecoding decoding, const JitterPacket *packet,
                             float *ret, size_t n);

#define JITTER_CHUNK 480 /* samples handed out at a time: 10 ms */
#define JITTER_SAMPLES (TIME_STRETCH_MAX + 2 * JITTER_SPAN_MAX + JITTER_CHUNK)

typedef struct JitterCounts {
        uint64_t played, concealed, recovered; /* samples */
        unsigned left_out, repeated;           /* pitch periods */
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
        bool started;               /* a packet has come */

        bool playing;
        int64_t next; /* time of the next packet to decode */
        size_t owed;  /* samples concealed for packets that may still come */
        float samples[JITTER_SAMPLES];
        size_t position, end; /* of the decoded samples still to play; played ones precede them */
        int64_t level;        /* playback's delay behind the fastest packets, smoothed */
        size_t since_stretch; /* samples played since the last stretch */
        float last;           /* the last sample played; dies away when nothing follows */
        size_t faded_in;      /* samples, up to FADE_LENGTH */
} JitterBuffer;

void jitter_buffer_init(JitterBuffer *jitter, JitterDecoder decoder, void *userdata);

/* The packet is copied. */
void jitter_buffer_put(JitterBuffer *jitter, const JitterPacket *packet);
/* Always fills `ret`; 1.0 is full scale. `now` is on the clock of JitterPacket.arrived. */
void jitter_buffer_read(JitterBuffer *jitter, usec_t now, float *ret, size_t n);

/* Returns the target: playback's delay behind the fastest packets, in samples. */
int64_t jitter_buffer_target(const JitterBuffer *jitter);
