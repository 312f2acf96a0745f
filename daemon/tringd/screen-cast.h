/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A screen or window that the user picks in a dialog of the desktop: one conversation with
 * org.freedesktop.portal.ScreenCast, which yields a connection to PipeWire with a node that shows
 * it. Without the portal no screen can be shared, on purpose.
 *
 * Events come from the bus, never from inside a function called here; any of them may free the
 * object.
 */

#include <systemd/sd-bus.h>

#include "base/cleanup.h"
#include "model/status.h"

typedef struct ScreenCast ScreenCast;

typedef struct ScreenCastEvents {
        /* The user has picked. `remote` stays the screen cast's: duplicate it to keep it. */
        void (*ready)(void *userdata, int remote, uint32_t node);
        /* Nothing was picked; `text` is a sentence for a person. */
        void (*failed)(void *userdata, CallError error, const char *text);
        /* After `ready`: the desktop, or the user there, has ended it. */
        void (*closed)(void *userdata);
} ScreenCastEvents;

/* Opens the dialog; `parent_window` is in the portals' own terms, or empty. Returns 0 or negative
 * errno. */
int screen_cast_new(sd_bus *bus, const char *parent_window, const ScreenCastEvents *events,
                    void *userdata, ScreenCast **ret);
/* Closes the dialog, or ends what is shown. */
ScreenCast *screen_cast_free(ScreenCast *cast);
DEFINE_CLEANUP(ScreenCast *, screen_cast_free);
