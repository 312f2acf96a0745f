/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One user at a desktop: a session bus, XDG folders, a real tringd, and a client that calls it and
 * receives all signals.
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

/* Makes bus and folders; does not start tringd. */
Desktop *desktop_new(Rig *rig, const char *name);
/* The bus starts tringd when its name is called. */
Desktop *desktop_new_activated(Rig *rig, const char *name);
Desktop *desktop_free(Desktop *desktop);
DEFINE_CLEANUP(Desktop *, desktop_free);

/* Starts tringd; returns when it owns its name. */
void desktop_start(Desktop *desktop);
void desktop_stop(Desktop *desktop); /* SIGTERM; must exit with 0 */
void desktop_kill(Desktop *desktop); /* kill -9 */
/* The id of the device that is logged in there; the caller frees. */
char *desktop_device(Desktop *desktop);

/* Returns when tringd has stored everything so far, which it does with a delay. */
void desktop_wait_stored(Desktop *desktop);

/*
 * Kills the bus (kill -9). tringd must then exit by itself. Starts another bus; the test calls
 * desktop_start() next.
 */
void desktop_restart_bus(Desktop *desktop);

/* Logs in as desktop->name, which is added to the hub here, and waits to be online. */
void desktop_login(Desktop *desktop, Hub *hub);
void desktop_login_token(Desktop *desktop, const char *url, const char *token);
void desktop_wait_online(Desktop *desktop);

/* Makes a desktop with a tringd that is logged in. */
Desktop *desktop_new_online(Rig *rig, Hub *hub, const char *name);

/* Makes another device of an existing user. */
Desktop *desktop_new_device(Rig *rig, Hub *hub, const char *name, const char *uid);

/* ---- calls ---- */

typedef struct Call {
        char id[64];
        char path[RIG_PATH_MAX];
} Call;

/* Audio calls without media; call_start_with() takes options of the D-Bus API. */
Call call_start(Desktop *caller, const char *receiver);
Call call_start_with(Desktop *caller, const char *receiver, const char *call_type,
                     const char *options_types, ...);
Call call_start_group(Desktop *caller, const char *guid);
/* Makes a call from one to the other and answers it; with media if `join`. */
Call call_ring(Desktop *caller, Desktop *receiver, bool join);
void call_accept(Desktop *desktop, const Call *call, bool join);
/* The same with an option: end_others, parallel. */
void call_accept_with(Desktop *desktop, const Call *call, const char *option);
void call_reject(Desktop *desktop, const Call *call, const char *status);
void call_end(Desktop *desktop, const Call *call);
/* Waits until the call has this status and reason here (NULL: any reason). */
void call_wait_status(Desktop *desktop, const Call *call, const char *status, const char *reason);
char *call_property(Desktop *desktop, const Call *call, const char *property);
/* The newest history record of the call here, as in text.h; the caller frees. */
char *call_history(Desktop *desktop, const Call *call);
