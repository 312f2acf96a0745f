/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/ring.h"

#include "base/cleanup.h"

#define FADE (SOUND_RATE * 5 / 1000) /* 5 ms: too quick to be heard as such, too slow to click */
#define DECAY 0.98f                  /* a sample: 5 ms to -40 dB */
#define WATCH SOUND_RATE             /* 1 s: longer than the network's usual unevenness */
#define SPARE SOUND_FRAME            /* left over at the lowest when all is well */
#define SURPLUS SOUND_FRAME          /* above SPARE; what is worth a cross-fade */

static float sample_at(const Ring *ring, size_t position)
{
        return (float)ring->samples[position % RING_SIZE] / 32768.0f;
}

void ring_write(Ring *ring, const int16_t *samples, size_t n)
{
        size_t written = atomic_load_explicit(&ring->written, memory_order_relaxed);
        size_t waiting = written - atomic_load_explicit(&ring->read, memory_order_acquire);

        n = MIN_OF(n, RING_SIZE - waiting);
        for (size_t i = 0; i < n; i++)
                ring->samples[(written + i) % RING_SIZE] = samples[i];
        atomic_store_explicit(&ring->written, written + n, memory_order_release);
        atomic_store_explicit(&ring->delay, (unsigned)waiting, memory_order_relaxed);
}

/* Nothing to play: what was heard last dies away. */
static void fade_out(Ring *ring, float *ret, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                ring->last *= DECAY;
                ret[i] = ring->last;
        }
}

static void start_playing(Ring *ring)
{
        ring->playing = true;
        ring->faded_in = 0;
        ring->lowest = RING_SIZE;
        ring->watched = 0;
}

/* Whether enough has been gathered over a whole stretch that some can go; how much. */
static size_t surplus(Ring *ring, size_t left, size_t n)
{
        size_t drop = 0;

        ring->lowest = MIN_OF(ring->lowest, left);
        ring->watched += n;
        if (ring->watched < WATCH)
                return 0;
        if (ring->lowest > SPARE + SURPLUS)
                drop = ring->lowest - SPARE;
        ring->lowest = RING_SIZE;
        ring->watched = 0;
        return drop;
}

void ring_read(Ring *ring, float *ret, size_t n)
{
        size_t read = atomic_load_explicit(&ring->read, memory_order_relaxed);
        size_t waiting = atomic_load_explicit(&ring->written, memory_order_acquire) - read;

        if (!ring->playing && waiting >= RING_TARGET) {
                /* Older than the target is what nobody was there to play. */
                read += waiting - RING_TARGET;
                waiting = RING_TARGET;
                start_playing(ring);
        }
        if (!ring->playing) {
                fade_out(ring, ret, n);
                return;
        }
        size_t take = MIN_OF(n, waiting);
        size_t drop = surplus(ring, waiting - take, n);

        for (size_t i = 0; i < take; i++) {
                float sample = sample_at(ring, read + i);

                if (drop && i < FADE) {
                        float later = (float)(i + 1) / (float)MIN_OF(take, (size_t)FADE);

                        sample += (sample_at(ring, read + drop + i) - sample) * later;
                } else if (drop) {
                        sample = sample_at(ring, read + drop + i);
                }
                if (ring->faded_in < FADE)
                        sample *= (float)++ring->faded_in / FADE;
                ret[i] = ring->last = sample;
        }
        if (take < n) {
                fade_out(ring, ret + take, n - take);
                ring->playing = false;
                atomic_fetch_add_explicit(&ring->underruns, 1, memory_order_relaxed);
        }
        atomic_store_explicit(&ring->read, read + take + drop, memory_order_release);
}
