/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "tringd/bus-objects.h"
#include "tringd/call-options.h"
#include "tringd/details.h"

PhoneCommand bus_object_command(const CallObject *object, PhoneCommandType type)
{
        PhoneCommand command = {.type = type};

        (void)STR_SET(command.session_id, object->session_id);
        return command;
}

int bus_object_method(sd_bus_message *message, const CallObject *object, PhoneCommandType type)
{
        PhoneCommand command = bus_object_command(object, type);

        return daemon_command(object->daemon, message, &command, METHOD_REPLY_EMPTY);
}

DEFINE_VALUE_GETTER(session_id, CallObject, object->call->stored.record.session_id)
DEFINE_VALUE_GETTER(direction, CallObject,
                    call_direction_to_string(object->call->stored.record.direction))
DEFINE_VALUE_GETTER(receiver_type, CallObject,
                    receiver_type_to_string(object->call->stored.record.receiver_type))
DEFINE_VALUE_GETTER(call_type, CallObject, call_type_to_string(object->call->stored.record.type))
DEFINE_VALUE_GETTER(status, CallObject, call_status_to_string(object->call->stored.record.status))
DEFINE_VALUE_GETTER(reason, CallObject, object->call->stored.record.reason)
DEFINE_VALUE_GETTER(handled_by, CallObject, object->call->stored.handled_by)
DEFINE_VALUE_GETTER(initiated_at, CallObject, object->call->stored.record.initiated_at)
DEFINE_VALUE_GETTER(ringing_since, CallObject, object->call->stored.record.ringing_since)
DEFINE_VALUE_GETTER(answered_at, CallObject, object->call->stored.record.answered_at)
DEFINE_VALUE_GETTER(ended_at, CallObject, object->call->stored.record.ended_at)
DEFINE_VALUE_GETTER(duration, CallObject, object->call->stored.record.duration_s)
DEFINE_VALUE_GETTER(remaining_ms, CallObject, call_remaining_ms(object->call, clock_boottime()))
DEFINE_VALUE_GETTER(alerting, CallObject, (int)object->call->alerting)

DEFINE_GETTER(initiator, CallObject,
              details_append_party(reply, &object->call->stored.record.initiator, false))
DEFINE_GETTER(receiver, CallObject,
              details_append_party(reply, &object->call->stored.record.receiver,
                                   object->call->stored.record.receiver_type ==
                                           RECEIVER_TYPE_GROUP))
DEFINE_GETTER(metadata, CallObject,
              details_append_metadata(reply, &object->call->stored.record.metadata))
DEFINE_GETTER(members, CallObject, details_append_members(reply, object->call))

static int method_accept(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        const CallObject *object = userdata;
        PhoneCommand command = bus_object_command(object, PHONE_COMMAND_ACCEPT);
        int r = accept_options_read(message, &command, error);

        return r < 0 ? r : daemon_command(object->daemon, message, &command, METHOD_REPLY_EMPTY);
}

static int method_reject(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        const CallObject *object = userdata;
        PhoneCommand command = bus_object_command(object, PHONE_COMMAND_REJECT);
        int r = reject_status_read(message, &command.status, error);

        return r < 0 ? r : daemon_command(object->daemon, message, &command, METHOD_REPLY_EMPTY);
}

static int method_cancel(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        const CallObject *object = userdata;
        PhoneCommand command = bus_object_command(object, PHONE_COMMAND_REJECT);

        command.status = CALL_STATUS_CANCELLED;
        return daemon_command(object->daemon, message, &command, METHOD_REPLY_EMPTY);
}

static int method_end(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        return bus_object_method(message, userdata, PHONE_COMMAND_END);
}

static int method_silence(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        return bus_object_method(message, userdata, PHONE_COMMAND_SILENCE);
}

static int method_dismiss(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        return bus_object_method(message, userdata, PHONE_COMMAND_DISMISS);
}

const sd_bus_vtable call_vtable[] = {CALL_VTABLE};
