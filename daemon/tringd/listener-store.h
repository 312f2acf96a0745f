/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Keeps call listeners across a restart of the daemon: stores them as text with the id of the bus,
 * and restores those whose connections still exist on the same bus.
 */

#include "phone/phone.h"
#include "store/history.h"

typedef struct ListenerStore ListenerStore;

int listener_store_new(ListenerStore **ret);
ListenerStore *listener_store_free(ListenerStore *store);
DEFINE_CLEANUP(ListenerStore *, listener_store_free);

/* Reads the listeners of this bus; each waits here until its client is known to exist. */
int listener_store_load(ListenerStore *store, History *history, const char *bus_id);

/* Stores the phone's listeners and those that still wait. */
int listener_store_save(const ListenerStore *store, History *history, const char *bus_id,
                        const Phone *phone);

/* The client of the waiting listener at `index`, or NULL after the last one. */
const char *listener_store_client(const ListenerStore *store, size_t index);

/* Moves one waiting listener of this client to *ret; false: no more. */
bool listener_store_take(ListenerStore *store, const char *client, PhoneListener *ret);
