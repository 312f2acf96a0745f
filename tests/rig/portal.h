/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A desktop's portal for screens (org.freedesktop.portal.ScreenCast) on somebody's bus, with a
 * real PipeWire behind it: a virtual screen of 1280×720.
 */

#include "rig/desktop.h"
#include "rig/picture-camera.h"

typedef enum PortalUser { /* what the user does with the dialog */
        PORTAL_USER_PICKS,
        PORTAL_USER_DISMISSES,
        PORTAL_USER_WAITS,
} PortalUser;

typedef struct Portal {
        Desktop *desktop;
        char directory[RIG_PATH_MAX]; /* PipeWire's */
        sd_bus *bus;
        RigCamera *screen;
        PortalUser user;
        char session[RIG_PATH_MAX]; /* empty: none is open */
        sd_bus_slot *session_slot;
        unsigned closed; /* sessions and requests that were closed by the program */
} Portal;

/* `graph` and `directory` are those of the desktop's PipeWire. */
Portal *portal_new(Desktop *desktop, RigGraph *graph, const char *directory);
Portal *portal_free(Portal *portal);
DEFINE_CLEANUP(Portal *, portal_free);

/* The user ends the sharing at the desktop. */
void portal_end_session(Portal *portal);
/* Until the program has closed what it opened. */
void portal_wait_closed(Portal *portal, unsigned closed);
