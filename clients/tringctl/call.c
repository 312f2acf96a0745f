/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <signal.h>
#include <systemd/sd-event.h>

#include "base/clock.h"
#include "base/str.h"
#include "call-list.h"
#include "print.h"

/* A call being placed, from the request until it is answered or over. */
typedef struct Placing {
        sd_bus *bus;
        sd_event *event;
        const Arguments *arguments;
        cJSON *call; /* as it is known now; has `path` once the daemon has made it */
        usec_t began, ringing_since; /* boottime; 0: nobody has been alerted yet */
        sd_event_source *tick;
        bool tty;
        bool cancel; /* the user has asked for it */
} Placing;

static int finish(Placing *placing, int code)
{
        if (placing->tty)
                fputs("\r\033[K", stdout);
        return sd_event_exit(placing->event, code);
}

static const char *receiver_of(const Placing *placing, char buffer[static PRINT_PERSON_MAX])
{
        return placing->call
                       ? print_peer(buffer, placing->call)
                       : str_printable(buffer, PRINT_PERSON_MAX, placing->arguments->words[0]);
}

/* On a terminal one line that is kept up to date, elsewhere a line for each change. */
static void say_progress(Placing *placing)
{
        usec_t since = placing->ringing_since ? placing->ringing_since : placing->began;
        unsigned seconds = (unsigned)((clock_boottime() - since) / USEC_PER_SEC);
        char person[PRINT_PERSON_MAX];

        if (placing->arguments->json)
                return;
        receiver_of(placing, person);
        if (placing->tty) {
                printf(placing->ringing_since ? "\r\033[K%s: ringing for %u s …"
                                              : "\r\033[K%s: calling for %u s …",
                       person, seconds);
        } else {
                printf(placing->ringing_since ? "%s: ringing …\n" : "%s: calling …\n", person);
        }
        fflush(stdout);
}

static int on_tick(sd_event_source *source, uint64_t usec, void *userdata)
{
        Placing *placing = userdata;
        int r = sd_event_source_set_time_relative(source, USEC_PER_SEC);

        if (r < 0)
                return r;
        say_progress(placing);
        return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int exit_code_of(const char *status)
{
        static const struct {
                const char *status;
                ExitCode code;
        } codes[] = {
                {"ongoing", EXIT_DONE},        {"ended", EXIT_DONE},
                {"rejected", EXIT_REJECTED},   {"busy", EXIT_BUSY},
                {"missed", EXIT_UNANSWERED},   {"unanswered", EXIT_UNANSWERED},
                {"cancelled", EXIT_CANCELLED},
        };

        for (size_t i = 0; i < ELEMENTSOF(codes); i++)
                if (str_eq(status, codes[i].status))
                        return codes[i].code;
        return EXIT_FAILED;
}

static int say_outcome(Placing *placing)
{
        const char *status = json_string(placing->call, "status");
        char sentence[PRINT_SENTENCE_MAX];
        /* Cancelled too late: the daemon ends what was answered in that moment. */
        int code = placing->cancel ? EXIT_CANCELLED : exit_code_of(status);

        finish(placing, code);
        if (placing->arguments->json)
                return print_json(placing->call);
        puts(print_outcome(sentence, placing->call));
        return 0;
}

/* Something about the call is new. */
static int look(Placing *placing)
{
        const char *status = json_string(placing->call, "status");

        /* A change came before what was asked for: it is in there too. */
        if (str_empty(json_string(placing->call, "direction")))
                return 0;
        if (placing->cancel && str_eq(status, "ongoing"))
                return 0;
        if (!str_eq(status, "initiated"))
                return say_outcome(placing);
        if (json_number(placing->call, "ringing_since") > 0 && placing->ringing_since == 0) {
                placing->ringing_since = clock_boottime();
                say_progress(placing);
        }
        return 0;
}

static int on_cancelled(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
        Placing *placing = userdata;
        const sd_bus_error *error = sd_bus_message_get_error(message);

        if (!error || !placing->call) /* the status that follows says how it ended */
                return 0;
        return finish(placing, bus_fail(error));
}

static int send_cancel(Placing *placing)
{
        return sd_bus_call_method_async(placing->bus, NULL, TRING_NAME,
                                        json_string(placing->call, "path"), TRING_CALL, "Cancel",
                                        on_cancelled, placing, NULL);
}

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
        Placing *placing = userdata;

        if (placing->cancel) /* asked twice: do not wait for the daemon */
                return finish(placing, EXIT_CANCELLED);
        placing->cancel = true;
        return placing->call ? send_cancel(placing) : 0;
}

static int on_properties(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
        Placing *placing = userdata;
        _cleanup_json_ cJSON *changed = NULL;
        const char *interface;

        if (!placing->call ||
            !str_eq(sd_bus_message_get_path(message), json_string(placing->call, "path")))
                return 0;
        int r = sd_bus_message_read_basic(message, SD_BUS_TYPE_STRING, &interface);
        if (r < 0 || !str_eq(interface, TRING_CALL))
                return r;
        r = json_from_message(message, &changed);
        if (r == 0)
                r = json_merge_properties(placing->call, changed);
        return r < 0 ? r : look(placing);
}

