/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tringd/write-behind.h"

#include <utlist.h>

#include "base/log.h"
#include "base/str.h"

#define DELAY_ACCURACY_US (1 * USEC_PER_MSEC)

static void arm(WriteBehind *queue, usec_t delay)
{
        int r = sd_event_source_set_time_relative(queue->timer, delay);

        if (r >= 0)
                r = sd_event_source_set_enabled(queue->timer, SD_EVENT_ONESHOT);
        if (r < 0)
                log_error("cannot set the timer for writing: %s", strerror(-r));
}

void write_behind_flush(WriteBehind *queue)
{
        if (!queue->items)
                return;
        int r = queue->result = queue->type->write(queue->userdata);
        if (r < 0)
                arm(queue, queue->type->retry);
        else
                (void)sd_event_source_set_enabled(queue->timer, SD_EVENT_OFF);
        queue->type->written(queue->userdata, r);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
        write_behind_flush(userdata);
        return 0;
}

int write_behind_init(WriteBehind *queue, sd_event *event, const WriteBehindType *type,
                      void *userdata)
{
        *queue = (WriteBehind){.type = type, .userdata = userdata};
        int r = sd_event_add_time(event, &queue->timer, CLOCK_MONOTONIC, 0, DELAY_ACCURACY_US,
                                  on_timer, queue);
        return r < 0 ? r : sd_event_source_set_enabled(queue->timer, SD_EVENT_OFF);
}

void write_behind_done(WriteBehind *queue)
{
        if (queue->items)
                (void)queue->type->write(queue->userdata);
        write_behind_drop_all(queue);
        queue->timer = sd_event_source_disable_unref(queue->timer);
}

void write_behind_drop(WriteBehind *queue, WriteBehindItem *item)
{
        DL_DELETE(queue->items, item);
        queue->count--;
        queue->type->free_item(item);
}

void write_behind_drop_all(WriteBehind *queue)
{
        while (queue->items)
                write_behind_drop(queue, queue->items);
}

void write_behind_put(WriteBehind *queue, WriteBehindItem *item)
{
        bool is_first = !queue->items;
        WriteBehindItem *older;

        DL_FOREACH (queue->items, older)
                if (str_eq(older->key, item->key))
                        break;
        if (older)
                write_behind_drop(queue, older);
        DL_APPEND(queue->items, item);
        queue->count++;
        /* While writing fails, a new item does not bring the next try forward. */
        if (queue->result >= 0 && (is_first || queue->type->delay_from_last))
                arm(queue, queue->type->delay);
}
