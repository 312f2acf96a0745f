/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The stored state of live calls, and of requests that the hub has not confirmed, so that a
 * restarted tringd continues where the last one stopped. Changes are written with a delay
 * (write-behind.h); a crash before that loses only what the hub sends again.
 */

#include <systemd/sd-event.h>

#include "phone/phone.h"
#include "store/history.h"

#define CALL_STORE_DELAY_US (5 * USEC_PER_MSEC) /* longer than a ring takes between two buses */
#define CALL_STORE_RETRY_US (10 * USEC_PER_SEC) /* like COMMAND_TIMEOUT_US */

typedef struct CallStore CallStore;

typedef struct CallStoreEvents {
        /* The result of a write, 0 or negative errno, differs from the last one. */
        void (*written)(void *userdata, int r);
} CallStoreEvents;

/* `history` stays owned by the caller and must outlive the store. */
int call_store_new(sd_event *event, History *history, const CallStoreEvents *events, void *userdata,
                   CallStore **ret);
CallStore *call_store_free(CallStore *store); /* writes pending changes */
DEFINE_CLEANUP(CallStore *, call_store_free);

/* Queues a PHONE_{CALL,REQUEST}_{STORE,FORGET}; takes the call or request out of the action. */
int call_store_take(CallStore *store, PhoneAction *action);
void call_store_flush(CallStore *store);

typedef struct CallStoreReader {
        void (*call)(void *userdata, StoredCall *state);
        void (*request)(void *userdata, const Message *message);
} CallStoreReader;

/*
 * Reads everything that is stored, requests in the order in which they were made. An unreadable row
 * is deleted. Returns 0 or negative errno.
 */
int call_store_read(CallStore *store, const CallStoreReader *reader, void *userdata);
/* Deletes everything, after a logout. */
int call_store_clear(CallStore *store);
