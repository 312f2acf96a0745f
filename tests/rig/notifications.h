/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A notification server in the test itself: it shows nothing, remembers everything, and presses the
 * buttons that the test says. Served by the rig's event loop.
 */

#include "rig/desktop.h"

typedef struct Popup {
        uint32_t id;
        unsigned shown; /* how often it was put up or changed */
        bool open;
        char *summary, *body, *actions, *hints, *timeout; /* as text.h has them */
} Popup;

typedef struct Notifications {
        Rig *rig;
        sd_bus *bus;
        const char *const *capabilities;
        Popup **popups;
        size_t n_popups;
} Notifications;

/* `capabilities` ends with NULL and outlives the server. */
Notifications *notifications_new(Desktop *desktop, const char *const *capabilities);
/* The server dies, and what it shows with it. */
Notifications *notifications_free(Notifications *notifications);

/* An open popup whose summary has `text` in it; it stays the server's. */
Popup *notifications_wait(Notifications *notifications, const char *text);
void notifications_wait_closed(Notifications *notifications, const Popup *popup);
unsigned notifications_open(const Notifications *notifications); /* how many are */

/* A button is pressed; the popup stays, as a resident one does. */
void notifications_press(Notifications *notifications, const Popup *popup, const char *key);
/* It goes: 1 expired, 2 dismissed, 3 closed by its program, 4 unknown. */
void notifications_close(Notifications *notifications, Popup *popup, uint32_t reason);
