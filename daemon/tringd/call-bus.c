/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "tringd/bus-objects.h"
#include "tringd/call-options.h"
#include "tringd/details.h"
#include "tringd/objects.h"

const PhoneCallInfo *bus_object_call(Daemon *daemon, const char *path)
{
        char session_id[UUID_LENGTH + 1];

        return call_path_to_id(path, session_id) < 0 ? NULL
                                                     : phone_call_find(daemon->phone, session_id);
}

int bus_object_command(sd_bus_message *message, PhoneCommandType type, PhoneCommand *ret)
{
        *ret = (PhoneCommand){.type = type};
        return call_path_to_id(sd_bus_message_get_path(message), ret->session_id);
}

typedef enum Word {
        WORD_SESSION_ID,
        WORD_DIRECTION,
        WORD_RECEIVER_TYPE,
        WORD_CALL_TYPE,
        WORD_STATUS,
        WORD_REASON,
        WORD_HANDLED_BY,
} Word;

static const char *const word_names[] = {
        [WORD_SESSION_ID] = "SessionId",
        [WORD_DIRECTION] = "Direction",
        [WORD_RECEIVER_TYPE] = "ReceiverType",
        [WORD_CALL_TYPE] = "CallType",
        [WORD_STATUS] = "Status",
        [WORD_REASON] = "Reason",
        [WORD_HANDLED_BY] = "HandledBy",
};

static const char *call_word(const PhoneCallInfo *call, const char *property)
{
        for (Word word = 0; word < ELEMENTSOF(word_names); word++) {
                if (!str_eq(property, word_names[word]))
                        continue;
                switch (word) {
                case WORD_SESSION_ID:
                        return call->record.session_id;
                case WORD_DIRECTION:
                        return call_direction_to_string(call->record.direction);
                case WORD_RECEIVER_TYPE:
                        return receiver_type_to_string(call->record.receiver_type);
                case WORD_CALL_TYPE:
                        return call_type_to_string(call->record.type);
                case WORD_STATUS:
                        return call_status_to_string(call->record.status);
                case WORD_REASON:
                        return call->record.reason;
                case WORD_HANDLED_BY:
                        return call->handled_by;
                }
        }
        return "";
}

static int get_word(sd_bus *bus, const char *path, const char *interface, const char *property,
                    sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        const PhoneCallInfo *call = bus_object_call(userdata, path);

        return call ? sd_bus_message_append(reply, "s", call_word(call, property)) : -ENOENT;
}

static int get_date(sd_bus *bus, const char *path, const char *interface, const char *property,
                    sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        static const struct {
                const char *name;
                size_t offset;
        } dates[] = {
                {"InitiatedAt", offsetof(CallRecord, initiated_at)},
                {"RingingSince", offsetof(CallRecord, ringing_since)},
                {"AnsweredAt", offsetof(CallRecord, answered_at)},
                {"EndedAt", offsetof(CallRecord, ended_at)},
        };
        const PhoneCallInfo *call = bus_object_call(userdata, path);

        for (size_t i = 0; call && i < ELEMENTSOF(dates); i++) {
                usec_t date;

                if (!str_eq(property, dates[i].name))
                        continue;
                memcpy(&date, (const char *)&call->record + dates[i].offset, sizeof(date));
                return sd_bus_message_append(reply, "t", date);
        }
        return -ENOENT;
}

static int get_initiator(sd_bus *bus, const char *path, const char *interface, const char *property,
                         sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        const PhoneCallInfo *call = bus_object_call(userdata, path);

        return call ? details_append_party(reply, &call->record.initiator, false) : -ENOENT;
}

static int get_receiver(sd_bus *bus, const char *path, const char *interface, const char *property,
                        sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        const PhoneCallInfo *call = bus_object_call(userdata, path);

        if (!call)
                return -ENOENT;
        return details_append_party(reply, &call->record.receiver,
                                    call->record.receiver_type == RECEIVER_TYPE_GROUP);
}

static int get_metadata(sd_bus *bus, const char *path, const char *interface, const char *property,
                        sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        const PhoneCallInfo *call = bus_object_call(userdata, path);

        return call ? details_append_metadata(reply, &call->record.metadata) : -ENOENT;
}

