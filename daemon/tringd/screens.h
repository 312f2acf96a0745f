/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Shared screens, at most one in each call: from the method call, over the desktop's dialog
 * (screen-cast.h), to the worker that sends it, until either side ends it.
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
 * one is shown or being picked already; or negative errno.
 */
int screens_start(Screens *screens, const char *session_id, const char *parent_window,
                  sd_bus_message *message);
/* Does nothing when no screen is shown. */
void screens_stop(Screens *screens, const char *session_id);

/* The worker's report that it shows a screen, or no longer. */
void screens_reported(Screens *screens, const char *session_id, bool on);
void screens_end(Screens *screens, const char *session_id);
