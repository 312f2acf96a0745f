/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <utlist.h>

#include "base/log.h"
#include "tringd/adapters.h"
#include "tringd/bus-objects.h"
#include "tringd/details.h"
#include "tringd/errors.h"
#include "tringd/objects.h"
#include "tringd/options.h"
#include "tringd/state-store.h"

/* Longer than the phone's deadline of 1 s, which decides. */
#define LISTENER_REPLY_US (25 * USEC_PER_SEC)

static int read_listener(sd_bus_message *message, PhoneListener *ret, sd_bus_error *error)
{
        PhoneListener listener = {};
        int64_t priority = 0;
        const char *id;
        Option known[] = {
                {"path", OPTION_PATH, listener.path, sizeof(listener.path)},
                {"presents", OPTION_BOOL, &listener.presents},
                {"priority", OPTION_NUMBER, &priority},
        };
        int r = sd_bus_message_read(message, "s", &id);

        if (r < 0)
                return r;
        if (str_empty(id) || !text_is_valid(id, LISTENER_ID_MAX))
                return error_invalid(error, "listener_id", id,
                                     "is not 1 to 128 bytes of text without control characters");
        r = options_read(message, "option", known, ELEMENTSOF(known), error);
        if (r < 0)
                return r;
        if (listener.presents && !known[0].given)
                return error_set(error, CALL_ERROR_INVALID_ARGUMENT,
                                 "option 'presents' needs a 'path' to be called at");
        if (priority < INT32_MIN || priority > INT32_MAX)
                return error_set(error, CALL_ERROR_INVALID_ARGUMENT,
                                 "option 'priority' is too large");
        listener.priority = (int32_t)priority;
        (void)STR_SET(listener.id, id);
        r = STR_SET(listener.client, message_client(message));
        if (r < 0)
                return r;
        *ret = listener;
        return 0;
}

static int reply_calls(Daemon *daemon, sd_bus_message *message)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        const PhoneCallInfo *call;
        char path[CALL_PATH_SIZE];
        int r = sd_bus_message_new_method_return(message, &reply);

        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "o");
        for (size_t i = 0; r >= 0 && (call = phone_call_at(daemon->phone, i)); i++)
                if (!call_status_is_terminal(call->stored.record.status))
                        r = sd_bus_message_append(
                                reply, "o",
                                call_path_from_id(path, call->stored.record.session_id));
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

int method_add_call_listener(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        Daemon *daemon = userdata;
        const char *text = "";
        PhoneListener listener;
        int r = read_listener(message, &listener, error);

        if (r < 0)
                return r;
        r = bus_clients_watch(daemon->bus_clients, listener.client);
        if (r < 0)
                return r;
        r = phone_listener_add(daemon->phone, DAEMON_NOW(daemon), &listener, false, &text);
        if (r > 0)
                r = error_set(error, (CallError)r, "%s", text);
        /* Reply with the current calls before daemon_pump() sends events to the new listener. */
        if (r == 0) {
                daemon->listeners_changed = true; /* also if it replaced one */
                /* Store before the reply: a registered listener survives if tringd is killed. */
                state_store_save(daemon);
                r = reply_calls(daemon, message);
        }
        daemon_pump(daemon);
        return r < 0 ? r : 1;
}

int method_remove_call_listener(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        Daemon *daemon = userdata;
        char shown[LISTENER_ID_MAX + 1];
        const char *id;
        int r = sd_bus_message_read(message, "s", &id);

        if (r < 0)
                return r;
        r = phone_listener_remove(daemon->phone, DAEMON_NOW(daemon), message_client(message), id);
        daemon_pump(daemon);
        if (r > 0)
                return error_set(error, CALL_ERROR_NO_SUCH_LISTENER,
                                 "listener_id '%s' does not belong to this connection",
                                 str_printable(shown, sizeof(shown), id));
        return r < 0 ? r : sd_bus_reply_method_return(message, NULL);
}

