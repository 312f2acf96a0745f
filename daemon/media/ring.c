/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/ring.h"

#include <errno.h>
#include <opus.h>
#include <string.h>

#include "base/cleanup.h"

static int decode(void *userdata, PlayoutDecoding decoding, const PlayoutPacket *packet, float *ret,
                  size_t n)
{
        Ring *ring = userdata;

        return opus_decode_float(ring->decoder, packet ? packet->data : NULL,
                                 packet ? packet->length : 0, ret, (int)n,
                                 decoding == PLAYOUT_RECOVER);
}

int ring_init(Ring *ring)
{
        /* Mono: what others send in stereo is mixed by the decoder. */
        ring->decoder = opus_decoder_create(PLAYOUT_RATE, 1, NULL);
        if (!ring->decoder)
                return -ENOMEM;
        playout_init(&ring->playout, decode, ring);
        return 0;
}

void ring_done(Ring *ring)
{
        if (ring->decoder)
                opus_decoder_destroy(ring->decoder);
        ring->decoder = NULL;
}

void ring_put(Ring *ring, uint32_t source, uint32_t timestamp, const uint8_t *payload,
              size_t length)
{
        unsigned written = atomic_load_explicit(&ring->written, memory_order_relaxed);
        PlayoutPacket *packet = &ring->packets[written % RING_PACKETS];
        int span;

        if (length == 0 || length > PLAYOUT_BYTES_MAX ||
            written - atomic_load_explicit(&ring->read, memory_order_acquire) >= RING_PACKETS)
                return;
        span = opus_packet_get_nb_samples(payload, (opus_int32)length, PLAYOUT_RATE);
        if (span <= 0 || span > PLAYOUT_SPAN_MAX)
                return;
        packet->source = source;
        packet->timestamp = timestamp;
        packet->arrived = clock_boottime();
        packet->span = (uint16_t)span;
        packet->length = (uint16_t)length;
        memcpy(packet->data, payload, length);
        atomic_store_explicit(&ring->written, written + 1, memory_order_release);
}

static void take_packets(Ring *ring)
{
        unsigned read = atomic_load_explicit(&ring->read, memory_order_relaxed);
        unsigned written = atomic_load_explicit(&ring->written, memory_order_acquire);

        for (; read != written; read++)
                playout_put(&ring->playout, &ring->packets[read % RING_PACKETS]);
        atomic_store_explicit(&ring->read, read, memory_order_release);
}

static void tell(Ring *ring, const float *samples, size_t n)
{
        const Playout *playout = &ring->playout;

        atomic_store_explicit(&ring->delay, (unsigned)MAX_OF(playout->level, (int64_t)0),
                              memory_order_relaxed);
        atomic_store_explicit(&ring->gaps, playout->counts.gaps, memory_order_relaxed);
        atomic_store_explicit(&ring->played, playout->counts.played, memory_order_relaxed);
        atomic_store_explicit(&ring->concealed,
                              playout->counts.concealed + playout->counts.recovered,
                              memory_order_relaxed);
        if (speech_feed(&ring->speech, samples, n)) {
                atomic_store(&ring->speaking, ring->speech.speaking);
                if (ring->speech_changed)
                        ring->speech_changed(ring->userdata);
        }
}

void ring_read(Ring *ring, float *ret, size_t n)
{
        if (!ring->decoder) {
                memset(ret, 0, n * sizeof(*ret));
                return;
        }
        take_packets(ring);
        playout_read(&ring->playout, clock_boottime(), ret, n);
        tell(ring, ret, n);
}

void ring_count(const Ring *ring, RingCounts *ret)
{
        *ret = (RingCounts){
                .delay_ms = (double)atomic_load_explicit(&ring->delay, memory_order_relaxed) *
                            1000 / PLAYOUT_RATE,
                .played = atomic_load_explicit(&ring->played, memory_order_relaxed),
                .concealed = atomic_load_explicit(&ring->concealed, memory_order_relaxed),
                .gaps = atomic_load_explicit(&ring->gaps, memory_order_relaxed),
        };
}
