/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A queue of changes that are written to the store together after a delay, so that a ring does not
 * wait for the disk. If writing fails (a full disk), the changes stay queued for another try.
 *
 * Items are embedded in the owner's structs. A newer item replaces the one with the same key.
 */

#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-event.h>

#include "base/clock.h"

#define WRITE_BEHIND_KEY_SIZE 64

typedef struct WriteBehindItem {
        char key[WRITE_BEHIND_KEY_SIZE];
        struct WriteBehindItem *prev, *next;
} WriteBehindItem;

typedef struct WriteBehindType {
        usec_t delay;         /* from the first item to writing */
        bool delay_from_last; /* `delay` counts from the last item instead */
        usec_t retry;
        /*
         * Writes the items, and drops those that are written. After a negative errno the rest is
         * tried again.
         */
        int (*write)(void *userdata);
        /* Called with each result of write(), from the loop or from write_behind_flush(). */
        void (*written)(void *userdata, int r);
        void (*free_item)(WriteBehindItem *item);
} WriteBehindType;

typedef struct WriteBehind {
        const WriteBehindType *type;
        void *userdata;
        sd_event_source *timer;
        WriteBehindItem *items; /* oldest first */
        size_t count;
        int result; /* of the last write() */
} WriteBehind;

int write_behind_init(WriteBehind *queue, sd_event *event, const WriteBehindType *type,
                      void *userdata);
void write_behind_done(WriteBehind *queue); /* writes the items without calling written() */

void write_behind_put(WriteBehind *queue, WriteBehindItem *item); /* takes the item */
void write_behind_drop(WriteBehind *queue, WriteBehindItem *item);
void write_behind_drop_all(WriteBehind *queue);
void write_behind_flush(WriteBehind *queue);
