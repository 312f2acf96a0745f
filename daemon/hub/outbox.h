/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The messages on their way to one device: frames in order, each ready to be written, and the
 * events that the device has not acknowledged yet, numbered by seq.
 *
 * A frame may have to wait for a commit: its `barrier` is the number of that commit, and the frames
 * behind it wait with it. 0: no commit. A refusal (an error with barrier 0) confirms nothing, and
 * overtakes the frames that wait: with a full disk they may wait for long.
 *
 * An event that another user has caused counts for that user, and news of a group's members counts
 * for their call (exchange_taken()). Neither counts against what the device may have in line, so
 * nobody can fill up somebody else's outbox.
 *
 * Events stay here until they are acknowledged. If a device comes back in time after its connection
 * broke, it gets each event exactly once. A ring that is sent again carries the time that is left.
 */

#include "base/cleanup.h"
#include "model/message.h"

/* Twice the size of WIRE_IN_FLIGHT_MAX replies of WIRE_MESSAGE_MAX bytes. */
#define OUTBOX_BYTES_MAX (8 * 1024 * 1024)
/* PROTOCOL.md, Limits: of all devices of a user, and of all users. */
#define OUTBOXES_BYTES_USER_MAX (2 * OUTBOX_BYTES_MAX)
#define OUTBOXES_BYTES_MAX (256 * 1024 * 1024)

#define OUTBOX_RESUME_US (120 * USEC_PER_SEC) /* rule 17: after the connection is lost */

typedef struct Frame {
        struct Frame *prev, *next;
        uint64_t barrier;
        uint64_t seq;      /* 0: not an event */
        usec_t ring_until; /* CLOCK_BOOTTIME; 0: the text has no remaining time of a ring */
        bool is_reply;
        char from[UID_MAX + 1]; /* who pays for it, until it is taken; empty: nobody */
        uint32_t n_paid;        /* bytes */
        size_t length;
        unsigned char *data; /* the text, NUL-terminated; LWS_PRE bytes of room before it */
} Frame;

/* Bytes in the outboxes of a user, or of the hub, which is the `whole` of the users'. */
typedef struct ByteCount {
        size_t n, max;
        struct ByteCount *whole;       /* may be NULL */
        struct ByteCount *over;        /* its parts that are over their max */
        struct ByteCount *prev, *next; /* in whole->over */
} ByteCount;

/* All zero: nobody. */
typedef struct OutboxOwner {
        /* A frame with `from` is gone: the device has acknowledged it. */
        void (*taken)(const Frame *frame, void *userdata);
        void *userdata;
        ByteCount *count;
} OutboxOwner;

/* Embedded; all zero is empty. */
typedef struct Outbox {
        Frame *frames;            /* frames to be written */
        Frame *sent;              /* events written but not acknowledged */
        size_t n_frames, n_bytes; /* n_bytes: of both lists */
        uint32_t n_replies;       /* number of replies among `frames` */
        uint32_t n_events;        /* of the hub's own, in both lists */
        size_t n_bytes_paid;      /* of n_bytes: what others pay for */
        OutboxOwner owner;
        uint64_t seq; /* seq of the last event */
        uint64_t acknowledged;
        usec_t suspended_at; /* CLOCK_BOOTTIME */
} Outbox;

/*
 * Queues a message, and numbers it with its seq if it is an event. Returns 0, -ENOMEM, -EMSGSIZE,
 * or -ENOBUFS when the device has `max_events` unacknowledged events or too many bytes queued.
 */
int outbox_push(Outbox *outbox, Message *message, uint64_t barrier, uint32_t max_events,
                usec_t now);

/* The same for an event that `from` pays for; it is never too much. */
int outbox_push_from(Outbox *outbox, Message *message, const char *from, uint32_t n_paid);

/* What is in the outbox counts for this owner from now on, and no longer for the last one. */
void outbox_set_owner(Outbox *outbox, const OutboxOwner *owner);

/* Returns the frame to write next; NULL if none is ready. `committed`: the last commit done. */
Frame *outbox_peek(const Outbox *outbox, uint64_t committed);
void outbox_pop(Outbox *outbox);

/* True if two frames can be written now, and both fit into `size` bytes with their headers. */
bool outbox_has_several(const Outbox *outbox, uint64_t committed, size_t size);
/*
 * Pops as many frames as fit into `size` bytes, each with the header that a server sends before it
 * (RFC 6455 section 5.2). Returns the number of bytes used.
 */
size_t outbox_take(Outbox *outbox, uint64_t committed, unsigned char *buffer, size_t size);

/* The device has received everything up to `seq`. -EINVAL: no such event was sent. */
int outbox_acknowledge(Outbox *outbox, uint64_t seq);

/*
 * The connection is lost. Replies are dropped, since a device that comes back asks again. Events
 * may still be pushed.
 */
void outbox_suspend(Outbox *outbox, usec_t now);
/* When it becomes too late to resume a suspended outbox. */
usec_t outbox_resume_until(const Outbox *outbox);
/*
 * The device is back on another connection and has all events up to `seq`: those after it are
 * queued to be written again. Returns 0; -ESTALE, with nothing changed, if the outbox no longer has
 * them; or -ENOMEM, after which the outbox is unusable.
 */
int outbox_resume(Outbox *outbox, uint64_t seq, usec_t now);

/*
 * The connection ends, and its session with it. What is yet to be written stays, with no owner; all
 * of it goes if that is more than `max` bytes. Tells nobody.
 */
void outbox_end(Outbox *outbox, size_t max);

/* Frees the frames and resets the counts. Tells nobody. */
void outbox_done(Outbox *outbox);
