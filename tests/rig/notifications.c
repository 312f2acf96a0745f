/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rig/notifications.h"

#include "base/str.h"
#include "rig/text.h"

#define SERVER_NAME "org.freedesktop.Notifications"
#define SERVER_PATH "/org/freedesktop/Notifications"

static Popup *find(Notifications *notifications, uint32_t id)
{
        for (size_t i = 0; i < notifications->n_popups; i++)
                if (notifications->popups[i]->id == id && notifications->popups[i]->open)
                        return notifications->popups[i];
        return NULL;
}

static Popup *add(Notifications *notifications)
{
        Popup *popup = rig_alloc(sizeof(*popup));

        notifications->popups =
                reallocarray(notifications->popups, notifications->n_popups + 1, sizeof(Popup *));
        if (!notifications->popups)
                rig_fail("out of memory");
        notifications->popups[notifications->n_popups++] = popup;
        popup->id = (uint32_t)notifications->n_popups;
        popup->open = true;
        return popup;
}

static void take(char **ret, sd_bus_message *message, unsigned argument)
{
        free(*ret);
        *ret = text_of_argument(message, argument);
}

static int on_notify(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        Notifications *notifications = userdata;
        const char *program;
        uint32_t replaces;
        int r = sd_bus_message_read(message, "su", &program, &replaces);

        if (r < 0)
                return r;
        Popup *popup = find(notifications, replaces);
        if (!popup)
                popup = add(notifications);
        popup->shown++;
        take(&popup->summary, message, 3);
        take(&popup->body, message, 4);
        take(&popup->actions, message, 5);
        take(&popup->hints, message, 6);
        take(&popup->timeout, message, 7);
        return sd_bus_reply_method_return(message, "u", popup->id);
}

void notifications_close(Notifications *notifications, Popup *popup, uint32_t reason)
{
        popup->open = false;
        rig_check(sd_bus_emit_signal(notifications->bus, SERVER_PATH, SERVER_NAME,
                                     "NotificationClosed", "uu", popup->id, reason),
                  "NotificationClosed");
}

static int on_close(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        Notifications *notifications = userdata;
        uint32_t id;
        int r = sd_bus_message_read(message, "u", &id);
        Popup *popup = r < 0 ? NULL : find(notifications, id);

        if (popup)
                notifications_close(notifications, popup, 3);
        return r < 0 ? r : sd_bus_reply_method_return(message, NULL);
}

static int on_capabilities(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        Notifications *notifications = userdata;
        sd_bus_message *reply = NULL;
        int r = sd_bus_message_new_method_return(message, &reply);

        if (r >= 0)
                r = sd_bus_message_append_strv(reply, (char **)notifications->capabilities);
        if (r >= 0)
                r = sd_bus_send(notifications->bus, reply, NULL);
        sd_bus_message_unref(reply);
        return r;
}

static int on_information(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        return sd_bus_reply_method_return(message, "ssss", "rig", "Tring", "1", "1.2");
}

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("Notify", "susssasa{sv}i", "u", on_notify, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("CloseNotification", "u", NULL, on_close, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("GetCapabilities", NULL, "as", on_capabilities, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("GetServerInformation", NULL, "ssss", on_information,
                      SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_SIGNAL("NotificationClosed", "uu", 0),
        SD_BUS_SIGNAL("ActionInvoked", "us", 0),
        SD_BUS_VTABLE_END,
};

Notifications *notifications_new(Desktop *desktop, const char *const *capabilities)
{
        Notifications *notifications = rig_alloc(sizeof(*notifications));

        notifications->rig = desktop->rig;
        notifications->capabilities = capabilities;
        rig_check(sd_bus_new(&notifications->bus), "sd_bus_new");
        rig_check(
                sd_bus_set_address(notifications->bus, environment_get(&desktop->environment,
                                                                       "DBUS_SESSION_BUS_ADDRESS")),
                "the bus");
        rig_check(sd_bus_set_bus_client(notifications->bus, true), "the bus");
        rig_check(sd_bus_start(notifications->bus), "the bus");
        rig_check(sd_bus_add_object_vtable(notifications->bus, NULL, SERVER_PATH, SERVER_NAME,
                                           vtable, notifications),
                  SERVER_PATH);
        rig_check(sd_bus_attach_event(notifications->bus, desktop->rig->event, 0), "the loop");
        rig_check(sd_bus_request_name(notifications->bus, SERVER_NAME, 0), SERVER_NAME);
        return notifications;
}

Notifications *notifications_free(Notifications *notifications)
{
        if (!notifications)
                return NULL;
        sd_bus_detach_event(notifications->bus);
        sd_bus_close_unref(notifications->bus);
        for (size_t i = 0; i < notifications->n_popups; i++) {
                Popup *popup = notifications->popups[i];

                free(popup->summary);
                free(popup->body);
                free(popup->actions);
                free(popup->hints);
                free(popup->timeout);
                free(popup);
        }
        free(notifications->popups);
        free(notifications);
        return NULL;
}

Popup *notifications_wait(Notifications *notifications, const char *text)
{
        usec_t deadline = rig_deadline();
        char what[128];

        snprintf(what, sizeof(what), "a notification '%s'", text);
        for (;;) {
                for (size_t i = 0; i < notifications->n_popups; i++)
                        if (notifications->popups[i]->open &&
                            strstr(notifications->popups[i]->summary, text))
                                return notifications->popups[i];
                rig_run_once(notifications->rig, deadline, what);
        }
}

void notifications_wait_closed(Notifications *notifications, const Popup *popup)
{
        usec_t deadline = rig_deadline();

        while (popup->open)
                rig_run_once(notifications->rig, deadline, "the notification to be closed");
}

unsigned notifications_open(const Notifications *notifications)
{
        unsigned open = 0;

        for (size_t i = 0; i < notifications->n_popups; i++)
                open += notifications->popups[i]->open;
        return open;
}

void notifications_press(Notifications *notifications, const Popup *popup, const char *key)
{
        rig_check(sd_bus_emit_signal(notifications->bus, SERVER_PATH, SERVER_NAME, "ActionInvoked",
                                     "us", popup->id, key),
                  "ActionInvoked");
}
