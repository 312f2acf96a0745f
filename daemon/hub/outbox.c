/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hub/outbox.h"

#include <errno.h>
#include <libwebsockets.h>
#include <utlist.h>

#include "wire/wire.h"

static uint64_t n_unacknowledged(const Outbox *outbox)
{
        return outbox->seq - outbox->acknowledged;
}

static void frame_enqueue(Outbox *outbox, Frame *frame, bool says_no)
{
        Frame *first = outbox->frames;

        while (says_no && first && first->barrier == 0)
                first = first->next;
        if (says_no && first)
                DL_PREPEND_ELEM(outbox->frames, first, frame);
        else
                DL_APPEND(outbox->frames, frame);
}

int outbox_push(Outbox *outbox, Message *message, uint64_t barrier, uint32_t max_events, usec_t now)
{
        bool is_event = message_type_is_event(message->type);
        _cleanup_free_ char *data = NULL;
        size_t length;

        if (is_event && n_unacknowledged(outbox) >= max_events)
                return -ENOBUFS;
        message->seq = is_event ? outbox->seq + 1 : 0;
        int r = wire_encode(message, LWS_PRE, &data, &length);
        if (r < 0)
                return r;
        if (outbox->n_bytes + length > OUTBOX_BYTES_MAX)
                return -ENOBUFS;

        Frame *frame = calloc(1, sizeof(*frame));
        if (!frame)
                return -ENOMEM;
        frame->barrier = barrier;
        frame->seq = message->seq;
        frame->is_reply = message->type == MESSAGE_REPLY;
        if (message->type == MESSAGE_INCOMING)
                frame->ring_until = now + message->call.remaining_ms * USEC_PER_MSEC;
        frame->length = length;
        frame->data = (unsigned char *)TAKE_PTR(data);
        frame_enqueue(outbox, frame, barrier == 0 && frame->is_reply && message->reply.error);
        outbox->n_frames++;
        outbox->n_bytes += length;
        outbox->n_replies += frame->is_reply;
        if (is_event)
                outbox->seq++;
        return 0;
}

Frame *outbox_peek(const Outbox *outbox, uint64_t committed)
{
        Frame *frame = outbox->frames;

        return frame && frame->barrier <= committed ? frame : NULL;
}

static void frame_free(Frame *frame)
{
        free(frame->data);
        free(frame);
}

void outbox_pop(Outbox *outbox)
{
        Frame *frame = outbox->frames;

        DL_DELETE(outbox->frames, frame);
        outbox->n_frames--;
        outbox->n_replies -= frame->is_reply;
        if (frame->seq > outbox->acknowledged) {
                DL_APPEND(outbox->kept, frame);
        } else {
                outbox->n_bytes -= frame->length;
                frame_free(frame);
        }
}

int outbox_acknowledge(Outbox *outbox, uint64_t seq)
{
        Frame *frame;

        if (seq > outbox->seq)
                return -EINVAL;
        outbox->acknowledged = MAX_OF(outbox->acknowledged, seq);
        while ((frame = outbox->kept) && frame->seq <= outbox->acknowledged) {
                DL_DELETE(outbox->kept, frame);
                outbox->n_bytes -= frame->length;
                frame_free(frame);
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
                outbox->n_bytes -= frame->length;
                frame_free(frame);
        }
        outbox->n_replies = 0;
        outbox->suspended_at = now;
}

usec_t outbox_kept_until(const Outbox *outbox)
{
        return outbox->suspended_at + OUTBOX_KEPT_US;
}

/* Says what is left of the ring now. */
static int frame_correct(Frame *frame, usec_t now)
{
        _cleanup_free_ char *data = NULL;
        char text[MESSAGE_TEXT_MAX + 1];
        Message message;
        uint64_t id;
        size_t length;

        int r = wire_decode(WIRE_FROM_HUB, (const char *)frame->data + LWS_PRE, frame->length,
                            &message, &id, text);
        if (r != 0)
                return r < 0 ? r : -EBADMSG;
        usec_t left = frame->ring_until > now ? frame->ring_until - now : 0;
        message.call.remaining_ms = (uint32_t)((left + USEC_PER_MSEC - 1) / USEC_PER_MSEC);
        r = wire_encode(&message, LWS_PRE, &data, &length);
        message_done(&message);
        if (r < 0)
                return r;
        free(frame->data);
        frame->data = (unsigned char *)TAKE_PTR(data);
        frame->length = length;
        return 0;
}

int outbox_resume(Outbox *outbox, uint64_t seq, usec_t now)
{
        Frame *frame;

        if (seq < outbox->acknowledged || seq > outbox->seq || now >= outbox_kept_until(outbox))
                return -ESTALE;
        (void)outbox_acknowledge(outbox, seq);
        DL_CONCAT(outbox->kept, outbox->frames);
        outbox->frames = TAKE_PTR(outbox->kept);
        outbox->n_frames = outbox->n_bytes = 0;
        DL_FOREACH (outbox->frames, frame) {
                int r = frame->ring_until ? frame_correct(frame, now) : 0;

                if (r < 0)
                        return r;
                outbox->n_frames++;
                outbox->n_bytes += frame->length;
        }
        return 0;
}

void outbox_done(Outbox *outbox)
{
        Frame *frame, *next;

        DL_CONCAT(outbox->frames, outbox->kept);
        DL_FOREACH_SAFE (outbox->frames, frame, next)
                frame_free(frame);
        *outbox = (Outbox){0};
}
