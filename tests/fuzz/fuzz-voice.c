/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Packets of the other side's voice, after their decryption: each is a length byte and its bytes,
 * read as RTP, queued, decoded and played.
 */
#include <math.h>
#include <string.h>

#include "base/cleanup.h"
#include "fuzz.h"
#include "media/packet-queue.h"
#include "media/rtp.h"

#define FRAME 480 /* samples: 10 ms */

static void take_packet(PacketQueue *queue, FuzzInput *input)
{
        size_t said = fuzz_byte(input), length = MIN_OF(said, input->left);
        const uint8_t *packet = input->data, *payload;
        size_t payload_length;
        RtpHeader header;

        if (rtp_read(packet, length, &header, &payload, &payload_length) == 0) {
                fuzz_must(payload >= packet && payload + payload_length <= packet + length);
                packet_queue_put(queue, header.source, header.timestamp, payload, payload_length);
        }
        input->data += length;
        input->left -= length;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static PacketQueue queue; /* static: it is large */
        FuzzInput input = {data, size};
        float samples[FRAME];

        queue = (PacketQueue){};
        if (packet_queue_init(&queue) < 0)
                return 0;
        while (input.left > 0) {
                take_packet(&queue, &input);
                packet_queue_read(&queue, samples, FRAME);
                for (size_t i = 0; i < FRAME; i++)
                        fuzz_must(isfinite(samples[i]));
        }
        packet_queue_done(&queue);
        return 0;
}
