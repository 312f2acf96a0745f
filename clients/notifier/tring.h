/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The line to tringd: registers a call listener that presents, as any program can, whenever tringd
 * is there; never starts it. Events come as callbacks from the GLib loop.
 */

#include <gio/gio.h>
#include <stdbool.h>

typedef struct Tring Tring;

typedef struct TringEvents {
        /* One of the five events; false: it could not be taken, somebody else shall present. */
        bool (*event)(void *userdata, const char *event, const char *path, const char *session_id,
                      GVariant *details);
        /* Properties of a call, or of its session, all or those that have changed; else NULL. */
        void (*call_changed)(void *userdata, const char *path, GVariant *call, GVariant *session);
        /* How tring_call() went: `sentence` is NULL when it worked. */
        void (*answered)(void *userdata, const char *path, const char *sentence);
        void (*missed_seen)(void *userdata);       /* none of the missed calls is new any more */
        void (*rings)(void *userdata, bool rings); /* tringd makes the ring heard by itself */
        void (*gone)(void *userdata);
        void (*refused)(void *userdata, const char *sentence); /* we may not listen */
} TringEvents;

/* Returns NULL, after logging why. */
Tring *tring_new(const TringEvents *events, void *userdata);
Tring *tring_free(Tring *tring);

/* The session bus; the line's own. */
GDBusConnection *tring_bus(Tring *tring);

typedef enum TringTarget {
        TRING_ON_MANAGER,
        TRING_ON_CALL,
        TRING_ON_SESSION,
} TringTarget;

/*
 * Calls a method for the sake of the call at `path`; its outcome comes as `answered`, unless tringd
 * goes before. Takes the arguments if they float.
 */
void tring_call(Tring *tring, const char *path, TringTarget target, const char *method,
                GVariant *arguments);
