/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rig/listener.h"

#include <string.h>

#include "base/str.h"
#include "rig/text.h"

#define LISTENER_PATH "/listener"

static bool detail_is_true(sd_bus_message *message, const char *key)
{
        _cleanup_free_ char *value = text_of_key(message, 2, key);

        return str_eq(value, "true");
}

static int event_called(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        Listener *listener = userdata;
        _cleanup_free_ char *session_id = text_of_argument(message, 1);
        ListenerEvent event = {
                .present = detail_is_true(message, "present"),
                .resumed = detail_is_true(message, "resumed"),
                .at = clock_boottime(),
        };

        STR_SET(event.name, sd_bus_message_get_member(message));
        STR_SET(event.session_id, session_id);
        listener->events = reallocarray(listener->events, listener->n_events + 1, sizeof(event));
        if (!listener->events)
                rig_fail("out of memory");
        listener->events[listener->n_events++] = event;

        switch (listener->manner) {
        case LISTENER_HANGS:
                return 1;
        case LISTENER_REFUSES:
                return sd_bus_reply_method_errorf(message, SD_BUS_ERROR_FAILED, "not today");
        case LISTENER_TAKES:
                break;
        }
        return sd_bus_reply_method_return(message, NULL);
}

static const sd_bus_vtable listener_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("IncomingCallReceived", "osa{sv}", "", event_called, 0),
        SD_BUS_METHOD("OutgoingCallAccepted", "osa{sv}", "", event_called, 0),
        SD_BUS_METHOD("OutgoingCallRejected", "osa{sv}", "", event_called, 0),
        SD_BUS_METHOD("IncomingCallCancelled", "osa{sv}", "", event_called, 0),
        SD_BUS_METHOD("CallEndedMessageReceived", "osa{sv}", "", event_called, 0),
        SD_BUS_VTABLE_END,
};

Listener *listener_new(Desktop *desktop, const char *id, int priority, ListenerManner manner)
{
        const char *address = environment_get(&desktop->environment, "DBUS_SESSION_BUS_ADDRESS");
        Listener *listener = rig_alloc(sizeof(*listener));
        sd_bus_error error = SD_BUS_ERROR_NULL;

        listener->desktop = desktop;
        listener->manner = manner;
        STR_SET(listener->id, id);
        rig_check(sd_bus_new(&listener->bus), "sd_bus_new");
        rig_check(sd_bus_set_address(listener->bus, address), address);
        rig_check(sd_bus_set_bus_client(listener->bus, true), "sd_bus_set_bus_client");
        rig_check(sd_bus_start(listener->bus), address);
        rig_check(sd_bus_attach_event(listener->bus, desktop->rig->event, 0), "sd-event");
        rig_check(sd_bus_add_object_vtable(listener->bus, NULL, LISTENER_PATH,
                                           "org.tring.Calls1.Listener", listener_vtable, listener),
                  "a listener's object");
        if (sd_bus_call_method(listener->bus, TRING_NAME, TRING_ROOT, TRING_MANAGER,
                               "AddCallListener", &error, NULL, "sa{sv}", id, 3, "path", "o",
                               LISTENER_PATH, "presents", "b", true, "priority", "i", priority) < 0)
                rig_fail("AddCallListener: %s", error.message);
        return listener;
}

Listener *listener_free(Listener *listener)
{
        if (!listener)
                return NULL;

        sd_bus_detach_event(listener->bus);
        sd_bus_close_unref(listener->bus);
        free(listener->events);
        free(listener);
        return NULL;
}

ListenerEvent listener_wait(Listener *listener, const char *name)
{
        usec_t deadline = rig_deadline();
        char what[160];

        snprintf(what, sizeof(what), "%s at the listener %s", name, listener->id);
        for (;;) {
                while (listener->taken < listener->n_events) {
                        const ListenerEvent *event = &listener->events[listener->taken++];

                        if (str_eq(event->name, name))
                                return *event;
                }
                rig_run_once(listener->desktop->rig, deadline, what);
        }
}

unsigned listener_count(const Listener *listener, const char *name)
{
        unsigned count = 0;

        for (size_t i = 0; i < listener->n_events; i++)
                count += str_eq(listener->events[i].name, name);
        return count;
}
