/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A voice on its way from the network's thread to the loudspeaker's: packets of Opus in, samples
 * out. One thread writes and one reads; neither locks or allocates. The reader decodes when it is
 * time to play: only then does it know which packets are lost, and has the next packet, which may
 * describe them.
 */

#include <stdatomic.h>

#include "media/jitter-buffer.h"
#include "media/voice-activity.h"

/*
 * Packets between the threads: 320 ms of 10 ms each; a loudspeaker that stops for longer has
 * nothing to catch up with. A power of two.
 */
#define PACKET_QUEUE_PACKETS 32

typedef struct PacketCounts {
        double delay_ms;            /* more than the fastest packets would need */
        uint64_t played, concealed; /* samples */
        unsigned gaps;
} PacketCounts;

typedef struct PacketQueue {
        JitterPacket packets[PACKET_QUEUE_PACKETS];
        atomic_uint written, read; /* counts since the start */
        /* Reported by the reader. */
        atomic_uint delay, gaps; /* delay: in samples */
        atomic_ullong played, concealed;
        atomic_bool speaking;

        /* Of the reader. */
        struct OpusDecoder *decoder; /* owned */
        JitterBuffer jitter;
        VoiceActivity activity;
        void (*speech_changed)(void *userdata); /* in the reader's thread; may be NULL */
        void *userdata;
} PacketQueue;

/* Returns 0 or -ENOMEM. A queue that was not initialised stays silent. */
int packet_queue_init(PacketQueue *queue);
void packet_queue_done(PacketQueue *queue);

/*
 * Queues a packet's payload, with the source and timestamp of its header. Drops a packet that is
 * not Opus, and one that does not fit: nothing reads the queue then.
 */
void packet_queue_put(PacketQueue *queue, uint32_t source, uint32_t timestamp,
                      const uint8_t *payload, size_t length);
/* Always fills `ret`; 1.0 is full scale. */
void packet_queue_read(PacketQueue *queue, float *ret, size_t n);
/* In any thread. */
void packet_queue_count(const PacketQueue *queue, PacketCounts *ret);
