/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A notification server inside the test: it shows nothing, records everything, and presses the
 * buttons that the test chooses. The rig's event loop serves it.
 */

#include "rig/desktop.h"

typedef struct Popup {
        uint32_t id;
        unsigned shown; /* how often it was shown or updated */
        bool open;
        char *summary, *body, *actions, *hints, *timeout; /* as in text.h */
} Popup;

typedef struct Notifications {
        Rig *rig;
        sd_bus *bus;
        const char *const *capabilities;
        Popup **popups;
        size_t n_popups;
} Notifications;

/* `capabilities` ends with NULL and must outlive the server. */
Notifications *notifications_new(Desktop *desktop, const char *const *capabilities);
/* The server dies, and its popups with it. */
Notifications *notifications_free(Notifications *notifications);

/* Waits for an open popup whose summary contains `text`; it stays the server's. */
Popup *notifications_wait(Notifications *notifications, const char *text);
void notifications_wait_closed(Notifications *notifications, const Popup *popup);
unsigned notifications_open(const Notifications *notifications); /* the number of open popups */

/* Presses a button; the popup stays, as a resident one does. */
void notifications_press(Notifications *notifications, const Popup *popup, const char *key);
/* Closes the popup: 1 expired, 2 dismissed, 3 closed by its program, 4 unknown. */
void notifications_close(Notifications *notifications, Popup *popup, uint32_t reason);
