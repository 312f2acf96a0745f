/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The screen cast portal of a desktop (org.freedesktop.portal.ScreenCast) with a real PipeWire
 * behind it: a virtual screen of 1280×720.
 */

#include "rig/desktop.h"
#include "rig/picture-camera.h"

typedef enum PortalUser { /* the user's answer to the dialog */
        PORTAL_USER_PICKS,
        PORTAL_USER_DISMISSES,
        PORTAL_USER_WAITS,
} PortalUser;

typedef struct Portal {
        Desktop *desktop;
        char directory[RIG_PATH_MAX]; /* PipeWire's folder */
        sd_bus *bus;
        RigCamera *screen;
        PortalUser user;
        char session[RIG_PATH_MAX]; /* empty: none is open */
        sd_bus_slot *session_slot;
        unsigned closed; /* sessions and requests that the program has closed */
} Portal;

/* `graph` and `directory` belong to the desktop's PipeWire. */
Portal *portal_new(Desktop *desktop, RigGraph *graph, const char *directory);
Portal *portal_free(Portal *portal);
DEFINE_CLEANUP(Portal *, portal_free);

/* The user stops sharing at the desktop. */
void portal_end_session(Portal *portal);
/* Waits until the program has closed what it opened. */
void portal_wait_closed(Portal *portal, unsigned closed);
