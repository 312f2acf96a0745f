/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Shared screens, at most one in each call. After the method call the user picks a screen in the
 * desktop's dialog (screen-cast.h); the worker then sends it until the program, the desktop or the
 * worker ends it.
 */

#include <systemd/sd-bus.h>

#include "tringd/workers.h"

typedef struct Screens Screens;

/* Bus and workers outlive it. Returns 0 or -ENOMEM. */
int screens_new(sd_bus *bus, Workers *workers, Screens **ret);
Screens *screens_free(Screens *screens); /* waiting method calls get no reply */
DEFINE_CLEANUP(Screens *, screens_free);

/*
 * Holds the message until the screen is shown or the dialog is cancelled. Returns 0; -EBUSY when
 * the call already has a screen or a dialog; or negative errno.
 */
int screens_start(Screens *screens, const char *session_id, const char *parent_window,
                  sd_bus_message *message);
/* Does nothing when no screen is shown. */
void screens_stop(Screens *screens, const char *session_id);

/* Handles the worker's report that it sends the screen, or no longer does. */
void screens_reported(Screens *screens, const char *session_id, bool on);
/* Ends the shared screen of a session whose media has ended. */
void screens_end(Screens *screens, const char *session_id);
