/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Reads and writes the header of an RTP packet (RFC 3550 section 5.1), and writes the level of a
 * voice into it (RFC 6464). Pure.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RTP_HEADER 12 /* bytes, without contributing sources and extensions */

/*
 * The largest datagram that we send, in bytes of UDP payload. Any path for IPv6 carries it (RFC
 * 8200 section 5: 1280 bytes, of which IPv6, UDP and a TURN channel take 52), and most tunnels;
 * browsers and QUIC (RFC 9000 section 14) send as much. Where a path is narrower than a datagram,
 * and its routers do not say so, every one of that size is lost.
 */
#define DATAGRAM_MAX 1200
/* What SRTP adds at most: RFC 7714 section 14.2; SRTCP also an index, RFC 3711 section 3.4. */
#define SRTP_TAG 16
#define SRTCP_INDEX 4
/* The most that webrtcbin adds to a packet: one header extension (8), or a number (2) to send it
 * again (RFC 4588 section 4). */
#define RTP_ADDED 10
#define RTP_PACKET_MAX (DATAGRAM_MAX - SRTP_TAG - RTP_ADDED)    /* as a payloader makes it */
#define RTCP_PACKET_MAX (DATAGRAM_MAX - SRTP_TAG - SRTCP_INDEX) /* a compound one */

typedef struct RtpHeader {
        unsigned payload_type; /* 0…127 */
        uint16_t sequence;
        uint32_t timestamp, source;
} RtpHeader;

/* The header extension of RFC 6464, in the one-byte form of RFC 8285 section 4.2. */
#define RTP_LEVEL_URI "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
#define RTP_LEVEL 8 /* bytes that it adds to the header */

typedef struct RtpLevel {
        unsigned id;   /* 1…14, as negotiated */
        uint8_t below; /* 0…127, dB below full scale */
        bool is_voice;
} RtpLevel;

/* `level`: NULL: none is written. Returns the length of the header. */
size_t rtp_write(const RtpHeader *header, const RtpLevel *level,
                 uint8_t ret[static RTP_HEADER + RTP_LEVEL]);
/* Finds the payload in the packet. Returns 0, or -EBADMSG: the packet is not RTP. */
int rtp_read(const uint8_t *packet, size_t length, RtpHeader *ret, const uint8_t **ret_payload,
             size_t *ret_length);