static int get_alerting(sd_bus *bus, const char *path, const char *interface, const char *property,
                        sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        const PhoneCallInfo *call = bus_object_call(userdata, path);

        return call ? sd_bus_message_append(reply, "b", (int)call->alerting) : -ENOENT;
}

static int get_duration(sd_bus *bus, const char *path, const char *interface, const char *property,
                        sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        const PhoneCallInfo *call = bus_object_call(userdata, path);

        return call ? sd_bus_message_append(reply, "u", call->record.duration_s) : -ENOENT;
}

static int get_members(sd_bus *bus, const char *path, const char *interface, const char *property,
                       sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        const PhoneCallInfo *call = bus_object_call(userdata, path);

        return call ? details_append_members(reply, call) : -ENOENT;
}

static int get_remaining_ms(sd_bus *bus, const char *path, const char *interface,
                            const char *property, sd_bus_message *reply, void *userdata,
                            sd_bus_error *error)
{
        const PhoneCallInfo *call = bus_object_call(userdata, path);

        return call ? sd_bus_message_append(reply, "u", call_remaining_ms(call, clock_boottime()))
                    : -ENOENT;
}

static int method_accept(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        PhoneCommand command;
        int r = bus_object_command(message, PHONE_COMMAND_ACCEPT, &command);

        if (r >= 0)
                r = accept_options_read(message, &command, error);
        return r < 0 ? r : daemon_command(userdata, message, &command, REQUEST_REPLY_EMPTY);
}

static int method_reject(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        PhoneCommand command;
        const char *status;
        int r = bus_object_command(message, PHONE_COMMAND_REJECT, &command);

        if (r >= 0)
                r = sd_bus_message_read(message, "s", &status);
        if (r >= 0)
                r = reject_status_read(status, &command.status, error);
        return r < 0 ? r : daemon_command(userdata, message, &command, REQUEST_REPLY_EMPTY);
}

static int method_cancel(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        PhoneCommand command;
        int r = bus_object_command(message, PHONE_COMMAND_REJECT, &command);

        command.status = CALL_STATUS_CANCELLED;
        return r < 0 ? r : daemon_command(userdata, message, &command, REQUEST_REPLY_EMPTY);
}

static int plain_command(sd_bus_message *message, Daemon *daemon, PhoneCommandType type)
{
        PhoneCommand command;
        int r = bus_object_command(message, type, &command);

        return r < 0 ? r : daemon_command(daemon, message, &command, REQUEST_REPLY_EMPTY);
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

        SD_BUS_PROPERTY("SessionId", "s", get_word, 0, CONST),
        SD_BUS_PROPERTY("Direction", "s", get_word, 0, CONST),
        SD_BUS_PROPERTY("ReceiverType", "s", get_word, 0, CONST),
        SD_BUS_PROPERTY("Initiator", "a{sv}", get_initiator, 0, CONST),
        SD_BUS_PROPERTY("Receiver", "a{sv}", get_receiver, 0, CONST),
        SD_BUS_PROPERTY("InitiatedAt", "t", get_date, 0, CONST),
        SD_BUS_PROPERTY("Metadata", "a{sv}", get_metadata, 0, CONST),
        SD_BUS_PROPERTY("CallType", "s", get_word, 0, CHANGES),
        SD_BUS_PROPERTY("Status", "s", get_word, 0, CHANGES),
        SD_BUS_PROPERTY("Reason", "s", get_word, 0, CHANGES),
        SD_BUS_PROPERTY("Alerting", "b", get_alerting, 0, CHANGES),
        SD_BUS_PROPERTY("RingingSince", "t", get_date, 0, CHANGES),
        SD_BUS_PROPERTY("AnsweredAt", "t", get_date, 0, CHANGES),
        SD_BUS_PROPERTY("EndedAt", "t", get_date, 0, CHANGES),
        SD_BUS_PROPERTY("Duration", "u", get_duration, 0, CHANGES),
        SD_BUS_PROPERTY("Members", "aa{sv}", get_members, 0, CHANGES),
        SD_BUS_PROPERTY("HandledBy", "s", get_word, 0, CHANGES),
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
