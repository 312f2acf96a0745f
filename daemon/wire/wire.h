/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Typed messages to JSON text and back, for the protocol "tring.v1" between a device and the hub.
 * PROTOCOL.md beside this file describes it member by member; tests/data/wire/ has vectors.
 *
 * Everything is checked before use, and the cheap checks come before the parser: length, UTF-8,
 * nesting, then syntax, duplicate keys, types, lengths, value ranges.
 */

#include "model/message.h"

#define WIRE_SUBPROTOCOL "tring.v1"
#define WIRE_PATH "/v1/ws"
#define WIRE_PORT 8746
/* For TLS 1.2, as OpenSSL names them: those that TLS 1.3 has kept (RFC 9325, section 4.2). */
#define WIRE_TLS_CIPHERS "ECDHE+AESGCM:ECDHE+CHACHA20"

/* The hub's close codes, in RFC 6455's range for applications (4000-4999): see PROTOCOL.md. */
typedef enum WireClose {
        WIRE_CLOSE_NORMAL = 1000,
        WIRE_CLOSE_GOING_AWAY = 1001,     /* the hub stops */
        WIRE_CLOSE_UNSUPPORTED = 1003,    /* a binary frame */
        WIRE_CLOSE_TOO_BIG = 1009,        /* message longer than WIRE_MESSAGE_MAX */
        WIRE_CLOSE_MALFORMED = 4000,      /* not JSON, or JSON that breaks a limit of form */
        WIRE_CLOSE_AUTH_FAILED = 4001,    /* token not known: retry slowly, if at all */
        WIRE_CLOSE_REPLACED = 4002,       /* this device connected elsewhere: retry slowly */
        WIRE_CLOSE_HELLO_EXPECTED = 4003, /* a message before hello, or no hello in time */
        WIRE_CLOSE_TOO_MANY = 4004, /* too many requests in flight, failed logins or devices */
        WIRE_CLOSE_TOO_SLOW = 4005, /* the queue to the device is full: it does not read */
        WIRE_CLOSE_REVOKED = 4006,  /* token revoked or user removed: do not retry */
        WIRE_CLOSE_VERSION = 4007,  /* the hub does not speak this version of the protocol */
} WireClose;

#define WIRE_MESSAGE_MAX (64 * 1024) /* bytes; an SDP with candidates has 2-8 KiB */
#define WIRE_NESTING_MAX 8           /* objects and arrays; the deepest message has 5 */
#define WIRE_MEMBERS_MAX 64          /* of one object; a call in a reply has 20 */
#define WIRE_VALUES_MAX 8192         /* in a message; 200 records of history have 5,000 */
#define WIRE_IN_FLIGHT_MAX 64        /* requests of one device that wait for a reply */

typedef enum WireSide {
        WIRE_FROM_DEVICE, /* the hub reads: unknown members are refused */
        WIRE_FROM_HUB,    /* a device reads: unknown members, of a newer hub, are ignored */
} WireSide;

/* How the text is wrong: positive outcomes of wire_decode(). */
typedef enum WireOutcome {
        WIRE_E_TOO_BIG = 1, /* close with WIRE_CLOSE_TOO_BIG */
        WIRE_E_MALFORMED,   /* not JSON, bad UTF-8, too deep, duplicate key: WIRE_CLOSE_MALFORMED */
        WIRE_E_INVALID,     /* JSON, but not a message: answer with InvalidArgument */
        WIRE_E_UNKNOWN,     /* unknown op: answer with NotSupported; unknown event: ignore */
} WireOutcome;

/*
 * Reads one message. Returns 0, -ENOMEM, or a WireOutcome with a sentence in `text` that names the
 * error and its place. The caller owns *ret on 0 only. On WIRE_E_INVALID and WIRE_E_UNKNOWN,
 * *ret_id is the id of the request, or the seq of an unknown event, which must be acknowledged,
 * too; 0: it has none.
 */
int wire_decode(WireSide from, const char *json, size_t length, Message *ret, uint64_t *ret_id,
                char text[static MESSAGE_TEXT_MAX + 1]);

/*
 * Reads a text of the hub like wire_decode(), but turns an unknown message of a newer hub into
 * MESSAGE_NONE with the seq to acknowledge.
 */
int wire_decode_from_hub(const char *json, size_t length, Message *ret,
                         char text[static MESSAGE_TEXT_MAX + 1]);

/*
 * Writes one message: NUL-terminated, without line breaks, at most WIRE_MESSAGE_MAX, and with
 * `headroom` free bytes before it (LWS_PRE). The caller frees *ret. Returns 0, -ENOMEM, or
 * -EMSGSIZE.
 */
int wire_encode(const Message *message, size_t headroom, char **ret, size_t *ret_length);
