/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The connection to tringd: registers a call listener that presents calls, as any program can,
 * whenever tringd is running. At its own start it asks the bus to start tringd, and not again: a
 * tringd that was stopped stays so. Events come as callbacks from the GLib loop.
 */

#include <gio/gio.h>
#include <stdbool.h>

#include "model/status.h"

typedef struct Tring Tring;

typedef struct TringEvents {
        /*
         * One of the five listener events. Returns false if it could not be shown: tringd asks the
         * next listener to present the call.
         */
        bool (*event)(void *userdata, const char *event, const char *path, const char *session_id,
                      GVariant *details);
        /* All or only changed properties of a call or of its session; the other one is NULL. */
        void (*call_changed)(void *userdata, const char *path, GVariant *call, GVariant *session);
        /* The result of tring_call(): `sentence` is the error, or NULL on success. */
        void (*answered)(void *userdata, const char *path, const char *sentence);
        void (*missed_seen)(void *userdata);       /* all missed calls have been seen */
        void (*rings)(void *userdata, bool rings); /* whether tringd itself rings audibly */
        void (*gone)(void *userdata);
        /* tringd refused the listener. CALL_ERROR_NONE: the error came from the bus. */
        void (*refused)(void *userdata, CallError error, const char *sentence);
} TringEvents;

/* Returns NULL, after logging why. */
Tring *tring_new(const TringEvents *events, void *userdata);
Tring *tring_free(Tring *tring);

/* The session bus connection; owned by `tring`. */
GDBusConnection *tring_bus(Tring *tring);

/*
 * Calls a method on behalf of the call at `path`: of that object, or of the Manager if `interface`
 * is the Manager's. The result comes as `answered`, unless tringd goes away first. Takes ownership
 * of floating arguments.
 */
void tring_call(Tring *tring, const char *path, const char *interface, const char *method,
                GVariant *arguments);
