/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "tringd/bus-objects.h"
#include "tringd/details.h"
#include "tringd/errors.h"
#include "tringd/objects.h"
#include "tringd/state-store.h"

static int get_version(sd_bus *bus, const char *path, const char *interface, const char *property,
                       sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        return sd_bus_message_append(reply, "s", TRING_VERSION);
}

static int get_features(sd_bus *bus, const char *path, const char *interface, const char *property,
                        sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        return sd_bus_message_append(reply, "as", 14, "audio", "block", "devices", "groups",
                                     "history", "listeners", "metadata", "ring", "screen-sharing",
                                     "stats", "tie-to-client", "tokens", "verification", "video");
}

static int get_connection_state(sd_bus *bus, const char *path, const char *interface,
                                const char *property, sd_bus_message *reply, void *userdata,
                                sd_bus_error *error)
{
        Daemon *daemon = userdata;
        const char *text;

        return sd_bus_message_append(
                reply, "s", phone_connection_to_string(phone_connection(daemon->phone, &text)));
}

/* A problem with the daemon's files has no other place where a program would look. */
static int get_connection_error(sd_bus *bus, const char *path, const char *interface,
                                const char *property, sd_bus_message *reply, void *userdata,
                                sd_bus_error *error)
{
        Daemon *daemon = userdata;
        const char *text = NULL;

        phone_connection(daemon->phone, &text);
        if (str_empty(text))
                text = daemon->login_problem   ? daemon->login_problem
                       : daemon->calls_problem ? daemon->calls_problem
                                               : daemon->problem;
        return sd_bus_message_append(reply, "s", text ? text : "");
}

static int get_logged_in_user(sd_bus *bus, const char *path, const char *interface,
                              const char *property, sd_bus_message *reply, void *userdata,
                              sd_bus_error *error)
{
        Daemon *daemon = userdata;
        const char *hub = hub_uplink_hub(daemon->uplink);

        if (str_empty(hub))
                return sd_bus_message_append(reply, "a{sv}", 0);
        return sd_bus_message_append(reply, "a{sv}", 4, "uid", "s", daemon->user.uid, "name", "s",
                                     daemon->user.name, "device", "s", daemon->user.device, "hub",
                                     "s", hub);
}

static int get_active_call(sd_bus *bus, const char *path, const char *interface,
                           const char *property, sd_bus_message *reply, void *userdata,
                           sd_bus_error *error)
{
        Daemon *daemon = userdata;
        const PhoneCallInfo *call = phone_active_call(daemon->phone);
        char call_path[CALL_PATH_SIZE] = "/";

        if (call)
                call_path_from_id(call_path, call->stored.record.session_id);
        return sd_bus_message_append(reply, "o", call_path);
}

static int get_when_busy(sd_bus *bus, const char *path, const char *interface, const char *property,
                         sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        Daemon *daemon = userdata;

        return sd_bus_message_append(reply, "s",
                                     when_busy_to_string(phone_when_busy(daemon->phone)));
}

static int get_do_not_disturb(sd_bus *bus, const char *path, const char *interface,
                              const char *property, sd_bus_message *reply, void *userdata,
                              sd_bus_error *error)
{
        Daemon *daemon = userdata;

        return sd_bus_message_append(reply, "b", (int)phone_do_not_disturb(daemon->phone));
}

