/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Call listeners over a restart of the daemon: they are kept as text in the store, with the id of
 * the bus, and come back for those connections which still exist on the same bus.
 */

#include "phone/phone.h"
#include "store/history.h"

typedef struct ListenerStore ListenerStore;

int listener_store_new(ListenerStore **ret);
ListenerStore *listener_store_free(ListenerStore *store);
DEFINE_CLEANUP(ListenerStore *, listener_store_free);

/* Reads what was stored for this bus; each waits until it is known whether its client exists. */
int listener_store_load(ListenerStore *store, History *history, const char *bus_id);

/* Writes the phone's listeners and those that wait. */
int listener_store_save(const ListenerStore *store, History *history, const char *bus_id,
                        const Phone *phone);

/* An client that is waited for, or NULL. */
const char *listener_store_client(const ListenerStore *store, size_t index);

/* Takes out one that waits for this client: true while there is one. */
bool listener_store_take(ListenerStore *store, const char *client, PhoneListener *ret);
