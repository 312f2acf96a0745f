/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A program on a session bus that calls tringd and stores each signal that it receives, in order.
 * The rig's event loop serves all clients, so that one client's listener answers while another
 * waits for a reply.
 */

#include <systemd/sd-bus.h>

#include "rig/rig.h"

#define TRING_NAME "org.tring.Calls1"
#define TRING_ROOT "/org/tring/Calls1"
#define TRING_MANAGER "org.tring.Calls1.Manager"
#define TRING_CALL "org.tring.Calls1.Call"
#define TRING_SESSION "org.tring.Calls1.Session"
#define TRING_DEVICES "org.tring.Calls1.Devices"
#define DBUS_PROPERTIES "org.freedesktop.DBus.Properties"

typedef struct HeardSignal {
        char member[64];
        char path[RIG_PATH_MAX]; /* of the call that it is about, else of the sending object */
        usec_t at;               /* CLOCK_BOOTTIME */
        sd_bus_message *message;
        bool taken; /* taken by client_wait_signal() */
} HeardSignal;

typedef struct Client {
        Rig *rig;
        sd_bus *bus;
        char owner[RIG_PATH_MAX]; /* unique name of tringd; empty while it is not on the bus */
        HeardSignal **signals;
        size_t n_signals;
} Client;

Client *client_new(Rig *rig, const char *address);
Client *client_free(Client *client);
DEFINE_CLEANUP(Client *, client_free);

/* Makes a round trip: afterwards all that tringd has sent before has arrived. */
void client_synchronise(Client *client);

/* Waits until tringd owns its name, or does not. */
void client_wait_owner(Client *client, bool present);

/* Calls a method and waits for its reply, which the caller unrefs; an error ends the test. */
sd_bus_message *client_call(Client *client, const char *path, const char *interface,
                            const char *member, const char *types, ...);
/* The same for a method whose reply does not matter. */
void client_do(Client *client, const char *path, const char *interface, const char *member,
               const char *types, ...);
/* Sends `call`, which it takes, and returns the reply, which may be an error. */
sd_bus_message *client_exchange(Client *client, sd_bus_message *call);
/*
 * Sends a call that must fail with org.tring.Calls1.Error.<error> (or exactly `error` if it has a
 * dot) and a sentence that contains `text`.
 */
void client_refused(Client *client, const char *error, const char *text, const char *path,
                    const char *interface, const char *member, const char *types, ...);

/* A property as text, as in text.h; the caller frees. */
char *client_property(Client *client, const char *path, const char *interface,
                      const char *property);
/* Sets a property; its type and value end the arguments, as for sd_bus_message_append(). */
#define client_set(client, path, interface, property, ...) \
        client_do(client, path, DBUS_PROPERTIES, "Set", "ssv", interface, property, __VA_ARGS__)
void client_wait_property(Client *client, const char *path, const char *interface,
                          const char *property, const char *value);
bool client_object_exists(Client *client, const char *path);

/*
 * Waits for the next signal of this name that was not waited for yet, about the call `path` (NULL:
 * any call); it stays the client's.
 */
HeardSignal *client_wait_signal(Client *client, const char *member, const char *path);
/* Counts the signals of this name, after a round trip. */
unsigned client_count_signals(Client *client, const char *member, const char *path);
/*
 * The names of all signals about a call, in order, separated by blanks; the caller frees.
 * "InterfacesAdded(Session)" is one that adds only the session.
 */
char *client_signal_order(Client *client, const char *path);
