/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "tringd/bus-objects.h"
#include "tringd/details.h"
#include "tringd/errors.h"
#include "tringd/objects.h"
#include "tringd/state-store.h"

/*
 * All that is wrong, since the API has no other property for it: a problem with the daemon's files
 * lasts while the connection comes and goes.
 */
static int append_connection_error(sd_bus_message *reply, const Daemon *daemon)
{
        const char *sentences[] = {NULL, daemon->login_problem, daemon->calls_problem,
                                   daemon->problem, daemon->settings_problem};
        _cleanup_free_ char *whole = strdup("");

        phone_connection(daemon->phone, &sentences[0]);
        for (size_t i = 0; whole && i < ELEMENTSOF(sentences); i++) {
                if (str_empty(sentences[i]))
                        continue;
                char *longer = str_printf("%s%s%s", whole, *whole ? "; " : "", sentences[i]);

                free(whole);
                whole = longer;
        }
        return whole ? sd_bus_message_append(reply, "s", whole) : -ENOMEM;
}

static int append_user(sd_bus_message *reply, const Daemon *daemon)
{
        const char *hub = hub_uplink_hub(daemon->uplink);

        if (str_empty(hub))
                return sd_bus_message_append(reply, "a{sv}", 0);
        return sd_bus_message_append(reply, "a{sv}", 4, "uid", "s", daemon->user.uid, "name", "s",
                                     daemon->user.name, "device", "s", daemon->user.device, "hub",
                                     "s", hub);
}

static int append_active_call(sd_bus_message *reply, const Daemon *daemon)
{
        const PhoneCallInfo *call = phone_active_call(daemon->phone);
        char path[CALL_PATH_SIZE] = "/";

        if (call)
                call_path_from_id(path, call->stored.record.session_id);
        return sd_bus_message_append(reply, "o", path);
}

static int append_listeners(sd_bus_message *reply, const Phone *phone)
{
        const PhoneListener *listener;
        int r = sd_bus_message_open_container(reply, 'a', "s");

        for (size_t i = 0; r >= 0 && (listener = phone_listener_at(phone, i)); i++)
                r = sd_bus_message_append(reply, "s", listener->id);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static uint32_t unseen_missed(Daemon *daemon)
{
        (void)state_store_history(daemon);
        if (daemon->logs_changed)
                state_store_count_unseen(daemon);
        return daemon->unseen_missed;
}

DEFINE_VALUE_GETTER(version, Daemon, TRING_VERSION)
DEFINE_GETTER(features, Daemon,
              sd_bus_message_append(reply, "as", 16, "audio", "block", "devices", "groups",
                                    "history", "listeners", "metadata", "ring", "screen-sharing",
                                    "stats", "tie-ring-to-client", "tie-to-client", "tokens",
                                    "verification", "video", "who-may-ring"))
DEFINE_VALUE_GETTER(connection_state, Daemon,
                    phone_connection_to_string(phone_connection(object->phone, NULL)))
DEFINE_GETTER(connection_error, Daemon, append_connection_error(reply, object))
DEFINE_GETTER(logged_in_user, Daemon, append_user(reply, object))
DEFINE_GETTER(active_call, Daemon, append_active_call(reply, object))
DEFINE_VALUE_GETTER(when_busy, Daemon, when_busy_to_string(phone_when_busy(object->phone)))
DEFINE_VALUE_GETTER(do_not_disturb, Daemon, (int)phone_do_not_disturb(object->phone))
DEFINE_VALUE_GETTER(who_may_ring, Daemon, phone_who_may_ring(object->phone))
DEFINE_GETTER(blocked, Daemon, append_blocked(reply, object->phone))
DEFINE_GETTER(groups, Daemon, append_groups(reply, object->phone))
DEFINE_VALUE_GETTER(unseen_missed, Daemon, unseen_missed(object))
DEFINE_GETTER(listeners, Daemon, append_listeners(reply, object->phone))
DEFINE_VALUE_GETTER(ringing, Daemon, (int)phone_is_ringing(object->phone))

/* The device stores the value at once; the program does not wait for the hub. */
static int set_policy(Daemon *daemon, sd_bus_message *message, PhoneCommand *command)
{
        int r = STR_SET(command->client, message_client(message));

        if (r >= 0)
                r = phone_command(daemon->phone, DAEMON_NOW(daemon), command,
                                  pending_methods_ticket(daemon->pending_methods));
        daemon_pump(daemon);
        return r;
}

static int set_when_busy(sd_bus *bus, const char *path, const char *interface, const char *property,
                         sd_bus_message *value, void *userdata, sd_bus_error *error)
{
        PhoneCommand command = {.type = PHONE_COMMAND_WHEN_BUSY};
        const char *word;
        int r = sd_bus_message_read(value, "s", &word);

        if (r < 0)
                return r;
        if (when_busy_from_string(word, &command.when_busy) < 0)
                return error_invalid(error, "WhenBusy", word, "is neither 'reject' nor 'ring'");
        return set_policy(userdata, value, &command);
}

static int set_do_not_disturb(sd_bus *bus, const char *path, const char *interface,
                              const char *property, sd_bus_message *value, void *userdata,
                              sd_bus_error *error)
{
        PhoneCommand command = {.type = PHONE_COMMAND_DO_NOT_DISTURB};
        int on;
        int r = sd_bus_message_read(value, "b", &on);

        if (r < 0)
                return r;
        command.on = on;
        return set_policy(userdata, value, &command);
}

static int method_clear_active_call(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        return daemon_command(userdata, message,
                              &(PhoneCommand){.type = PHONE_COMMAND_CLEAR_ACTIVE},
                              METHOD_REPLY_EMPTY);
}

static int method_silence_all(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        return daemon_command(userdata, message, &(PhoneCommand){.type = PHONE_COMMAND_SILENCE_ALL},
                              METHOD_REPLY_EMPTY);
}

static int method_test_ring(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        return daemon_command(userdata, message, &(PhoneCommand){.type = PHONE_COMMAND_TEST_RING},
                              METHOD_REPLY_EMPTY);
}

const sd_bus_vtable manager_vtable[] = {MANAGER_VTABLE};
