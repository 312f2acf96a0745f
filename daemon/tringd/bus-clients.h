/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Connections on the bus that something here depends on: programs with listeners, or with calls
 * tied to them. The daemon is notified once when one of them leaves the bus.
 *
 * On a bus that is no message bus (a socketpair in tests) there is one peer and nothing to watch.
 */

#include <systemd/sd-bus.h>

#include "base/cleanup.h"
#include "base/str.h"

typedef struct BusClients BusClients;

typedef struct BusClientsEvents {
        void (*gone)(void *userdata, const char *client);
        /* It exists: the answer to bus_clients_check(). */
        void (*exists)(void *userdata, const char *client);
} BusClientsEvents;

int bus_clients_new(sd_bus *bus, const BusClientsEvents *events, void *userdata, BusClients **ret);
BusClients *bus_clients_free(BusClients *bus_clients);
DEFINE_CLEANUP(BusClients *, bus_clients_free);

/* Watches a connection from now on; again does nothing. */
int bus_clients_watch(BusClients *bus_clients, const char *client);
/* Watches it, and asks the bus whether it still exists: `exists` or `gone` follows. */
int bus_clients_check(BusClients *bus_clients, const char *client);
