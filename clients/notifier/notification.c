/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "notification.h"

#include <libnotify/notify.h>

#include "base/log.h"

#define CLOSED_BY_USER 2 /* Desktop Notifications Specification 1.2, NotificationClosed */

struct Notification {
        const NotificationEvents *events;
        void *userdata;
        NotifyNotification *notify; /* NULL: not shown */
};

Notification *notification_new(const NotificationEvents *events, void *userdata)
{
        Notification *notification = g_new0(Notification, 1);

        notification->events = events;
        notification->userdata = userdata;
        return notification;
}

void notification_lost(Notification *notification)
{
        if (!notification->notify)
                return;
        g_signal_handlers_disconnect_by_data(notification->notify, notification);
        g_clear_object(&notification->notify);
}

void notification_close(Notification *notification)
{
        if (!notification->notify)
                return;
        g_signal_handlers_disconnect_by_data(notification->notify, notification);
        (void)notify_notification_close(notification->notify, NULL);
        notification_lost(notification);
}

Notification *notification_free(Notification *notification)
{
        if (!notification)
                return NULL;
        notification_close(notification);
        g_free(notification);
        return NULL;
}

bool notification_is_shown(const Notification *notification)
{
        return notification->notify != NULL;
}

static void on_closed(NotifyNotification *notify, gpointer userdata)
{
        Notification *notification = userdata;
        bool dismissed = notify_notification_get_closed_reason(notify) == CLOSED_BY_USER;

        notification_lost(notification);
        notification->events->closed(notification->userdata, dismissed);
}

static void on_action(NotifyNotification *notify, char *key, gpointer userdata)
{
        Notification *notification = userdata;

        for (PopupAction action = 0; action < POPUP_ACTION_COUNT; action++) {
                if (str_eq(key, popup_action_key(action))) {
                        notification->events->action(notification->userdata, action);
                        return;
                }
        }
}

static void set_hints(NotifyNotification *notify, const PopupContent *content)
{
        /* Both enums have the values of the specification's urgency hint. */
        notify_notification_set_urgency(notify, (NotifyUrgency)content->urgency);
        notify_notification_set_category(notify, content->category);
        notify_notification_set_timeout(notify, NOTIFY_EXPIRES_NEVER);
        notify_notification_set_hint(notify, "resident", g_variant_new_boolean(content->resident));
        notify_notification_set_hint(notify, "suppress-sound",
                                     content->suppress_sound ? g_variant_new_boolean(TRUE) : NULL);
        notify_notification_clear_actions(notify);
}

bool notification_show(Notification *notification, const PopupContent *content)
{
        g_autoptr(GError) error = NULL;

        if (!notification->notify) {
                notification->notify =
                        notify_notification_new(content->summary, content->body, content->icon);
                g_signal_connect(notification->notify, "closed", G_CALLBACK(on_closed),
                                 notification);
        } else {
                notify_notification_update(notification->notify, content->summary, content->body,
                                           content->icon);
        }
        set_hints(notification->notify, content);
        for (size_t i = 0; i < content->n_actions; i++)
                notify_notification_add_action(
                        notification->notify, popup_action_key(content->actions[i]),
                        popup_action_label(content->actions[i]), on_action, notification, NULL);
        if (notify_notification_show(notification->notify, &error))
                return true;
        log_warning("cannot show a notification: %s", error->message);
        notification_lost(notification);
        return false;
}

static bool has(GList *capabilities, const char *name)
{
        return g_list_find_custom(capabilities, name, (GCompareFunc)g_strcmp0) != NULL;
}

bool notification_query_server(PopupServer *ret)
{
        GList *capabilities = notify_get_server_caps();
        bool found = capabilities != NULL;

        ret->actions = has(capabilities, "actions");
        ret->body_markup = has(capabilities, "body-markup");
        ret->persistence = has(capabilities, "persistence");
        g_list_free_full(capabilities, g_free);
        return found;
}
