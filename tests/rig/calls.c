/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdarg.h>
#include <string.h>

#include "base/str.h"
#include "rig/desktop.h"
#include "rig/text.h"

static Call call_of_reply(sd_bus_message *reply)
{
        const char *path, *id;
        Call call = {};

        rig_check(sd_bus_message_read(reply, "os", &path, &id), "InitiateCall");
        STR_SET(call.id, id);
        STR_SET(call.path, path);
        sd_bus_message_unref(reply);
        return call;
}

Call call_start_with(Desktop *caller, const char *receiver, const char *call_type,
                     const char *options_types, ...)
{
        sd_bus_message *message, *reply = NULL;
        va_list ap;

        rig_check(sd_bus_message_new_method_call(caller->client->bus, &message, TRING_NAME,
                                                 TRING_ROOT, TRING_MANAGER, "InitiateCall"),
                  "InitiateCall");
        rig_check(sd_bus_message_append(message, "sss", receiver, "user", call_type),
                  "InitiateCall");
        va_start(ap, options_types);
        rig_check(sd_bus_message_appendv(message, options_types, ap), "InitiateCall");
        va_end(ap);
        reply = client_exchange(caller->client, message);
        if (sd_bus_message_is_method_error(reply, NULL))
                rig_fail("InitiateCall: %s", sd_bus_message_get_error(reply)->message);
        return call_of_reply(reply);
}

Call call_start(Desktop *caller, const char *receiver)
{
        return call_start_with(caller, receiver, "audio", "a{sv}", 1, "join", "b", false);
}

Call call_start_group(Desktop *caller, const char *guid)
{
        return call_of_reply(client_call(caller->client, TRING_ROOT, TRING_MANAGER, "InitiateCall",
                                         "sssa{sv}", guid, "group", "audio", 1, "join", "b",
                                         false));
}

Call call_ring(Desktop *caller, Desktop *receiver, bool join)
{
        Call call = call_start_with(caller, receiver->name, "audio", "a{sv}", 1, "join", "b", join);

        client_wait_signal(receiver->client, "IncomingCallReceived", call.path);
        return call;
}

void call_accept(Desktop *desktop, const Call *call, bool join)
{
        client_do(desktop->client, TRING_ROOT, TRING_MANAGER, "AcceptCall", "sa{sv}", call->id, 1,
                  "join", "b", join);
}

void call_accept_with(Desktop *desktop, const Call *call, const char *option)
{
        client_do(desktop->client, TRING_ROOT, TRING_MANAGER, "AcceptCall", "sa{sv}", call->id, 2,
                  option, "b", true, "join", "b", false);
}

void call_reject(Desktop *desktop, const Call *call, const char *status)
{
        client_do(desktop->client, TRING_ROOT, TRING_MANAGER, "RejectCall", "ss", call->id, status);
}

void call_end(Desktop *desktop, const Call *call)
{
        client_do(desktop->client, TRING_ROOT, TRING_MANAGER, "EndCall", "s", call->id);
}

char *call_property(Desktop *desktop, const Call *call, const char *property)
{
        return client_property(desktop->client, call->path, TRING_CALL, property);
}

void call_wait_status(Desktop *desktop, const Call *call, const char *status, const char *reason)
{
        client_wait_property(desktop->client, call->path, TRING_CALL, "Status", status);
        if (reason)
                client_wait_property(desktop->client, call->path, TRING_CALL, "Reason", reason);
}

char *call_history(Desktop *desktop, const Call *call)
{
        sd_bus_message *reply = client_call(desktop->client, TRING_ROOT, TRING_MANAGER,
                                            "GetCallLogs", "a{sv}us", 0, 0, "");
        char *record = NULL;

        rig_check(sd_bus_message_enter_container(reply, 'a', "a{sv}"), "GetCallLogs");
        while (!record && !sd_bus_message_at_end(reply, false)) {
                record = text_of_value(reply);
                if (!strstr(record, call->id)) {
                        free(record);
                        record = NULL;
                }
        }
        sd_bus_message_unref(reply);
        return record;
}
