/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One notification on the screen, by libnotify. Made when there is something to show, updated in
 * place, closed and freed when there is not.
 *
 * Callbacks come from the GLib loop; the notification may be freed in them.
 */

#include "popup.h"

typedef struct Notification Notification;

typedef struct NotificationEvents {
        void (*action)(void *userdata, PopupAction action);
        /* It is no longer shown, for whatever reason. Reasons differ between servers: all that one
         * may be believed is that somebody dismissed it, or not. */
        void (*closed)(void *userdata, bool dismissed);
} NotificationEvents;

Notification *notification_new(const NotificationEvents *events, void *userdata);
/* Closes it if it is shown (without a callback); returns NULL. */
Notification *notification_free(Notification *notification);

/* Puts it up, or changes what it says. False, after logging why: the server did not take it. */
bool notification_show(Notification *notification, const PopupContent *content);
void notification_close(Notification *notification);
bool notification_is_shown(const Notification *notification);

/* The server that showed it is gone: it is not shown any more, and there is nothing to close. */
void notification_lost(Notification *notification);

/* What the server that is there now can do; it is started if need be. False: there is none. */
bool notification_query_server(PopupServer *ret);
