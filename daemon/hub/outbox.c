/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hub/outbox.h"

#include <errno.h>
#include <libwebsockets.h>
#include <utlist.h>

#include "wire/wire.h"

/* A frame and its text share one block of memory. */
#define FRAME_ROOM (sizeof(Frame) + LWS_PRE)

#define HEADER_MAX 10 /* 2 bytes, and up to 8 bytes of length */

static void frame_enqueue(Outbox *outbox, Frame *frame, bool overtakes)
{
        Frame *first = outbox->frames;

        while (overtakes && first && first->barrier == 0)
                first = first->next;
        if (overtakes && first)
                DL_PREPEND_ELEM(outbox->frames, first, frame);
        else
                DL_APPEND(outbox->frames, frame);
}

static void outbox_count(Outbox *outbox, size_t added, size_t removed)
{
        outbox->n_bytes += added - removed;
        for (ByteCount *count = outbox->owner.count; count; count = count->whole) {
                bool was_over = count->n > count->max;

                count->n += added - removed;
                if (!count->whole || was_over == (count->n > count->max))
                        continue;
                if (was_over)
                        DL_DELETE(count->whole->over, count);
                else
                        DL_APPEND(count->whole->over, count);
        }
}

static void frame_free(Outbox *outbox, Frame *frame)
{
        outbox_count(outbox, 0, frame->length);
        if (frame->n_paid > 0) {
                outbox->n_bytes_paid -= frame->length;
                if (outbox->owner.taken)
                        outbox->owner.taken(frame, outbox->owner.userdata);
        } else {
                outbox->n_events -= frame->seq > 0;
        }
        free(frame);
}

/* Makes a frame of the message, numbered if it is an event. */
static int frame_new(const Outbox *outbox, Message *message, Frame **ret)
{
        size_t length;
        char *data;

        message->seq = message_type_is_event(message->type) ? outbox->seq + 1 : 0;
        int r = wire_encode(message, FRAME_ROOM, &data, &length);
        if (r < 0)
                return r;
        Frame *frame = (Frame *)data;
        *frame = (Frame){
                .seq = message->seq,
                .is_reply = message->type == MESSAGE_REPLY,
                .length = length,
                .data = (unsigned char *)data + FRAME_ROOM,
        };
        *ret = frame;
        return 0;
}

static void outbox_add(Outbox *outbox, Frame *frame, bool overtakes)
{
        frame_enqueue(outbox, frame, overtakes);
        outbox->n_frames++;
        outbox->n_replies += frame->is_reply;
        outbox->seq = MAX_OF(outbox->seq, frame->seq);
        outbox_count(outbox, frame->length, 0);
}

int outbox_push(Outbox *outbox, Message *message, uint64_t barrier, uint32_t max_events, usec_t now)
{
        Frame *frame;

        if (message_type_is_event(message->type) && outbox->n_events >= max_events)
                return -ENOBUFS;
        int r = frame_new(outbox, message, &frame);
        if (r < 0)
                return r;
        if (outbox->n_bytes - outbox->n_bytes_paid + frame->length > OUTBOX_BYTES_MAX) {
                free(frame);
                return -ENOBUFS;
        }
        frame->barrier = barrier;
        if (message->type == MESSAGE_INCOMING)
                frame->ring_until = now + message->call.remaining_ms * USEC_PER_MSEC;
        outbox->n_events += frame->seq > 0;
        outbox_add(outbox, frame, barrier == 0 && frame->is_reply && message->reply.error);
        return 0;
}

int outbox_push_from(Outbox *outbox, Message *message, const char *from, uint32_t n_paid)
{
        Frame *frame;
        int r = frame_new(outbox, message, &frame);

        if (r < 0)
                return r;
        STR_SET(frame->from, from);
        frame->n_paid = n_paid;
        outbox->n_bytes_paid += frame->length;
        outbox_add(outbox, frame, false);
        return 0;
}

void outbox_set_owner(Outbox *outbox, const OutboxOwner *owner)
{
        size_t n_bytes = outbox->n_bytes;

        outbox_count(outbox, 0, n_bytes);
        outbox->owner = *owner;
        outbox_count(outbox, n_bytes, 0);
}

Frame *outbox_peek(const Outbox *outbox, uint64_t committed)
{
        Frame *frame = outbox->frames;

        return frame && frame->barrier <= committed ? frame : NULL;
}

void outbox_pop(Outbox *outbox)
{
        Frame *frame = outbox->frames;

        DL_DELETE(outbox->frames, frame);
        outbox->n_frames--;
        outbox->n_replies -= frame->is_reply;
        if (frame->seq > outbox->acknowledged)
                DL_APPEND(outbox->sent, frame);
        else
                frame_free(outbox, frame);
}

