/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What goes on now, on its way into the store: calls, and what the hub has yet to be told, so that
 * a tringd that was killed goes on where it was. Written a moment after the first change, together:
 * a ring waits for no disk. A crash within that moment takes what the hub tells again.
 *
 * While it cannot be written (a full disk) it waits and is tried again.
 */

#include <systemd/sd-event.h>

#include "phone/phone.h"
#include "store/history.h"

#define CALL_STORE_DELAY_US (5 * USEC_PER_MSEC) /* longer than a ring takes from bus to bus */
#define CALL_STORE_RETRY_US (10 * USEC_PER_SEC) /* as long as a call waits for the hub */

typedef struct CallStore CallStore;

typedef struct CallStoreEvents {
        /* `r` is what writing has come to: 0, or an error that was another before. */
        void (*written)(void *userdata, int r);
} CallStoreEvents;

/* The history stays the caller's, and outlives this. */
int call_store_new(sd_event *event, History *history, const CallStoreEvents *events, void *userdata,
                   CallStore **ret);
CallStore *call_store_free(CallStore *kept); /* writes what waits */
DEFINE_CLEANUP(CallStore *, call_store_free);

/* PHONE_CALL_STORE, PHONE_CALL_FORGET, PHONE_REQUEST_STORE, PHONE_REQUEST_FORGET: takes what it
 * owns.
 */
int call_store_take(CallStore *kept, PhoneAction *action);
void call_store_flush(CallStore *kept);

typedef struct CallStoreReader {
        void (*call)(void *userdata, StoredCall *state);
        void (*request)(void *userdata, const Message *message);
} CallStoreReader;

/*
 * Everything that was stored, pending_methods in the order in which they were asked. What cannot be
 * read is dropped. Returns 0 or negative errno.
 */
int call_store_read(CallStore *kept, const CallStoreReader *reader, void *userdata);
/* Drops everything: it is somebody's who has logged out. */
int call_store_clear(CallStore *kept);
