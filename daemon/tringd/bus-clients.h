/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Watches the bus connections of programs that have listeners or tied calls, or that read devices.
 * The daemon is notified once when one of them leaves the bus.
 *
 * A direct connection (a socketpair in tests) has one peer and nothing to watch.
 */

#include <systemd/sd-bus.h>

#include "base/cleanup.h"
#include "base/str.h"

typedef struct BusClients BusClients;

typedef struct BusClientsEvents {
        void (*gone)(void *userdata, const char *client);
        /* The client exists; reported only after bus_clients_check(). */
        void (*exists)(void *userdata, const char *client);
} BusClientsEvents;

int bus_clients_new(sd_bus *bus, const BusClientsEvents *events, void *userdata, BusClients **ret);
BusClients *bus_clients_free(BusClients *bus_clients);
DEFINE_CLEANUP(BusClients *, bus_clients_free);

/* Watches a connection from now on; does nothing if it is watched already. */
int bus_clients_watch(BusClients *bus_clients, const char *client);
/* Watches a connection, and reports `exists` or `gone` when the bus has answered. */
int bus_clients_check(BusClients *bus_clients, const char *client);
