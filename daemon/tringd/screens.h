/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Screens that are shared in calls, at most one in each: from the method call, by the desktop's
 * dialog (screen-cast.h), to the worker that shows it, until either side ends it.
 */

#include <systemd/sd-bus.h>

#include "tringd/workers.h"

typedef struct Screens Screens;

/* Bus and workers outlive it. Returns 0 or -ENOMEM. */
int screens_new(sd_bus *bus, Workers *workers, Screens **ret);
Screens *screens_free(Screens *screens); /* whoever waits gets no reply */
DEFINE_CLEANUP(Screens *, screens_free);

/* Holds the message until the screen is shown, or is not to be. Returns 0; -EBUSY: one is shown
 * already, or being picked; or negative errno. */
int screens_start(Screens *screens, const char *session_id, const char *parent_window,
                  sd_bus_message *message);
/* Nothing happens when there is none. */
void screens_stop(Screens *screens, const char *session_id);

/* What the worker says; and that there is none (any more). */
void screens_told(Screens *screens, const char *session_id, bool on);
void screens_end(Screens *screens, const char *session_id);
