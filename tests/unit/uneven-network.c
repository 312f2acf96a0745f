/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "uneven-network.h"

#include <string.h>

#include "base/cleanup.h"

#define BEGIN (1000 * USEC_PER_SEC) /* a clock that has run for a while */
#define SOURCE 0x1234
#define FIRST_TIMESTAMP 0xfffff000u /* so that it wraps */

static double dice(UnevenNetwork *network)
{
        /* Knuth's multiplicative generator (MMIX); the high bits are the random ones. */
        network->seed = network->seed * 6364136223846793005u + 1442695040888963407u;
        return (double)(network->seed >> 11) / (double)(1ull << 53);
}

static usec_t at_sample(size_t sample)
{
        return BEGIN + sample * USEC_PER_SEC / JITTER_RATE;
}

static void send_one(UnevenRun *run, UnevenNetwork *network)
{
        double late = network->delay_ms + network->jitter_ms * dice(network);
        bool lost = dice(network) < network->loss;
        size_t i = run->sent++;

        run->came[i] = lost ? 0 : at_sample((i + 1) * UNEVEN_FRAME) + (usec_t)(late * 1000);
}

static void deliver(UnevenRun *run, usec_t now)
{
        for (;;) {
                size_t first = run->sent;

                for (size_t i = 0; i < run->sent; i++)
                        if (run->came[i] && run->came[i] <= now &&
                            (first == run->sent || run->came[i] < run->came[first]))
                                first = i;
                if (first == run->sent)
                        return;
                JitterPacket packet = {.source = SOURCE,
                                       .timestamp =
                                               FIRST_TIMESTAMP + (uint32_t)(first * UNEVEN_FRAME),
                                       .arrived = run->came[first],
                                       .span = UNEVEN_FRAME};

                packet.length = (uint16_t)run->encode(run->userdata, first, packet.data);
                run->came[first] = 0;
                jitter_buffer_put(run->jitter, &packet);
        }
}

void uneven_run(UnevenRun *run, UnevenNetwork *network, size_t packets)
{
        size_t until = run->read + packets * UNEVEN_FRAME;
        float samples[UNEVEN_READ];

        while (run->read < until) {
                while (run->sent < UNEVEN_PACKETS_MAX &&
                       (run->sent + 1) * UNEVEN_FRAME <= run->read)
                        send_one(run, network);
                deliver(run, at_sample(run->read));
                jitter_buffer_read(run->jitter, at_sample(run->read), samples, UNEVEN_READ);
                if (run->heard && run->read + UNEVEN_READ <= run->playback_slot_max)
                        memcpy(run->heard + run->read, samples, sizeof(samples));
                run->read += UNEVEN_READ;
        }
}

double uneven_delay_ms(const UnevenRun *run)
{
        const JitterBuffer *jitter = run->jitter;
        int64_t ahead = jitter->next - (int64_t)(jitter->end - jitter->position);
        uint32_t playing = jitter->timestamp + (uint32_t)(ahead - jitter->time) - FIRST_TIMESTAMP;

        return (double)((int64_t)run->read - playing) * 1000 / JITTER_RATE;
}