bool outbox_has_several(const Outbox *outbox, uint64_t committed, size_t size)
{
        const Frame *first = outbox->frames, *second = first ? first->next : NULL;

        return second && first->barrier <= committed && second->barrier <= committed &&
               first->length + second->length + 2 * HEADER_MAX <= size;
}

/* The header of an unmasked text frame that holds a whole message. */
static size_t frame_copy(const Frame *frame, unsigned char *buffer)
{
        size_t n_length = frame->length < 126 ? 0 : frame->length <= UINT16_MAX ? 2 : 8;
        size_t used = 2;

        buffer[0] = 0x80 | 0x1;
        buffer[1] = n_length == 0 ? (unsigned char)frame->length : n_length == 2 ? 126 : 127;
        while (n_length-- > 0)
                buffer[used++] = (unsigned char)((uint64_t)frame->length >> (8 * n_length));
        memcpy(buffer + used, frame->data, frame->length);
        return used + frame->length;
}

size_t outbox_take(Outbox *outbox, uint64_t committed, unsigned char *buffer, size_t size)
{
        const Frame *frame;
        size_t used = 0;

        while ((frame = outbox_peek(outbox, committed)) &&
               frame->length + HEADER_MAX <= size - used) {
                used += frame_copy(frame, buffer + used);
                outbox_pop(outbox);
        }
        return used;
}

int outbox_acknowledge(Outbox *outbox, uint64_t seq)
{
        Frame *frame;

        if (seq > outbox->seq)
                return -EINVAL;
        outbox->acknowledged = MAX_OF(outbox->acknowledged, seq);
        while ((frame = outbox->sent) && frame->seq <= outbox->acknowledged) {
                DL_DELETE(outbox->sent, frame);
                frame_free(outbox, frame);
        }
        return 0;
}

void outbox_suspend(Outbox *outbox, usec_t now)
{
        Frame *frame, *next;

        DL_FOREACH_SAFE (outbox->frames, frame, next) {
                if (frame->seq > 0)
                        continue;
                DL_DELETE(outbox->frames, frame);
                outbox->n_frames--;
                frame_free(outbox, frame);
        }
        outbox->n_replies = 0;
        outbox->suspended_at = now;
}

usec_t outbox_resume_until(const Outbox *outbox)
{
        return outbox->suspended_at + OUTBOX_RESUME_US;
}

/* Updates the remaining time of a ring in the frame's text. */
static int frame_correct(Frame *frame, usec_t now)
{
        _cleanup_free_ char *data = NULL;
        char text[MESSAGE_TEXT_MAX + 1];
        Message message;
        uint64_t id;
        size_t length;

        int r = wire_decode(WIRE_FROM_HUB, (const char *)frame->data, frame->length, &message, &id,
                            text);
        if (r != 0)
                return r < 0 ? r : -EBADMSG;
        usec_t left = frame->ring_until > now ? frame->ring_until - now : 0;
        message.call.remaining_ms = (uint32_t)((left + USEC_PER_MSEC - 1) / USEC_PER_MSEC);
        r = wire_encode(&message, 0, &data, &length);
        message_done(&message);
        if (r < 0)
                return r;
        /* Overwrites the number in place; the new one is never longer. */
        if (length > frame->length)
                return -EBADMSG;
        memcpy(frame->data, data, length + 1);
        frame->length = length;
        return 0;
}

int outbox_resume(Outbox *outbox, uint64_t seq, usec_t now)
{
        Frame *frame;

        if (seq < outbox->acknowledged || seq > outbox->seq || now >= outbox_resume_until(outbox))
                return -ESTALE;
        (void)outbox_acknowledge(outbox, seq);
        DL_CONCAT(outbox->sent, outbox->frames);
        outbox->frames = TAKE_PTR(outbox->sent);
        outbox->n_frames = 0;
        DL_FOREACH (outbox->frames, frame) {
                size_t before = frame->length;
                int r = frame->ring_until ? frame_correct(frame, now) : 0;

                if (r < 0)
                        return r;
                outbox->n_frames++;
                outbox_count(outbox, frame->length, before);
        }
        return 0;
}

void outbox_end(Outbox *outbox, size_t max)
{
        outbox_set_owner(outbox, &(OutboxOwner){0});
        (void)outbox_acknowledge(outbox, outbox->seq); /* nobody will resume it */
        if (outbox->n_bytes > max)
                outbox_done(outbox);
}

void outbox_done(Outbox *outbox)
{
        Frame *frame, *next;

        outbox_set_owner(outbox, &(OutboxOwner){0});
        DL_CONCAT(outbox->frames, outbox->sent);
        DL_FOREACH_SAFE (outbox->frames, frame, next)
                free(frame);
        *outbox = (Outbox){0};
}
