/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Call listeners across a restart of the daemon: stored as text, with the id of the bus, and
 * restored for the connections that still exist on the same bus.
 */

#include "phone/phone.h"
#include "store/history.h"

typedef struct ListenerStore ListenerStore;

int listener_store_new(ListenerStore **ret);
ListenerStore *listener_store_free(ListenerStore *store);
DEFINE_CLEANUP(ListenerStore *, listener_store_free);

/* Reads the listeners stored for this bus; each waits until its client is known to exist. */
int listener_store_load(ListenerStore *store, History *history, const char *bus_id);

/* Writes the phone's listeners and those that still wait. */
int listener_store_save(const ListenerStore *store, History *history, const char *bus_id,
                        const Phone *phone);

/* A client that a listener waits for, or NULL. */
const char *listener_store_client(const ListenerStore *store, size_t index);

/* Takes out one listener of this client; false if there is none left. */
bool listener_store_take(ListenerStore *store, const char *client, PhoneListener *ret);
