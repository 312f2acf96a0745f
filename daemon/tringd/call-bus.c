/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "tringd/bus-objects.h"
#include "tringd/call-options.h"
#include "tringd/details.h"

int bus_object_command(const CallObject *object, PhoneCommandType type, PhoneCommand *ret)
{
        *ret = (PhoneCommand){.type = type};
        return STR_SET(ret->session_id, object->call->stored.record.session_id);
}

DEFINE_CALL_GETTER(get_session_id, "s", call->stored.record.session_id)
DEFINE_CALL_GETTER(get_direction, "s", call_direction_to_string(call->stored.record.direction))
DEFINE_CALL_GETTER(get_receiver_type, "s",
                   receiver_type_to_string(call->stored.record.receiver_type))
DEFINE_CALL_GETTER(get_call_type, "s", call_type_to_string(call->stored.record.type))
DEFINE_CALL_GETTER(get_status, "s", call_status_to_string(call->stored.record.status))
DEFINE_CALL_GETTER(get_reason, "s", call->stored.record.reason)
DEFINE_CALL_GETTER(get_handled_by, "s", call->stored.handled_by)
DEFINE_CALL_GETTER(get_initiated_at, "t", call->stored.record.initiated_at)
DEFINE_CALL_GETTER(get_ringing_since, "t", call->stored.record.ringing_since)
DEFINE_CALL_GETTER(get_answered_at, "t", call->stored.record.answered_at)
DEFINE_CALL_GETTER(get_ended_at, "t", call->stored.record.ended_at)
DEFINE_CALL_GETTER(get_duration, "u", call->stored.record.duration_s)
DEFINE_CALL_GETTER(get_remaining_ms, "u", call_remaining_ms(call, clock_boottime()))
DEFINE_CALL_GETTER(get_alerting, "b", (int)call->alerting)

static int get_initiator(sd_bus *bus, const char *path, const char *interface, const char *property,
                         sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        const CallObject *object = userdata;

        return details_append_party(reply, &object->call->stored.record.initiator, false);
}

static int get_receiver(sd_bus *bus, const char *path, const char *interface, const char *property,
                        sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        const CallRecord *record = &((const CallObject *)userdata)->call->stored.record;

        return details_append_party(reply, &record->receiver,
                                    record->receiver_type == RECEIVER_TYPE_GROUP);
}

static int get_metadata(sd_bus *bus, const char *path, const char *interface, const char *property,
                        sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        const CallObject *object = userdata;

        return details_append_metadata(reply, &object->call->stored.record.metadata);
}

static int get_members(sd_bus *bus, const char *path, const char *interface, const char *property,
                       sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        const CallObject *object = userdata;

        return details_append_members(reply, object->call);
}

static int method_accept(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        const CallObject *object = userdata;
        PhoneCommand command;
        int r = bus_object_command(object, PHONE_COMMAND_ACCEPT, &command);

        if (r >= 0)
                r = accept_options_read(message, &command, error);
        return r < 0 ? r : daemon_command(object->daemon, message, &command, REQUEST_REPLY_EMPTY);
}

static int method_reject(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        const CallObject *object = userdata;
        PhoneCommand command;
        const char *status;
        int r = bus_object_command(object, PHONE_COMMAND_REJECT, &command);

        if (r >= 0)
                r = sd_bus_message_read(message, "s", &status);
        if (r >= 0)
                r = reject_status_read(status, &command.status, error);
        return r < 0 ? r : daemon_command(object->daemon, message, &command, REQUEST_REPLY_EMPTY);
}

static int method_cancel(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        const CallObject *object = userdata;
        PhoneCommand command;
        int r = bus_object_command(object, PHONE_COMMAND_REJECT, &command);

        command.status = CALL_STATUS_CANCELLED;
        return r < 0 ? r : daemon_command(object->daemon, message, &command, REQUEST_REPLY_EMPTY);
}

static int plain_command(sd_bus_message *message, const CallObject *object, PhoneCommandType type)
{
        PhoneCommand command;
        int r = bus_object_command(object, type, &command);

        return r < 0 ? r : daemon_command(object->daemon, message, &command, REQUEST_REPLY_EMPTY);
}

static int method_end(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        return plain_command(message, userdata, PHONE_COMMAND_END);
}

static int method_silence(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        return plain_command(message, userdata, PHONE_COMMAND_SILENCE);
}

static int method_dismiss(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        return plain_command(message, userdata, PHONE_COMMAND_DISMISS);
}

const sd_bus_vtable call_vtable[] = {
        SD_BUS_VTABLE_START(0),

        SD_BUS_PROPERTY("SessionId", "s", get_session_id, 0, CONST),
        SD_BUS_PROPERTY("Direction", "s", get_direction, 0, CONST),
        SD_BUS_PROPERTY("ReceiverType", "s", get_receiver_type, 0, CONST),
        SD_BUS_PROPERTY("Initiator", "a{sv}", get_initiator, 0, CONST),
        SD_BUS_PROPERTY("Receiver", "a{sv}", get_receiver, 0, CONST),
        SD_BUS_PROPERTY("InitiatedAt", "t", get_initiated_at, 0, CONST),
        SD_BUS_PROPERTY("Metadata", "a{sv}", get_metadata, 0, CONST),
        SD_BUS_PROPERTY("CallType", "s", get_call_type, 0, CHANGES),
        SD_BUS_PROPERTY("Status", "s", get_status, 0, CHANGES),
        SD_BUS_PROPERTY("Reason", "s", get_reason, 0, CHANGES),
        SD_BUS_PROPERTY("Alerting", "b", get_alerting, 0, CHANGES),
        SD_BUS_PROPERTY("RingingSince", "t", get_ringing_since, 0, CHANGES),
        SD_BUS_PROPERTY("AnsweredAt", "t", get_answered_at, 0, CHANGES),
        SD_BUS_PROPERTY("EndedAt", "t", get_ended_at, 0, CHANGES),
        SD_BUS_PROPERTY("Duration", "u", get_duration, 0, CHANGES),
        SD_BUS_PROPERTY("Members", "aa{sv}", get_members, 0, CHANGES),
        SD_BUS_PROPERTY("HandledBy", "s", get_handled_by, 0, CHANGES),
        SD_BUS_PROPERTY("RemainingMs", "u", get_remaining_ms, 0, 0),

        SD_BUS_METHOD_WITH_ARGS("Accept", SD_BUS_ARGS("a{sv}", options), SD_BUS_NO_RESULT,
                                method_accept, ANYBODY),
        SD_BUS_METHOD_WITH_ARGS("Reject", SD_BUS_ARGS("s", status), SD_BUS_NO_RESULT, method_reject,
                                ANYBODY),
        SD_BUS_METHOD_WITH_ARGS("Cancel", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, method_cancel, ANYBODY),
        SD_BUS_METHOD_WITH_ARGS("End", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, method_end, ANYBODY),
        SD_BUS_METHOD_WITH_ARGS("Silence", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, method_silence,
                                ANYBODY),
        SD_BUS_METHOD_WITH_ARGS("Dismiss", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, method_dismiss,
                                ANYBODY),

        SD_BUS_SIGNAL_WITH_ARGS("StatusChanged",
                                SD_BUS_ARGS("s", old, "s", new, "s", reason, "a{sv}", details), 0),

        SD_BUS_VTABLE_END,
};
