/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One user at a desktop: a session bus of their own, XDG folders of their own, a real tringd, and a
 * client that talks to it and hears everything.
 */

#include "rig/client.h"
#include "rig/hub.h"
#include "rig/process.h"

typedef struct Desktop {
        Rig *rig;
        char name[32];          /* also the uid it logs in with */
        char dir[RIG_PATH_MAX]; /* <rig>/<name>, with home/, run/, config/ and state/ */
        Environment environment;
        Process *bus, *tringd; /* tringd is NULL while it is down, or when the bus started it */
        Client *client;
} Desktop;

/* Bus and folders; tringd is not started. */
Desktop *desktop_new(Rig *rig, const char *name);
/* The bus starts tringd by itself when its name is called. */
Desktop *desktop_new_activated(Rig *rig, const char *name);
Desktop *desktop_free(Desktop *desktop);
DEFINE_CLEANUP(Desktop *, desktop_free);

/* Returns when its name is owned. */
void desktop_start(Desktop *desktop);
void desktop_stop(Desktop *desktop); /* SIGTERM; it must end well */
void desktop_kill(Desktop *desktop); /* kill -9 */

/* Returns when its tringd has stored what has happened up to now, which it does with a delay. */
void desktop_wait_stored(Desktop *desktop);

/*
 * kill -9 of the bus. tringd must end by itself then; another bus begins, where desktop_start() is
 * to come next.
 */
void desktop_restart_bus(Desktop *desktop);

/* Logs in as desktop->name, a user of the hub (added here), and waits to be online. */
void desktop_login(Desktop *desktop, Hub *hub);
void desktop_login_token(Desktop *desktop, const char *url, const char *token);
void desktop_wait_online(Desktop *desktop);

/* A desktop that runs and is logged in. */
Desktop *desktop_new_online(Rig *rig, Hub *hub, const char *name);

/* Another device of a user who is there already. */
Desktop *desktop_new_device(Rig *rig, Hub *hub, const char *name, const char *uid);

/* ---- calls ---- */

typedef struct Call {
        char id[64];
        char path[RIG_PATH_MAX];
} Call;

/* Audio calls without media, but for call_start_with(), whose options are the D-Bus API's. */
Call call_start(Desktop *caller, const char *receiver);
Call call_start_with(Desktop *caller, const char *receiver, const char *call_type,
                     const char *options_types, ...);
Call call_start_group(Desktop *caller, const char *guid);
/* A call from one to the other that rings there; with media when `join`. */
Call call_ring(Desktop *caller, Desktop *receiver, bool join);
void call_accept(Desktop *desktop, const Call *call, bool join);
/* With an option besides: end_others, parallel. */
void call_accept_with(Desktop *desktop, const Call *call, const char *option);
void call_reject(Desktop *desktop, const Call *call, const char *status);
void call_end(Desktop *desktop, const Call *call);
/* Waits until the call has this status and reason here (reason NULL: any). */
void call_wait_status(Desktop *desktop, const Call *call, const char *status, const char *reason);
char *call_property(Desktop *desktop, const Call *call, const char *property);
/* The newest history record of the call here, as text.h has it; the caller frees. */
char *call_history(Desktop *desktop, const Call *call);
