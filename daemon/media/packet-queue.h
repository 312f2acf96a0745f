/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Carries a voice from the network's thread to the loudspeaker's: packets of Opus in, samples out.
 * One thread writes and one reads; neither locks or allocates. The reader decodes at the moment of
 * playing: only then does it know which packets are lost, and only then may it have the packet
 * after a lost one, from which Opus can recover it.
 */

#include <stdatomic.h>

#include "media/jitter-buffer.h"
#include "media/voice-activity.h"

/*
 * Capacity, a power of two: 320 ms in packets of 10 ms. While the loudspeaker stands still for
 * longer, further packets are dropped; it need not catch up with them.
 */
#define PACKET_QUEUE_PACKETS 32

typedef struct PacketCounts {
        double delay_ms;            /* delay beyond that of the fastest packets */
        uint64_t played, concealed; /* samples */
        unsigned gaps;
} PacketCounts;

typedef struct PacketQueue {
        JitterPacket packets[PACKET_QUEUE_PACKETS];
        atomic_uint written, read; /* packets since the start */
        /* Written by the reader, read in any thread. */
        atomic_uint delay, gaps; /* delay: in samples */
        atomic_ullong played, concealed;
        atomic_bool speaking;

        /* Used in the reader's thread only. */
        struct OpusDecoder *decoder; /* owned */
        JitterBuffer jitter;
        VoiceActivity activity;
        void (*speech_changed)(void *userdata); /* in the reader's thread; may be NULL */
        void *userdata;
} PacketQueue;

/* Returns 0 or -ENOMEM. A queue that was not initialised reads as silence. */
int packet_queue_init(PacketQueue *queue);
void packet_queue_done(PacketQueue *queue);

/*
 * Queues a packet's payload, with the source (SSRC) and timestamp of its header. Drops a packet
 * that is not Opus, and any packet while the queue is full: nothing reads it then.
 */
void packet_queue_put(PacketQueue *queue, uint32_t source, uint32_t timestamp,
                      const uint8_t *payload, size_t length);
/* Decodes the next `n` samples into `ret`; 1.0 is full scale. Fills all of `ret`. */
void packet_queue_read(PacketQueue *queue, float *ret, size_t n);
/* In any thread. */
void packet_queue_count(const PacketQueue *queue, PacketCounts *ret);
