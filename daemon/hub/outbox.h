/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What is on its way to one device: frames in order, each ready to be written, and the count of
 * events by seq that the device has not acknowledged yet.
 *
 * A frame may have to wait for a commit: it has the number of that commit as its `barrier`, and so
 * have, by standing in line, those behind it. Barrier 0 waits for nothing. A refusal (an error with
 * barrier 0) confirms nothing, and goes before what has to wait: with a full disk that may be long.
 *
 * Events are kept until they are acknowledged: a device whose connection breaks resumes with
 * nothing lost and nothing doubled, if it comes back in time. What rings is then said with the time
 * that is left.
 */

#include "base/cleanup.h"
#include "model/message.h"

/* Twice what WIRE_IN_FLIGHT_MAX replies of the largest kind take. */
#define OUTBOX_BYTES_MAX (8 * 1024 * 1024)

#define OUTBOX_KEPT_US (120 * USEC_PER_SEC) /* rule 17: after the connection is gone */

typedef struct Frame {
        struct Frame *prev, *next;
        uint64_t barrier;
        uint64_t seq;      /* 0: not an event */
        usec_t ring_until; /* CLOCK_BOOTTIME; 0: it does not say what is left of a ring */
        bool is_reply;
        size_t length;
        unsigned char *data; /* the text, NUL-terminated; LWS_PRE bytes of room before it */
} Frame;

/* Embedded; all zero is empty. */
typedef struct Outbox {
        Frame *frames;            /* to be written */
        Frame *kept;              /* events that were */
        size_t n_frames, n_bytes; /* n_bytes: of both */
        uint32_t n_replies;       /* of those frames */
        uint64_t seq;             /* of the last event */
        uint64_t acknowledged;
        usec_t suspended_at; /* CLOCK_BOOTTIME */
} Outbox;

/*
 * Puts a message in line, giving it its seq if it is an event. Returns 0, -ENOMEM, -EMSGSIZE, or
 * -ENOBUFS when the device has `max_events` unacknowledged ones or too many bytes waiting.
 */
int outbox_push(Outbox *outbox, Message *message, uint64_t barrier, uint32_t max_events,
                usec_t now);

/* The frame to write next, or NULL: none, or it waits for a commit after `committed`. */
Frame *outbox_peek(const Outbox *outbox, uint64_t committed);
void outbox_pop(Outbox *outbox);

/* Is there more than one to write, and do the first two fit into `size` with their headers? */
bool outbox_has_several(const Outbox *outbox, uint64_t committed, size_t size);
/*
 * Pops as many as fit into `size` bytes, with the header that each has on the way from a server to
 * a client (RFC 6455 section 5.2). Returns the bytes used.
 */
size_t outbox_take(Outbox *outbox, uint64_t committed, unsigned char *buffer, size_t size);

/* Up to `seq` has been taken. What was never sent cannot be acknowledged: -EINVAL. */
int outbox_acknowledge(Outbox *outbox, uint64_t seq);

/*
 * The connection is gone. Replies go with it: who comes back asks again. Events may still be
 * pushed.
 */
void outbox_suspend(Outbox *outbox, usec_t now);
/* When it is too late to resume; of a suspended one. */
usec_t outbox_kept_until(const Outbox *outbox);
/*
 * The device is back on another connection and has all events up to `seq`: those after it are to be
 * written (again). Returns 0; -ESTALE with nothing changed: they are not here, or not any more; or
 * -ENOMEM, after which it is of no use.
 */
int outbox_resume(Outbox *outbox, uint64_t seq, usec_t now);

/* Frees what waits, and nothing is counted any more. */
void outbox_done(Outbox *outbox);
