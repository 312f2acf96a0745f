/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <signal.h>
#include <systemd/sd-event.h>

#include "base/clock.h"
#include "base/str.h"
#include "call-list.h"
#include "print.h"

/* A call placed by `tringctl call`, from the request until it is answered or over. */
typedef struct OutgoingCall {
        sd_bus *bus;
        sd_event *event;
        const Arguments *arguments;
        cJSON *call; /* current state; has `path` once the daemon has created the call */
        usec_t began, ringing_since; /* boottime; `ringing_since` 0: no device rings yet */
        sd_event_source *tick;
        bool tty;
        bool tied;   /* the ring ends if this process dies, by whatever signal */
        bool cancel; /* the user pressed Ctrl-C */
} OutgoingCall;

static int finish(OutgoingCall *outgoing, int code)
{
        if (outgoing->tty)
                fputs("\r\033[K", stdout);
        return sd_event_exit(outgoing->event, code);
}

static const char *receiver_of(const OutgoingCall *outgoing, char buffer[static PRINT_PERSON_MAX])
{
        return outgoing->call
                       ? print_peer(buffer, outgoing->call)
                       : str_printable(buffer, PRINT_PERSON_MAX, outgoing->arguments->words[0]);
}

/*
 * Prints one line that is updated in place on a terminal, else one line per change. Returns false
 * if it could not be written, which main() reports.
 */
static bool print_progress(OutgoingCall *outgoing)
{
        usec_t since = outgoing->ringing_since ? outgoing->ringing_since : outgoing->began;
        unsigned seconds = (unsigned)((clock_boottime() - since) / USEC_PER_SEC);
        char person[PRINT_PERSON_MAX];

        if (outgoing->arguments->json)
                return true;
        receiver_of(outgoing, person);
        if (outgoing->tty) {
                printf(outgoing->ringing_since ? "\r\033[K%s: ringing for %u s …"
                                               : "\r\033[K%s: calling for %u s …",
                       person, seconds);
        } else {
                printf(outgoing->ringing_since ? "%s: ringing …\n" : "%s: calling …\n", person);
        }
        return fflush(stdout) == 0;
}

static int on_tick(sd_event_source *source, uint64_t usec, void *userdata)
{
        OutgoingCall *outgoing = userdata;
        int r = sd_event_source_set_time_relative(source, USEC_PER_SEC);

        if (r < 0)
                return r;
        if (!print_progress(outgoing))
                return finish(outgoing, EXIT_FAILED);
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

static int conclude(OutgoingCall *outgoing)
{
        const char *status = json_string(outgoing->call, "status");
        char sentence[PRINT_SENTENCE_MAX];
        /* If the cancel came too late, the daemon ends the call that was just answered. */
        int code = outgoing->cancel ? EXIT_CANCELLED : exit_code_of(status);

        finish(outgoing, code);
        if (outgoing->arguments->json)
                return print_json(outgoing->call);
        puts(print_outcome(sentence, outgoing->call));
        return 0;
}

/* Called whenever the state of the call has changed. */
static int on_change(OutgoingCall *outgoing)
{
        const char *status = json_string(outgoing->call, "status");

        /* A change arrived before the reply to GetAll, which will contain it too. */
        if (str_empty(json_string(outgoing->call, "direction")))
                return 0;
        if (outgoing->cancel && str_eq(status, "ongoing"))
                return 0;
        if (!str_eq(status, "initiated"))
                return conclude(outgoing);
        if (json_number(outgoing->call, "ringing_since") > 0 && outgoing->ringing_since == 0) {
                outgoing->ringing_since = clock_boottime();
                if (!print_progress(outgoing))
                        return finish(outgoing, EXIT_FAILED);
        }
        return 0;
}

static int on_cancelled(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
        OutgoingCall *outgoing = userdata;
        const sd_bus_error *error = sd_bus_message_get_error(message);

        if (!error || !outgoing->call) /* a status change follows with the outcome */
                return 0;
        return finish(outgoing, bus_fail(error));
}

static int send_cancel(OutgoingCall *outgoing)
{
        return sd_bus_call_method_async(outgoing->bus, NULL, TRING_NAME,
                                        json_string(outgoing->call, "path"), TRING_CALL,
                                        METHOD_CANCEL, on_cancelled, outgoing, NULL);
}

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
        OutgoingCall *outgoing = userdata;

        if (outgoing->cancel) /* second Ctrl-C: do not wait for the daemon */
                return finish(outgoing, EXIT_CANCELLED);
        outgoing->cancel = true;
        return outgoing->call ? send_cancel(outgoing) : 0;
}

static int take_properties(OutgoingCall *outgoing, sd_bus_message *message)
{
        _cleanup_json_ cJSON *properties = NULL;
        int r = json_from_message(message, &properties);

        if (r == 0)
                r = json_merge_properties(outgoing->call, properties);
        return r < 0 ? r : on_change(outgoing);
}

