/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/rtp.h"

#include <errno.h>

#define VERSION 2
#define PADDING 0x20
#define EXTENSION 0x10
#define SOURCES 0x0f
#define ONE_BYTE_FORM 0xbede /* RFC 8285 section 4.2 */
#define VOICE 0x80

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

/* One element of one byte, and padding to a whole word. */
static void write_level(const RtpLevel *level, uint8_t ret[static RTP_LEVEL])
{
        write_number(ret, 2, ONE_BYTE_FORM);
        write_number(ret + 2, 2, 1);
        ret[4] = (uint8_t)(level->id << 4);
        ret[5] = (uint8_t)((level->is_voice ? VOICE : 0) | (level->below & 0x7f));
        write_number(ret + 6, 2, 0);
}

size_t rtp_write(const RtpHeader *header, const RtpLevel *level,
                 uint8_t ret[static RTP_HEADER + RTP_LEVEL])
{
        ret[0] = (uint8_t)(VERSION << 6 | (level ? EXTENSION : 0));
        ret[1] = (uint8_t)header->payload_type;
        write_number(ret + 2, 2, header->sequence);
        write_number(ret + 4, 4, header->timestamp);
        write_number(ret + 8, 4, header->source);
        if (!level)
                return RTP_HEADER;
        write_level(level, ret + RTP_HEADER);
        return RTP_HEADER + RTP_LEVEL;
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