/* A pending call to a listener; owned by its slot. */
typedef struct PendingCall {
        Daemon *daemon;
        uint64_t serial;
} PendingCall;

static int on_answer(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        const PendingCall *pending = userdata;
        Daemon *daemon = pending->daemon;
        bool taken = !sd_bus_message_is_method_error(reply, NULL);

        daemon_event_given(
                daemon,
                phone_listener_answered(daemon->phone, DAEMON_NOW(daemon), pending->serial, taken),
                "a listener's answer");
        return 0;
}

static int call_listener(Daemon *daemon, const PhoneAction *action, const PhoneCallInfo *call)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
        const PhoneListener *listener = &action->listener;
        bool is_incoming = action->event == PHONE_EVENT_INCOMING_CALL_RECEIVED;
        const DetailsMarks marks = {
                .present = is_incoming ? &action->present : NULL,
                .resumed = action->resumed,
        };
        sd_bus_slot *slot = NULL;
        char path[CALL_PATH_SIZE];
        bool named = sd_bus_is_bus_client(daemon->bus) > 0;
        int r = sd_bus_message_new_method_call(
                daemon->bus, &message, named ? listener->client : NULL, listener->path,
                TRING_LISTENER, phone_event_to_string(action->event));

        if (r >= 0)
                r = sd_bus_message_set_auto_start(message, false);
        if (r >= 0)
                r = sd_bus_message_append(message, "os",
                                          call_path_from_id(path, action->session_id),
                                          action->session_id);
        if (r >= 0)
                r = details_append_call(message, call, clock_boottime(), &marks);
        if (r < 0)
                return r;

        _cleanup_free_ PendingCall *pending = malloc(sizeof(*pending));
        if (!pending)
                return -ENOMEM;
        *pending = (PendingCall){.daemon = daemon, .serial = action->serial};
        r = sd_bus_call_async(daemon->bus, &slot, message, on_answer, pending, LISTENER_REPLY_US);
        if (r < 0)
                return r;
        (void)sd_bus_slot_set_destroy_callback(slot, free);
        (void)sd_bus_slot_set_floating(slot, true);
        sd_bus_slot_unref(slot);
        TAKE_PTR(pending);
        return 0;
}

void listener_call(Daemon *daemon, const PhoneAction *action)
{
        const PhoneCallInfo *call = phone_call_find(daemon->phone, action->session_id);

        if (!call)
                return;
        changes_flush(daemon->changes);
        int r = call_listener(daemon, action, call);
        if (r >= 0)
                return;
        log_fields(LOG_WARNING, "cannot call a listener", "LISTENER=%s", action->listener.id,
                   "WHY=%s", strerror(-r), NULL);
        (void)phone_listener_answered(daemon->phone, DAEMON_NOW(daemon), action->serial, false);
}

static void on_client_gone(void *userdata, const char *client)
{
        Daemon *daemon = userdata;
        PhoneListener listener;

        while (listener_store_take(daemon->listener_store, client, &listener))
                daemon->listeners_changed = true;
        device_readers_gone(daemon->device_readers, client);
        daemon_event_given(daemon, phone_client_gone(daemon->phone, DAEMON_NOW(daemon), client),
                           "the end of a connection");
}

/* Restores the listeners of a connection that outlived the last tringd. */
static void on_client_exists(void *userdata, const char *client)
{
        Daemon *daemon = userdata;
        PhoneListener listener;
        const char *text = "";

        while (listener_store_take(daemon->listener_store, client, &listener)) {
                int r = phone_listener_add(daemon->phone, DAEMON_NOW(daemon), &listener, true,
                                           &text);

                if (r != 0)
                        log_fields(LOG_WARNING, "cannot restore a call listener", "LISTENER=%s",
                                   listener.id, "WHY=%s", r > 0 ? text : strerror(-r), NULL);
                daemon_pump(daemon);
        }
}

const BusClientsEvents bus_clients_events = {.gone = on_client_gone, .exists = on_client_exists};
