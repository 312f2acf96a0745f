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

int outbox_push(Outbox *outbox, Message *message, uint64_t barrier, uint32_t max_events)
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
        frame->is_reply = message->type == MESSAGE_REPLY;
        frame->length = length;
        frame->data = (unsigned char *)TAKE_PTR(data);
        DL_APPEND(outbox->frames, frame);
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

void outbox_pop(Outbox *outbox)
{
        Frame *frame = outbox->frames;

        DL_DELETE(outbox->frames, frame);
        outbox->n_frames--;
        outbox->n_bytes -= frame->length;
        outbox->n_replies -= frame->is_reply;
        free(frame->data);
        free(frame);
}

int outbox_acknowledge(Outbox *outbox, uint64_t seq)
{
        if (seq > outbox->seq)
                return -EINVAL;
        outbox->acknowledged = MAX_OF(outbox->acknowledged, seq);
        return 0;
}

void outbox_done(Outbox *outbox)
{
        while (outbox->frames)
                outbox_pop(outbox);
        *outbox = (Outbox){0};
}