static int on_owner(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
        const char *name, *old_owner, *new_owner;
        int r = sd_bus_message_read(message, "sss", &name, &old_owner, &new_owner);

        if (r < 0 || str_empty(old_owner))
                return r;
        return finish(userdata, fail(EXIT_FAILED, "tringd went away during the call"));
}

static int on_fetched(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
        Placing *placing = userdata;
        const sd_bus_error *error = sd_bus_message_get_error(message);
        _cleanup_json_ cJSON *properties = NULL;

        if (error)
                return finish(placing, bus_fail(error));
        int r = json_from_message(message, &properties);
        if (r == 0)
                r = json_merge_properties(placing->call, properties);
        return r < 0 ? r : look(placing);
}

static int on_initiated(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
        Placing *placing = userdata;
        const sd_bus_error *error = sd_bus_message_get_error(message);
        const char *path, *session_id;

        if (error)
                return finish(placing, bus_fail(error));
        int r = sd_bus_message_read(message, "os", &path, &session_id);
        if (r < 0)
                return r;
        placing->call = cJSON_CreateObject();
        if (!placing->call || !cJSON_AddStringToObject(placing->call, "path", path) ||
            !cJSON_AddStringToObject(placing->call, "session_id", session_id))
                return -ENOMEM;
        if (placing->cancel) {
                r = send_cancel(placing);
                if (r < 0)
                        return r;
        }
        /* From here on changes are followed; what came before them is read once. */
        return sd_bus_call_method_async(placing->bus, NULL, TRING_NAME, path,
                                        "org.freedesktop.DBus.Properties", "GetAll", on_fetched,
                                        placing, "s", TRING_CALL);
}

static int send_initiate(Placing *placing)
{
        const Arguments *arguments = placing->arguments;
        _cleanup_message_ sd_bus_message *message = NULL;
        int r = bus_method(placing->bus, TRING_PATH, TRING_MANAGER, "InitiateCall", &message);

        if (r >= 0)
                r = sd_bus_message_append(message, "sss", arguments->words[0],
                                          arguments->group ? "group" : "user",
                                          arguments->video ? "video" : "audio");
        if (r >= 0)
                r = arguments->timeout > 0 ? sd_bus_message_append(message, "a{sv}", 1, "timeout",
                                                                   "i", arguments->timeout)
                                           : sd_bus_message_append(message, "a{sv}", 0);
        return r < 0 ? r : sd_bus_call_async(placing->bus, NULL, message, on_initiated, placing, 0);
}

static int watch_daemon(Placing *placing)
{
        int r = sd_bus_add_match(placing->bus, NULL,
                                 "type='signal',sender='" TRING_NAME
                                 "',interface='org.freedesktop.DBus.Properties',"
                                 "member='PropertiesChanged',path_namespace='" TRING_CALLS_PATH "'",
                                 on_properties, placing);

        if (r < 0)
                return r;
        return sd_bus_add_match(placing->bus, NULL,
                                "type='signal',sender='org.freedesktop.DBus',"
                                "member='NameOwnerChanged',arg0='" TRING_NAME "'",
                                on_owner, placing);
}

static int watch_signals(Placing *placing)
{
        static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
        sigset_t set;

        sigemptyset(&set);
        for (size_t i = 0; i < ELEMENTSOF(signals); i++)
                sigaddset(&set, signals[i]);
        if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
                return -errno;
        for (size_t i = 0; i < ELEMENTSOF(signals); i++) {
                int r = sd_event_add_signal(placing->event, NULL, signals[i], on_signal, placing);

                if (r < 0)
                        return r;
        }
        return 0;
}

static int place(Placing *placing)
{
        int r = sd_bus_attach_event(placing->bus, placing->event, SD_EVENT_PRIORITY_NORMAL);

        if (r >= 0)
                r = watch_signals(placing);
        if (r >= 0)
                r = watch_daemon(placing);
        if (r >= 0)
                r = send_initiate(placing);
        if (r >= 0 && placing->tty)
                r = sd_event_add_time_relative(placing->event, &placing->tick, CLOCK_MONOTONIC,
                                               USEC_PER_SEC, 0, on_tick, placing);
        if (r < 0)
                return r;
        say_progress(placing);
        return sd_event_loop(placing->event);
}

int verb_call(sd_bus *bus, const Arguments *arguments)
{
        Placing placing = {.bus = bus,
                           .arguments = arguments,
                           .began = clock_boottime(),
                           .tty = !arguments->json && isatty(STDOUT_FILENO)};
        int r = sd_event_new(&placing.event);

        if (r >= 0)
                r = place(&placing);
        sd_event_source_disable_unref(placing.tick);
        sd_bus_detach_event(bus);
        sd_event_unref(placing.event);
        cJSON_Delete(placing.call);
        return r < 0 ? fail_errno(r, "placing the call") : r;
}
