/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/rtp.h"

#include <errno.h>

#define VERSION 2
#define PADDING 0x20
#define EXTENSION 0x10
#define SOURCES 0x0f

static uint32_t read_number(const uint8_t *bytes, size_t n)
{
        uint32_t number = 0;

        for (size_t i = 0; i < n; i++)
                number = number << 8 | bytes[i];
        return number;
}

static void write_number(uint8_t *bytes, size_t n, uint32_t number)
{
        while (n-- > 0) {
                bytes[n] = (uint8_t)number;
                number >>= 8;
        }
}

void rtp_write(const RtpHeader *header, uint8_t ret[static RTP_HEADER])
{
        ret[0] = VERSION << 6;
        ret[1] = (uint8_t)header->payload_type;
        write_number(ret + 2, 2, header->sequence);
        write_number(ret + 4, 4, header->timestamp);
        write_number(ret + 8, 4, header->source);
}

int rtp_read(const uint8_t *packet, size_t length, RtpHeader *ret, const uint8_t **ret_payload,
             size_t *ret_length)
{
        size_t start = RTP_HEADER, padding = 0;

        if (length < RTP_HEADER || packet[0] >> 6 != VERSION)
                return -EBADMSG;
        start += 4 * (size_t)(packet[0] & SOURCES);
        if (packet[0] & EXTENSION) {
                if (start + 4 > length)
                        return -EBADMSG;
                start += 4 + 4 * (size_t)read_number(packet + start + 2, 2);
        }
        if (packet[0] & PADDING)
                padding = packet[length - 1];
        if (start + padding > length)
                return -EBADMSG;
        *ret = (RtpHeader){.payload_type = packet[1] & 0x7f,
                           .sequence = (uint16_t)read_number(packet + 2, 2),
                           .timestamp = read_number(packet + 4, 4),
                           .source = read_number(packet + 8, 4)};
        *ret_payload = packet + start;
        *ret_length = length - start - padding;
        return 0;
}
