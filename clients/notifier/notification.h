/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One desktop notification, through libnotify. It is created when there is something to show,
 * updated in place, and closed and freed when there is nothing to show any more.
 *
 * Callbacks come from the GLib loop; the notification may be freed in them.
 */

#include "popup.h"

typedef struct Notification Notification;

typedef struct NotificationEvents {
        void (*action)(void *userdata, PopupAction action);
        /*
         * The notification is no longer shown. Servers differ in the reasons that they give; only
         * whether the user dismissed it is reliable.
         */
        void (*closed)(void *userdata, bool dismissed);
} NotificationEvents;

Notification *notification_new(const NotificationEvents *events, void *userdata);
/* Closes the notification without a callback, if it is shown; returns NULL. */
Notification *notification_free(Notification *notification);

/* Shows or updates the notification. Returns false, after logging why, if the server refuses. */
bool notification_show(Notification *notification, const PopupContent *content);
void notification_close(Notification *notification);
bool notification_is_shown(const Notification *notification);

/* The server that showed the notification is gone: forgets it without closing it. */
void notification_lost(Notification *notification);

/* Asks the server for its capabilities; the bus may start it. Returns false without a server. */
bool notification_query_server(PopupServer *ret);
