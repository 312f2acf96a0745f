/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdlib.h>
#include <utlist.h>

#include "sim.h"
#include "wire/wire.h"

/*
 * What is on its way to a device, by the rules of the hub: frames wait for their commit, events are
 * kept until they are acknowledged, and are sent again, with what is left of a ring, to a device
 * that resumes (rule 17).
 */

static void item_free(Outbox *outbox, OutboxItem *item)
{
        DL_DELETE(outbox->items, item);
        outbox->n_events -= item->seq > 0;
        free(item->text);
        free(item);
}

int outbox_push(Outbox *outbox, Message *message, uint64_t barrier, unsigned events_max, usec_t now)
{
        bool is_event = message_type_is_event(message->type);
        OutboxItem *item;
        int r;

        if (is_event && outbox->n_events >= events_max)
                return -ENOBUFS;
        item = calloc(1, sizeof(*item));
        if (!item)
                abort();
        message->seq = is_event ? outbox->seq + 1 : 0;
        r = wire_encode(message, 0, &item->text, &item->length);
        if (r < 0) {
                free(item);
                return r;
        }
        item->seq = message->seq;
        item->barrier = barrier;
        item->at = now;
        outbox->seq += is_event;
        outbox->n_events += is_event;
        DL_APPEND(outbox->items, item);
        return 0;
}

void outbox_flush(Outbox *outbox, Connection *connection, uint64_t committed)
{
        OutboxItem *item, *next;

        DL_FOREACH_SAFE (outbox->items, item, next) {
                if (item->written)
                        continue;
                if (item->barrier > committed)
                        break;
                connection_send(connection, false, item->text, item->length);
                item->written = true;
                if (!item->seq)
                        item_free(outbox, item);
        }
}

int outbox_acknowledge(Outbox *outbox, uint64_t seq)
{
        OutboxItem *item, *next;

        if (seq > outbox->seq)
                return -EINVAL;
        DL_FOREACH_SAFE (outbox->items, item, next) {
                if (item->seq && item->seq <= seq)
                        item_free(outbox, item);
        }
        return 0;
}

/* Requests that were not answered are asked again. */
void outbox_suspend(Outbox *outbox)
{
        OutboxItem *item, *next;

        DL_FOREACH_SAFE (outbox->items, item, next) {
                item->written = false;
                if (!item->seq)
                        item_free(outbox, item);
        }
}

static void item_correct(OutboxItem *item, usec_t now)
{
        char text[MESSAGE_TEXT_MAX + 1];
        usec_t late = (now - item->at) / USEC_PER_MSEC;
        Message message;
        uint64_t id;

        if (wire_decode(WIRE_FROM_HUB, item->text, item->length, &message, &id, text) != 0)
                abort();
        if (message.type == MESSAGE_INCOMING) {
                message.call.remaining_ms -= (uint32_t)MIN_OF(late, message.call.remaining_ms);
                free(item->text);
                if (wire_encode(&message, 0, &item->text, &item->length) < 0)
                        abort();
        }
        item->at = now;
        message_done(&message);
}

/* The welcome goes before all that is sent again. */
void outbox_resume(Outbox *outbox, const Message *welcome, usec_t now)
{
        OutboxItem *item, *first = calloc(1, sizeof(*first));

        DL_FOREACH (outbox->items, item)
                item_correct(item, now);
        if (!first || wire_encode(welcome, 0, &first->text, &first->length) < 0)
                abort();
        DL_PREPEND(outbox->items, first);
}

void outbox_done(Outbox *outbox)
{
        while (outbox->items)
                item_free(outbox, outbox->items);
}
