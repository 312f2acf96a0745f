/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <systemd/sd-event.h>

#include "base/clock.h"
#include "base/str.h"
#include "bus.h"
#include "print.h"

/*
 * The state of `tringctl listen`. It never starts the daemon: it calls methods without auto-start,
 * reports when the daemon is not running, and registers again when it appears.
 */
typedef struct EventPrinter {
        sd_bus *bus;
        sd_event *event;
        const Arguments *arguments;
        char id[32]; /* of the registered listener */
} EventPrinter;

/* Ends the program if nobody can read what it prints; main() says what is wrong. */
static int unread(const EventPrinter *printer)
{
        return sd_event_exit(printer->event, EXIT_FAILED);
}

static int print_line(const EventPrinter *printer, const char *sentence)
{
        char time[PRINT_TIME_MAX];

        printf("%s  %s\n", print_time(time, (double)clock_realtime()), sentence);
        return fflush(stdout) == 0 ? 0 : unread(printer);
}

/* Reports that the daemon came or went; `event` is for JSON, `sentence` for people. */
static int print_daemon(const EventPrinter *printer, const char *event, const char *sentence)
{
        _cleanup_json_ cJSON *object = NULL;

        if (!printer->arguments->json)
                return print_line(printer, sentence);
        object = cJSON_CreateObject();
        if (!object || !cJSON_AddStringToObject(object, "event", event))
                return -ENOMEM;
        return print_json(object) == EXIT_DONE ? 0 : unread(printer);
}

static int print_event(const EventPrinter *printer, const char *event, const char *path,
                       cJSON *call)
{
        char outcome[PRINT_SENTENCE_MAX], line[PRINT_SENTENCE_MAX + 128];

        if (printer->arguments->json) {
                if (!cJSON_AddStringToObject(call, "event", event) ||
                    !cJSON_AddStringToObject(call, "path", path))
                        return -ENOMEM;
                return print_json(call) == EXIT_DONE ? 0 : unread(printer);
        }
        snprintf(line, sizeof(line), "%.*s  %s%s", SHORT_ID_LENGTH, json_string(call, "session_id"),
                 print_outcome(outcome, call),
                 str_eq(event, METHOD_INCOMING_CALL_RECEIVED) &&
                                 str_eq(json_string(call, "call_type"), "video")
                         ? " with video"
                         : "");
        return print_line(printer, line);
}

static int on_event(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
        const char *path, *session_id;
        _cleanup_json_ cJSON *details = NULL;

        if (!sd_bus_message_has_signature(message, "osa{sv}"))
                return 0;
        int r = sd_bus_message_read(message, "os", &path, &session_id);
        if (r >= 0)
                r = json_from_message(message, &details);
        return r < 0 ? r : print_event(userdata, sd_bus_message_get_member(message), path, details);
}

static int on_live_call(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
        _cleanup_json_ cJSON *properties = NULL, *call = cJSON_CreateObject();

        if (sd_bus_message_is_method_error(message, NULL)) /* the call is over already */
                return 0;
        int r = call ? json_from_message(message, &properties) : -ENOMEM;
        if (r == 0)
                r = json_merge_properties(call, properties);
        return r < 0 ? r : print_event(userdata, "Present", sd_bus_message_get_path(message), call);
}

static int new_method(EventPrinter *printer, const char *path, const char *interface,
                      const char *member, sd_bus_message **ret)
{
        int r = bus_method(printer->bus, path, interface, member, ret);

        return r < 0 ? r : sd_bus_message_set_auto_start(*ret, false);
}

/* Asks for the state of a call that existed before the listener was registered. */
static int ask_about(EventPrinter *printer, const char *path)
{
        _cleanup_message_ sd_bus_message *message = NULL;
        int r = new_method(printer, path, PROPERTIES, "GetAll", &message);

        if (r >= 0)
                r = sd_bus_message_append(message, "s", TRING_CALL);
        return r < 0 ? r : sd_bus_call_async(printer->bus, NULL, message, on_live_call, printer, 0);
}

static int on_registered(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
        EventPrinter *printer = userdata;
        const char *path;
        int r;

        if (sd_bus_message_is_method_error(message, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
            sd_bus_message_is_method_error(message, SD_BUS_ERROR_NAME_HAS_NO_OWNER))
                return print_daemon(printer, "DaemonGone", "tringd is not running");
        if (sd_bus_message_is_method_error(message, NULL)) {
                bus_fail(sd_bus_message_get_error(message));
                return sd_event_exit(printer->event, EXIT_FAILED);
        }
        r = print_daemon(printer, "Listening", "listening");
        if (r < 0)
                return r;
        r = sd_bus_message_enter_container(message, SD_BUS_TYPE_ARRAY, "o");
        while (r >= 0 &&
               (r = sd_bus_message_read_basic(message, SD_BUS_TYPE_OBJECT_PATH, &path)) > 0)
                r = ask_about(printer, path);
        return r;
}

static int register_listener(EventPrinter *printer)
{
        _cleanup_message_ sd_bus_message *message = NULL;
        int r = new_method(printer, TRING_PATH, TRING_MANAGER, METHOD_ADD_CALL_LISTENER, &message);

        if (r >= 0)
                r = sd_bus_message_append(message, "sa{sv}", printer->id, 0);
        return r < 0 ? r
                     : sd_bus_call_async(printer->bus, NULL, message, on_registered, printer, 0);
}

static int on_owner(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
        EventPrinter *printer = userdata;
        const char *name, *old_owner, *new_owner;
        int r = sd_bus_message_read(message, "sss", &name, &old_owner, &new_owner);

        if (r < 0)
                return r;
        if (str_empty(new_owner))
                return print_daemon(printer, "DaemonGone", "tringd has stopped");
        return register_listener(printer);
}

static int on_disconnected(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
        EventPrinter *printer = userdata;

        return sd_event_exit(printer->event, fail(EXIT_FAILED, "lost the session bus"));
}

/* The Manager's event signals have the names of the Listener's methods. */
#define EVENT(name, signature) name

static int watch(EventPrinter *printer)
{
        static const char *const events[] = {LISTENER_METHODS(EVENT)};
        int r;

        for (size_t i = 0; i < ELEMENTSOF(events); i++) {
                r = sd_bus_match_signal(printer->bus, NULL, TRING_NAME, TRING_PATH, TRING_MANAGER,
                                        events[i], on_event, printer);
                if (r < 0)
                        return r;
        }
        r = sd_bus_match_signal(printer->bus, NULL, NULL, "/org/freedesktop/DBus/Local",
                                "org.freedesktop.DBus.Local", "Disconnected", on_disconnected,
                                printer);
        if (r < 0)
                return r;
        return bus_watch_daemon(printer->bus, on_owner, printer);
}

int verb_listen(sd_bus *bus, const Arguments *arguments)
{
        EventPrinter printer = {.bus = bus, .arguments = arguments};
        int r = sd_event_new(&printer.event);

        snprintf(printer.id, sizeof(printer.id), "tringctl-%d", getpid());
        if (r >= 0)
                r = sd_bus_attach_event(bus, printer.event, SD_EVENT_PRIORITY_NORMAL);
        if (r >= 0)
                r = watch(&printer);
        if (r >= 0)
                r = register_listener(&printer);
        if (r >= 0)
                r = sd_event_loop(printer.event);
        sd_bus_detach_event(bus);
        sd_event_unref(printer.event);
        return r < 0 ? fail_errno(r, "listen") : r;
}
