/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tringd/bus-clients.h"

#include <errno.h>
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#define BUS_NAME_MAX 255 /* D-Bus specification */
#define BUS_DRIVER "org.freedesktop.DBus"

typedef struct BusClient {
        BusClients *bus_clients;
        char name[BUS_NAME_MAX + 1];
        sd_bus_slot *match;
        sd_bus_slot *check; /* a pending NameHasOwner */
        bool restored;      /* added by bus_clients_check(): report `exists` */
        UT_hash_handle hh;
} BusClient;

struct BusClients {
        sd_bus *bus;
        const BusClientsEvents *events;
        void *userdata;
        BusClient *by_name;
};

static BusClient *bus_client_free(BusClient *client)
{
        if (!client)
                return NULL;
        sd_bus_slot_unref(client->match);
        sd_bus_slot_unref(client->check);
        free(client);
        return NULL;
}
DEFINE_CLEANUP(BusClient *, bus_client_free);

int bus_clients_new(sd_bus *bus, const BusClientsEvents *events, void *userdata, BusClients **ret)
{
        BusClients *bus_clients = calloc(1, sizeof(*bus_clients));

        if (!bus_clients)
                return -ENOMEM;
        *bus_clients = (BusClients){.bus = sd_bus_ref(bus), .events = events, .userdata = userdata};
        *ret = bus_clients;
        return 0;
}

BusClients *bus_clients_free(BusClients *bus_clients)
{
        BusClient *client, *next;

        if (!bus_clients)
                return NULL;
        HASH_ITER (hh, bus_clients->by_name, client, next) {
                HASH_DEL(bus_clients->by_name, client);
                bus_client_free(client);
        }
        sd_bus_unref(bus_clients->bus);
        free(bus_clients);
        return NULL;
}

static void bus_client_gone(BusClient *client)
{
        BusClients *bus_clients = client->bus_clients;

        HASH_DEL(bus_clients->by_name, client);
        bus_clients->events->gone(bus_clients->userdata, client->name);
        bus_client_free(client);
}

static int on_name_owner_changed(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        const char *name, *old_owner, *new_owner;
        int r = sd_bus_message_read(message, "sss", &name, &old_owner, &new_owner);

        if (r >= 0 && str_empty(new_owner))
                bus_client_gone(userdata);
        return 0;
}

/*
 * NameHasOwner is asked after the match is added: its reply covers clients that left before, the
 * signal those that leave later.
 */
static int on_name_has_owner(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        BusClient *client = userdata;
        int exists;

        client->check = sd_bus_slot_unref(client->check);
        if (sd_bus_message_is_method_error(message, NULL) ||
            sd_bus_message_read(message, "b", &exists) < 0)
                return 0;
        if (!exists)
                bus_client_gone(client);
        else if (client->restored)
                client->bus_clients->events->exists(client->bus_clients->userdata, client->name);
        return 0;
}

static int bus_client_watch(BusClient *client)
{
        sd_bus *bus = client->bus_clients->bus;
        _cleanup_free_ char *match =
                str_printf("type='signal',sender='" BUS_DRIVER "',interface='" BUS_DRIVER
                           "',member='NameOwnerChanged',path='/org/freedesktop/DBus',arg0='%s'",
                           client->name);

        if (!match)
                return -ENOMEM;
        int r = sd_bus_add_match_async(bus, &client->match, match, on_name_owner_changed, NULL,
                                       client);
        if (r < 0)
                return r;
        return sd_bus_call_method_async(bus, &client->check, BUS_DRIVER, "/org/freedesktop/DBus",
                                        BUS_DRIVER, "NameHasOwner", on_name_has_owner, client, "s",
                                        client->name);
}

static int bus_clients_add(BusClients *bus_clients, const char *name, bool restored)
{
        BusClient *found;

        HASH_FIND_STR(bus_clients->by_name, name, found);
        if (found)
                return 0;
        _cleanup_(bus_client_freep) BusClient *client = calloc(1, sizeof(*client));
        if (!client)
                return -ENOMEM;
        client->bus_clients = bus_clients;
        client->restored = restored;
        int r = STR_SET(client->name, name);
        if (r < 0)
                return r;
        if (sd_bus_is_bus_client(bus_clients->bus) > 0) {
                r = bus_client_watch(client);
                if (r < 0)
                        return r;
        }
        HASH_ADD_STR(bus_clients->by_name, name, client);
        if (!client->hh.tbl)
                return -ENOMEM;
        TAKE_PTR(client);
        return 0;
}

int bus_clients_watch(BusClients *bus_clients, const char *name)
{
        return bus_clients_add(bus_clients, name, false);
}

int bus_clients_check(BusClients *bus_clients, const char *name)
{
        return bus_clients_add(bus_clients, name, true);
}