/* The value is stored here at once, and the program does not wait for the hub. */
static int set_policy(Daemon *daemon, sd_bus_message *message, PhoneCommand *command)
{
        const Now instant = daemon_instant();
        int r = STR_SET(command->client, message_client(message));

        if (r >= 0)
                r = phone_command(daemon->phone, &instant, command,
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

static int get_unseen_missed(sd_bus *bus, const char *path, const char *interface,
                             const char *property, sd_bus_message *reply, void *userdata,
                             sd_bus_error *error)
{
        Daemon *daemon = userdata;

        (void)state_store_history(daemon);
        if (daemon->logs_changed)
                state_store_count_unseen(daemon);
        return sd_bus_message_append(reply, "u", daemon->unseen_missed);
}

static int get_listeners(sd_bus *bus, const char *path, const char *interface, const char *property,
                         sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        Daemon *daemon = userdata;
        const PhoneListener *listener;
        int r = sd_bus_message_open_container(reply, 'a', "s");

        for (size_t i = 0; r >= 0 && (listener = phone_listener_at(daemon->phone, i)); i++)
                r = sd_bus_message_append(reply, "s", listener->id);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int get_ringing(sd_bus *bus, const char *path, const char *interface, const char *property,
                       sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        Daemon *daemon = userdata;

        return sd_bus_message_append(reply, "b", (int)phone_is_ringing(daemon->phone));
}

static int method_clear_active_call(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        return daemon_command(userdata, message,
                              &(PhoneCommand){.type = PHONE_COMMAND_CLEAR_ACTIVE},
                              REQUEST_REPLY_EMPTY);
}

static int method_silence_all(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        return daemon_command(userdata, message, &(PhoneCommand){.type = PHONE_COMMAND_SILENCE_ALL},
                              REQUEST_REPLY_EMPTY);
}

static int method_test_ring(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        return daemon_command(userdata, message, &(PhoneCommand){.type = PHONE_COMMAND_TEST_RING},
                              REQUEST_REPLY_EMPTY);
}

#define EVENT(name) \
        SD_BUS_SIGNAL_WITH_ARGS(name, SD_BUS_ARGS("o", call, "s", session_id, "a{sv}", details), 0)

const sd_bus_vtable manager_vtable[] = {
        SD_BUS_VTABLE_START(0),

        SD_BUS_PROPERTY("Version", "s", get_version, 0, CONST),
        SD_BUS_PROPERTY("Features", "as", get_features, 0, CONST),
        SD_BUS_PROPERTY("ConnectionState", "s", get_connection_state, 0, CHANGES),
        SD_BUS_PROPERTY("ConnectionError", "s", get_connection_error, 0, CHANGES),
        SD_BUS_PROPERTY("LoggedInUser", "a{sv}", get_logged_in_user, 0, CHANGES),
        SD_BUS_PROPERTY("ActiveCall", "o", get_active_call, 0, CHANGES),
        SD_BUS_WRITABLE_PROPERTY("WhenBusy", "s", get_when_busy, set_when_busy, 0,
                                 CHANGES | ANYBODY),
        SD_BUS_WRITABLE_PROPERTY("DoNotDisturb", "b", get_do_not_disturb, set_do_not_disturb, 0,
                                 CHANGES | ANYBODY),
        SD_BUS_PROPERTY("Blocked", "as", get_blocked, 0, CHANGES),
        SD_BUS_PROPERTY("Groups", "aa{sv}", get_groups, 0, CHANGES),
        SD_BUS_PROPERTY("UnseenMissed", "u", get_unseen_missed, 0, CHANGES),
        SD_BUS_PROPERTY("Listeners", "as", get_listeners, 0, CHANGES),
        SD_BUS_PROPERTY("Ringing", "b", get_ringing, 0, CHANGES),

        SD_BUS_METHOD_WITH_ARGS("Login",
                                SD_BUS_ARGS("s", hub_url, "s", auth_token, "a{sv}", options),
                                SD_BUS_NO_RESULT, method_login, ANYBODY | SD_BUS_VTABLE_SENSITIVE),
        SD_BUS_METHOD_WITH_ARGS("Logout", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, method_logout, ANYBODY),
        SD_BUS_METHOD_WITH_ARGS(
                "InitiateCall",
                SD_BUS_ARGS("s", receiver_id, "s", receiver_type, "s", call_type, "a{sv}", options),
                SD_BUS_RESULT("o", call, "s", session_id), method_initiate_call, ANYBODY),
        SD_BUS_METHOD_WITH_ARGS("AcceptCall", SD_BUS_ARGS("s", session_id, "a{sv}", options),
                                SD_BUS_RESULT("o", call), method_accept_call, ANYBODY),
        SD_BUS_METHOD_WITH_ARGS("RejectCall", SD_BUS_ARGS("s", session_id, "s", status),
                                SD_BUS_NO_RESULT, method_reject_call, ANYBODY),
        SD_BUS_METHOD_WITH_ARGS("EndCall", SD_BUS_ARGS("s", session_id), SD_BUS_NO_RESULT,
                                method_end_call, ANYBODY),
        SD_BUS_METHOD_WITH_ARGS("ClearActiveCall", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT,
                                method_clear_active_call, ANYBODY),
        SD_BUS_METHOD_WITH_ARGS("AddCallListener", SD_BUS_ARGS("s", listener_id, "a{sv}", options),
                                SD_BUS_RESULT("ao", calls), method_add_call_listener, ANYBODY),
        SD_BUS_METHOD_WITH_ARGS("RemoveCallListener", SD_BUS_ARGS("s", listener_id),
                                SD_BUS_NO_RESULT, method_remove_call_listener, ANYBODY),
        SD_BUS_METHOD_WITH_ARGS("SilenceAll", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, method_silence_all,
                                ANYBODY),
        SD_BUS_METHOD_WITH_ARGS("TestRing", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, method_test_ring,
                                ANYBODY),
        SD_BUS_METHOD_WITH_ARGS(
                "GetCallLogs", SD_BUS_ARGS("a{sv}", filter, "u", limit, "s", cursor),
                SD_BUS_RESULT("aa{sv}", calls, "s", next), method_get_call_logs, ANYBODY),
        SD_BUS_METHOD_WITH_ARGS("DeleteCallLogs", SD_BUS_ARGS("as", session_ids), SD_BUS_NO_RESULT,
                                method_delete_call_logs, ANYBODY),
        SD_BUS_METHOD_WITH_ARGS("MarkMissedSeen", SD_BUS_ARGS("as", session_ids), SD_BUS_NO_RESULT,
                                method_mark_missed_seen, ANYBODY),
        SD_BUS_METHOD_WITH_ARGS("BlockUser", SD_BUS_ARGS("s", uid), SD_BUS_NO_RESULT,
                                method_block_user, ANYBODY),
        SD_BUS_METHOD_WITH_ARGS("UnblockUser", SD_BUS_ARGS("s", uid), SD_BUS_NO_RESULT,
                                method_unblock_user, ANYBODY),

        EVENT("IncomingCallReceived"),
        EVENT("OutgoingCallAccepted"),
        EVENT("OutgoingCallRejected"),
        EVENT("IncomingCallCancelled"),
        EVENT("CallEndedMessageReceived"),
        SD_BUS_SIGNAL("CallLogsChanged", NULL, 0),

        SD_BUS_VTABLE_END,
};
