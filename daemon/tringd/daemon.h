/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The daemon: a phone (phone/phone.h) and the adapters around it. Bus objects, the uplink to the
 * hub, workers and the ringer give the phone events; each of them then calls daemon_pump(), which
 * passes the phone's actions to the adapters.
 *
 * The members are for the files of tringd/ only: bus objects read the phone through them.
 */

#include <systemd/sd-bus.h>

#include "loop/loop.h"
#include "phone/phone.h"
#include "store/history.h"
#include "tringd/bus-clients.h"
#include "tringd/call-store.h"
#include "tringd/changes.h"
#include "tringd/device-readers.h"
#include "tringd/device-watch.h"
#include "tringd/folders.h"
#include "tringd/history-writer.h"
#include "tringd/hub-uplink.h"
#include "tringd/listener-store.h"
#include "tringd/pending-methods.h"
#include "tringd/ringer.h"
#include "tringd/screens.h"
#include "tringd/settings.h"
#include "tringd/workers.h"

typedef struct Daemon {
        sd_bus *bus;
        Loop *loop; /* not owned */
        Folders folders;
        Settings settings;
        /* All three are NULL if no history could be opened, not even in memory. */
        History *history;
        HistoryWriter *history_writer;
        CallStore *call_store;

        Phone *phone;
        Changes *changes;
        PendingMethods *pending_methods;
        BusClients *bus_clients;
        ListenerStore *listener_store;
        HubUplink *uplink;
        Workers *workers;
        Screens *screens;
        Ringer *ringer;
        DeviceWatch *devices;
        DeviceReaders *device_readers;

        sd_bus_message *login;                /* held while a login is in progress */
        Party user;                           /* of the last login, with this device's id */
        char login_device[DEVICE_ID_MAX + 1]; /* id of the login in progress; empty: user.device */
        bool replaced; /* the hub has closed our connection in favour of another device */
        /* Sentences for ConnectionError, or NULL. */
        char *problem;          /* about the folders or the history */
        char *login_problem;    /* about storing the login */
        char *calls_problem;    /* about storing calls */
        char *settings_problem; /* about tringd.conf */

        sd_event_source *deadline; /* fires at phone_next_deadline() */
        sd_event_source *settle;   /* fires at the end of the loop's turn */
        bool pumping;
        bool logs_changed, policy_changed, listeners_changed;
        usec_t history_since; /* as last stored */
        usec_t boot_date;     /* base/boot-date.h */
        uint32_t unseen_missed;
} Daemon;

/*
 * Puts the interfaces on `bus`, which is attached to the loop's sd_event or soon will be. Methods
 * are answered only once the loop runs, so that main() can acquire the bus name before the slow
 * daemon_start(). Keeps a reference to the bus; the loop must outlive the daemon.
 */
int daemon_new(sd_bus *bus, Loop *loop, Daemon **ret);
Daemon *daemon_free(Daemon *daemon);
DEFINE_CLEANUP(Daemon *, daemon_free);

/*
 * Reads tringd.conf again, and uses what it says. What runs already keeps what it was started with:
 * a ring that plays, and the way that the media of a call take.
 */
void daemon_reload(Daemon *daemon);

/* Reads the stored state, and connects to the hub if a login is stored. */
int daemon_start(Daemon *daemon);

/* The time of an input to the phone. */
#define DAEMON_NOW(daemon)                      \
        (&(const Now){.now = clock_boottime(),  \
                      .date = clock_realtime(), \
                      .boot_date = (daemon)->boot_date})

/* Carries out the phone's actions. Does nothing when called while an action is carried out. */
void daemon_pump(Daemon *daemon);

/* `r` is the result of an input to the phone: logs a failure, then pumps. */
void daemon_event_given(Daemon *daemon, int r, const char *what);

/*
 * Gives the phone a command of a program and holds the message until it is answered. Returns what
 * a handler of sd-bus returns.
 */
int daemon_command(Daemon *daemon, sd_bus_message *message, PhoneCommand *command,
                   MethodReply reply);

/* The sender's bus name; a fixed word for the peer of a direct connection. */
const char *message_client(sd_bus_message *message);

/* At the end of the loop's turn, sends gathered changes and stores changed state. */
void daemon_settle_later(Daemon *daemon);

/* Passes one action to its adapter, which may take over what the action owns. */
void daemon_act(Daemon *daemon, PhoneAction *action);
