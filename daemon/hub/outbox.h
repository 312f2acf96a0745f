/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What is on its way to one device: frames in order, each ready to be written, and the count of
 * events by seq that the device has not acknowledged yet.
 *
 * A frame may have to wait for a commit: it has the number of that commit as its `barrier`, and so
 * have, by standing in line, those behind it. Barrier 0 waits for nothing.
 *
 * Events that were written but not acknowledged are counted here, not kept: a device that comes
 * back gets a snapshot.
 */

#include "base/cleanup.h"
#include "call/message.h"

#define OUTBOX_BYTES_MAX                                                        \
        (8 * 1024 * 1024) /* twice what WIRE_IN_FLIGHT_MAX largest replies take \
                           */

typedef struct Frame {
        struct Frame *prev, *next;
        uint64_t barrier;
        bool is_reply;
        size_t length;
        unsigned char *data; /* owned; has LWS_PRE bytes of room before the text */
} Frame;

/* Embedded; all zero is empty. */
typedef struct Outbox {
        Frame *frames;
        size_t n_frames, n_bytes;
        uint32_t n_replies; /* of those frames */
        uint64_t seq;       /* of the last event */
        uint64_t acknowledged;
} Outbox;

/*
 * Puts a message in line, giving it its seq if it is an event. Returns 0, -ENOMEM, -EMSGSIZE, or
 * -ENOBUFS when the device has `max_events` unacknowledged ones or too many bytes waiting.
 */
int outbox_push(Outbox *outbox, Message *message, uint64_t barrier, uint32_t max_events);

/* The frame to write next, or NULL: none, or it waits for a commit after `committed`. */
Frame *outbox_peek(const Outbox *outbox, uint64_t committed);
void outbox_pop(Outbox *outbox);

/* Up to `seq` has been taken. What was never sent cannot be acknowledged: -EINVAL. */
int outbox_acknowledge(Outbox *outbox, uint64_t seq);

/* Frees what waits, and nothing is counted any more. */
void outbox_done(Outbox *outbox);
