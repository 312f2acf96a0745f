/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The daemon: a phone (phone/phone.h) and the adapters around it. Bus objects, the uplink to the
 * hub, workers and the ringer give the phone events; each of them then calls daemon_pump(), which
 * takes the phone's actions to the adapters.
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
        History *history;              /* NULL when there was no memory for it */
        HistoryWriter *history_writer; /* likewise */
        CallStore *call_store;         /* likewise */

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

        sd_bus_message *login; /* held while a login is in progress */
        Party user;            /* of the last login, with this device's id */
        char *problem;         /* a problem with folders and history: a sentence, or NULL */
        char *login_problem;   /* … with storing the login */
        char *calls_problem;   /* … with storing calls */

        sd_event_source *deadline; /* the phone's next */
        sd_event_source *settle;   /* end of the loop turn */
        bool pumping;
        bool logs_changed, policy_changed, listeners_changed;
        usec_t history_since; /* as stored */
        uint32_t unseen_missed;
} Daemon;

/*
 * Puts the interfaces on `bus`, which is attached to the loop's sd_event or soon will be. No method
 * is answered before the loop runs, so that the name can be owned before daemon_start() does what
 * takes time. Keeps a reference to the bus; the loop must outlive the daemon.
 */
int daemon_new(sd_bus *bus, Loop *loop, Daemon **ret);
Daemon *daemon_free(Daemon *daemon);
DEFINE_CLEANUP(Daemon *, daemon_free);

/* Reads the stored state, and connects to the hub after an earlier login. */
int daemon_start(Daemon *daemon);

/* The time of an input to the phone. */
#define DAEMON_NOW (&(const Now){.now = clock_boottime(), .date = clock_realtime()})

/* Carries out the phone's actions. Does nothing when it is called from inside an action. */
void daemon_pump(Daemon *daemon);

/* `r` is the result of an input to the phone: logs a failure, then pumps. */
void daemon_event_given(Daemon *daemon, int r, const char *what);

/*
 * Gives the phone a command of a program and holds the message until it is answered. Returns what
 * a handler of sd-bus returns.
 */
int daemon_command(Daemon *daemon, sd_bus_message *message, PhoneCommand *command,
                   MethodReply reply);

/* The sender's bus name; on a bus with one peer a name that stands for it. */
const char *message_client(sd_bus_message *message);

/* Asks for the end of the turn, when gathered changes go out and changed state is stored. */
void daemon_settle_later(Daemon *daemon);

/* Takes one action of the phone to its adapter, which may take what the action owns. */
void daemon_act(Daemon *daemon, PhoneAction *action);
