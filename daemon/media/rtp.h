/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Reads and writes the header of an RTP packet (RFC 3550 section 5.1). Pure. */

#include <stddef.h>
#include <stdint.h>

#define RTP_HEADER 12 /* bytes, without contributing sources and extensions */

typedef struct RtpHeader {
        unsigned payload_type; /* 0…127 */
        uint16_t sequence;
        uint32_t timestamp, source;
} RtpHeader;

void rtp_write(const RtpHeader *header, uint8_t ret[static RTP_HEADER]);
/* Finds the payload in the packet. Returns 0, or -EBADMSG: the packet is not RTP. */
int rtp_read(const uint8_t *packet, size_t length, RtpHeader *ret, const uint8_t **ret_payload,
             size_t *ret_length);
