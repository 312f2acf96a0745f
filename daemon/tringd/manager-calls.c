/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "tringd/bus-objects.h"
#include "tringd/call-options.h"
#include "tringd/errors.h"

static int read_initiate(sd_bus_message *message, PhoneCommand *command, sd_bus_error *error)
{
        MessageInitiate *request = &command->initiate.request;
        const char *receiver, *receiver_type, *call_type;
        sd_id128_t id;
        int r = sd_bus_message_read(message, "sss", &receiver, &receiver_type, &call_type);

        if (r < 0)
                return r;
        if (!uid_is_valid(receiver))
                return error_invalid(error, "receiver_id", receiver, UID_RULE);
        r = receiver_type_read("receiver_type", receiver_type, &request->receiver_type, error);
        if (r < 0)
                return r;
        r = call_type_read("call_type", call_type, &request->type, error);
        if (r < 0)
                return r;
        r = initiate_options_read(message, command, error);
        if (r < 0)
                return r;
        r = sd_id128_randomize(&id);
        if (r < 0)
                return r;
        (void)STR_SET(request->session_id, SD_ID128_TO_UUID_STRING(id));
        memcpy(command->session_id, request->session_id, sizeof(command->session_id));
        return STR_SET(request->receiver, receiver);
}

int method_initiate_call(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        _cleanup_(phone_command_done) PhoneCommand command = {.type = PHONE_COMMAND_INITIATE};
        int r = read_initiate(message, &command, error);

        if (r < 0)
                return r;
        bool tied = command.initiate.tie_to_client || command.initiate.tie_ring_to_client;

        return daemon_command(userdata, message, &command,
                              tied ? METHOD_REPLY_TIED_CALL : METHOD_REPLY_CALL_AND_ID);
}

/* Reads the session id, the first argument of a Manager method about a call. */
static int read_session(sd_bus_message *message, PhoneCommand *command, sd_bus_error *error)
{
        const char *session_id;
        int r = sd_bus_message_read(message, "s", &session_id);

        return r < 0 ? r : session_id_read(session_id, command->session_id, error);
}

int method_accept_call(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        PhoneCommand command = {.type = PHONE_COMMAND_ACCEPT};
        int r = read_session(message, &command, error);

        if (r >= 0)
                r = accept_options_read(message, &command, error);
        if (r < 0)
                return r;
        return daemon_command(userdata, message, &command, METHOD_REPLY_CALL);
}

int reject_status_read(sd_bus_message *message, CallStatus *ret, sd_bus_error *error)
{
        const char *word;
        CallStatus status;
        int r = sd_bus_message_read(message, "s", &word);

        if (r < 0)
                return r;
        if (call_status_from_string(word, &status) < 0 ||
            (status != CALL_STATUS_REJECTED && status != CALL_STATUS_BUSY &&
             status != CALL_STATUS_CANCELLED))
                return error_invalid(error, "status", word,
                                     "is neither 'rejected', 'busy' nor 'cancelled'");
        *ret = status;
        return 0;
}

int method_reject_call(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        PhoneCommand command = {.type = PHONE_COMMAND_REJECT};
        int r = read_session(message, &command, error);

        if (r >= 0)
                r = reject_status_read(message, &command.status, error);
        if (r < 0)
                return r;
        return daemon_command(userdata, message, &command, METHOD_REPLY_EMPTY);
}

int method_end_call(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        PhoneCommand command = {.type = PHONE_COMMAND_END};
        int r = read_session(message, &command, error);

        if (r < 0)
                return r;
        return daemon_command(userdata, message, &command, METHOD_REPLY_EMPTY);
}
