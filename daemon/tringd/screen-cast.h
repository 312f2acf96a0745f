/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A screen or window that the user picks in a dialog of the desktop: one session of
 * org.freedesktop.portal.ScreenCast, which yields a connection to PipeWire with a node that shows
 * it. Without the portal no screen can be shared, on purpose.
 *
 * Events come from the bus, never from inside a function called here. Each callback may free the
 * object.
 */

#include <systemd/sd-bus.h>

#include "base/cleanup.h"
#include "model/status.h"

typedef struct ScreenCast ScreenCast;

typedef struct ScreenCastEvents {
        /* The user has picked. `remote` stays owned by the screen cast: duplicate it to keep it. */
        void (*ready)(void *userdata, int remote, uint32_t node);
        /* Nothing was picked; `text` is a sentence for a person. */
        void (*failed)(void *userdata, CallError error, const char *text);
        /* The desktop, or the user there, has ended the screen cast; only after `ready`. */
        void (*closed)(void *userdata);
} ScreenCastEvents;

/*
 * Opens the dialog; `parent_window` is the portals' window identifier, or empty. Returns 0 or
 * negative errno.
 */
int screen_cast_new(sd_bus *bus, const char *parent_window, const ScreenCastEvents *events,
                    void *userdata, ScreenCast **ret);
/* Closes the dialog, or ends the screen cast. */
ScreenCast *screen_cast_free(ScreenCast *cast);
DEFINE_CLEANUP(ScreenCast *, screen_cast_free);
