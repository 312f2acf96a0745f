/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/packet-queue.h"

#include <errno.h>
#include <opus.h>
#include <string.h>

#include "base/cleanup.h"

static int decode(void *userdata, JitterDecoding decoding, const JitterPacket *packet, float *ret,
                  size_t n)
{
        PacketQueue *queue = userdata;

        return opus_decode_float(queue->decoder, packet ? packet->data : NULL,
                                 packet ? packet->length : 0, ret, (int)n,
                                 decoding == JITTER_RECOVER);
}

int packet_queue_init(PacketQueue *queue)
{
        /* Mono: the decoder mixes stereo down. */
        queue->decoder = opus_decoder_create(JITTER_RATE, 1, NULL);
        if (!queue->decoder)
                return -ENOMEM;
        jitter_buffer_init(&queue->jitter, decode, queue);
        return 0;
}

void packet_queue_done(PacketQueue *queue)
{
        if (queue->decoder)
                opus_decoder_destroy(queue->decoder);
        queue->decoder = NULL;
}

void packet_queue_put(PacketQueue *queue, uint32_t source, uint32_t timestamp,
                      const uint8_t *payload, size_t length)
{
        unsigned written = atomic_load_explicit(&queue->written, memory_order_relaxed);
        JitterPacket *packet = &queue->packets[written % PACKET_QUEUE_PACKETS];
        int span;

        if (length == 0 || length > JITTER_BYTES_MAX ||
            written - atomic_load_explicit(&queue->read, memory_order_acquire) >=
                    PACKET_QUEUE_PACKETS)
                return;
        span = opus_packet_get_nb_samples(payload, (opus_int32)length, JITTER_RATE);
        if (span <= 0 || span > JITTER_SPAN_MAX)
                return;
        packet->source = source;
        packet->timestamp = timestamp;
        packet->arrived = clock_boottime();
        packet->span = (uint16_t)span;
        packet->length = (uint16_t)length;
        memcpy(packet->data, payload, length);
        atomic_store_explicit(&queue->written, written + 1, memory_order_release);
}

static void take_packets(PacketQueue *queue)
{
        unsigned read = atomic_load_explicit(&queue->read, memory_order_relaxed);
        unsigned written = atomic_load_explicit(&queue->written, memory_order_acquire);

        for (; read != written; read++)
                jitter_buffer_put(&queue->jitter, &queue->packets[read % PACKET_QUEUE_PACKETS]);
        atomic_store_explicit(&queue->read, read, memory_order_release);
}

static void publish(PacketQueue *queue, const float *samples, size_t n)
{
        const JitterBuffer *jitter = &queue->jitter;

        atomic_store_explicit(&queue->delay, (unsigned)MAX_OF(jitter->level, (int64_t)0),
                              memory_order_relaxed);
        atomic_store_explicit(&queue->gaps, jitter->counts.gaps, memory_order_relaxed);
        atomic_store_explicit(&queue->played, jitter->counts.played, memory_order_relaxed);
        atomic_store_explicit(&queue->concealed,
                              jitter->counts.concealed + jitter->counts.recovered,
                              memory_order_relaxed);
        if (voice_activity_feed(&queue->activity, samples, n)) {
                atomic_store(&queue->speaking, queue->activity.speaking);
                if (queue->speech_changed)
                        queue->speech_changed(queue->userdata);
        }
}

void packet_queue_read(PacketQueue *queue, float *ret, size_t n)
{
        if (!queue->decoder) {
                memset(ret, 0, n * sizeof(*ret));
                return;
        }
        take_packets(queue);
        jitter_buffer_read(&queue->jitter, clock_boottime(), ret, n);
        publish(queue, ret, n);
}

void packet_queue_count(const PacketQueue *queue, PacketCounts *ret)
{
        *ret = (PacketCounts){
                .delay_ms = (double)atomic_load_explicit(&queue->delay, memory_order_relaxed) *
                            1000 / JITTER_RATE,
                .played = atomic_load_explicit(&queue->played, memory_order_relaxed),
                .concealed = atomic_load_explicit(&queue->concealed, memory_order_relaxed),
                .gaps = atomic_load_explicit(&queue->gaps, memory_order_relaxed),
        };
}