static int on_properties(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
        OutgoingCall *outgoing = userdata;
        const char *interface;

        if (!outgoing->call ||
            !str_eq(sd_bus_message_get_path(message), json_string(outgoing->call, "path")))
                return 0;
        int r = sd_bus_message_read_basic(message, SD_BUS_TYPE_STRING, &interface);
        return r < 0 || !str_eq(interface, TRING_CALL) ? r : take_properties(outgoing, message);
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
        OutgoingCall *outgoing = userdata;
        const sd_bus_error *error = sd_bus_message_get_error(message);

        return error ? finish(outgoing, bus_fail(error)) : take_properties(outgoing, message);
}

static int on_initiated(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
        OutgoingCall *outgoing = userdata;
        const sd_bus_error *error = sd_bus_message_get_error(message);
        const char *path, *session_id;

        if (error)
                return finish(outgoing, bus_fail(error));
        int r = sd_bus_message_read(message, "os", &path, &session_id);
        if (r < 0)
                return r;
        outgoing->call = cJSON_CreateObject();
        if (!outgoing->call || !cJSON_AddStringToObject(outgoing->call, "path", path) ||
            !cJSON_AddStringToObject(outgoing->call, "session_id", session_id))
                return -ENOMEM;
        if (outgoing->cancel) {
                r = send_cancel(outgoing);
                if (r < 0)
                        return r;
        }
        /* Signals report changes from here on; read once what changed before. */
        return sd_bus_call_method_async(outgoing->bus, NULL, TRING_NAME, path, PROPERTIES, "GetAll",
                                        on_fetched, outgoing, "s", TRING_CALL);
}

static int send_initiate(OutgoingCall *outgoing)
{
        const Arguments *arguments = outgoing->arguments;
        _cleanup_message_ sd_bus_message *message = NULL;
        int r = bus_method(outgoing->bus, TRING_PATH, TRING_MANAGER, METHOD_INITIATE_CALL,
                           &message);

        if (r >= 0)
                r = sd_bus_message_append(message, "sss", arguments->words[0],
                                          arguments->options & WITH_GROUP ? "group" : "user",
                                          arguments->options & WITH_VIDEO ? "video" : "audio");
        if (r >= 0)
                r = sd_bus_message_open_container(message, SD_BUS_TYPE_ARRAY, "{sv}");
        if (r >= 0 && arguments->timeout > 0)
                r = sd_bus_message_append(message, "{sv}", "timeout", "i", arguments->timeout);
        if (r >= 0 && outgoing->tied)
                r = sd_bus_message_append(message, "{sv}", "tie_ring_to_client", "b", true);
        if (r >= 0)
                r = sd_bus_message_close_container(message);
        return r < 0 ? r
                     : sd_bus_call_async(outgoing->bus, NULL, message, on_initiated, outgoing, 0);
}

static int watch_daemon(OutgoingCall *outgoing)
{
        int r = sd_bus_add_match(outgoing->bus, NULL,
                                 "type='signal',sender='" TRING_NAME "',interface='" PROPERTIES "',"
                                 "member='PropertiesChanged',path_namespace='" TRING_CALLS_PATH "'",
                                 on_properties, outgoing);

        return r < 0 ? r : bus_watch_daemon(outgoing->bus, on_owner, outgoing);
}

static int watch_signals(OutgoingCall *outgoing)
{
        static const int signals[] = {SIGINT, SIGTERM, SIGHUP};

        for (size_t i = 0; i < ELEMENTSOF(signals); i++) {
                int r = sd_event_add_signal(outgoing->event, NULL,
                                            signals[i] | SD_EVENT_SIGNAL_PROCMASK, on_signal,
                                            outgoing);

                if (r < 0)
                        return r;
        }
        return 0;
}

static int run(OutgoingCall *outgoing)
{
        if (!print_progress(outgoing))
                return EXIT_FAILED;

        int r = sd_bus_attach_event(outgoing->bus, outgoing->event, SD_EVENT_PRIORITY_NORMAL);

        if (r >= 0)
                r = watch_signals(outgoing);
        if (r >= 0)
                r = watch_daemon(outgoing);
        if (r >= 0)
                r = send_initiate(outgoing);
        if (r >= 0 && outgoing->tty)
                r = sd_event_add_time_relative(outgoing->event, &outgoing->tick, CLOCK_MONOTONIC,
                                               USEC_PER_SEC, 0, on_tick, outgoing);
        return r < 0 ? r : sd_event_loop(outgoing->event);
}

int verb_call(sd_bus *bus, const Arguments *arguments)
{
        OutgoingCall outgoing = {.bus = bus,
                                 .arguments = arguments,
                                 .began = clock_boottime(),
                                 .tty = !arguments->json && isatty(STDOUT_FILENO)};
        /* A daemon of an earlier version refuses options that it does not know. */
        int code = bus_has_feature(bus, "tie-ring-to-client", &outgoing.tied);

        if (code != EXIT_DONE)
                return code;
        int r = sd_event_new(&outgoing.event);
        if (r >= 0)
                r = run(&outgoing);
        sd_event_source_disable_unref(outgoing.tick);
        sd_bus_detach_event(bus);
        sd_event_unref(outgoing.event);
        cJSON_Delete(outgoing.call);
        return r < 0 ? fail_errno(r, "place the call") : r;
}
