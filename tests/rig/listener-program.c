/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rig-listener ID PRIORITY: a call listener in its own process, so that it can be killed. Presents
 * the calls that it is asked to, and prints a line for each event: its name and the session id.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>

#define LISTENER_PATH "/listener"

static int event_called(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        const char *path, *session_id;
        int r = sd_bus_message_read(message, "os", &path, &session_id);

        if (r < 0)
                return r;
        printf("%s %s\n", sd_bus_message_get_member(message), session_id);
        return sd_bus_reply_method_return(message, NULL);
}

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("IncomingCallReceived", "osa{sv}", "", event_called, 0),
        SD_BUS_METHOD("OutgoingCallAccepted", "osa{sv}", "", event_called, 0),
        SD_BUS_METHOD("OutgoingCallRejected", "osa{sv}", "", event_called, 0),
        SD_BUS_METHOD("IncomingCallCancelled", "osa{sv}", "", event_called, 0),
        SD_BUS_METHOD("CallEndedMessageReceived", "osa{sv}", "", event_called, 0),
        SD_BUS_VTABLE_END,
};

static int listen_on(sd_bus *bus, const char *id, int priority)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        int r = sd_bus_add_object_vtable(bus, NULL, LISTENER_PATH, "org.tring.Calls1.Listener",
                                         vtable, NULL);

        if (r >= 0)
                r = sd_bus_call_method(bus, "org.tring.Calls1", "/org/tring/Calls1",
                                       "org.tring.Calls1.Manager", "AddCallListener", &error, NULL,
                                       "sa{sv}", id, 3, "path", "o", LISTENER_PATH, "presents", "b",
                                       true, "priority", "i", priority);
        if (r < 0)
                fprintf(stderr, "AddCallListener: %s\n", error.message ?: strerror(-r));
        sd_bus_error_free(&error);
        return r;
}

/* Runs until it or the bus is killed. */
static int serve(sd_bus *bus)
{
        int r = 0;

        while (r >= 0) {
                r = sd_bus_process(bus, NULL);
                if (r == 0)
                        r = sd_bus_wait(bus, UINT64_MAX);
        }
        return r;
}

int main(int argc, char *argv[])
{
        sd_bus *bus = NULL;

        if (argc != 3)
                return 2;
        (void)setvbuf(stdout, NULL, _IOLBF, 0);
        int r = sd_bus_open_user(&bus);
        if (r >= 0)
                r = listen_on(bus, argv[1], atoi(argv[2]));
        if (r >= 0) {
                puts("listens");
                r = serve(bus);
        }
        sd_bus_unref(bus);
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
