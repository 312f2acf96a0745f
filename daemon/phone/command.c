/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "phone/state.h"

#include <assert.h>
#include <errno.h>
#include <utlist.h>

#include "base/array.h"
#include "phone/action.h"
#include "phone/announce.h"
#include "phone/call.h"
#include "phone/decision.h"
#include "phone/handlers.h"
#include "phone/hub-send.h"
#include "phone/listener.h"
#include "phone/request.h"
#include "phone/ring.h"
#include "phone/session.h"
#include "phone/switches.h"
#include "phone/user.h"

#define COMMAND_DONE 1

void phone_command_done(PhoneCommand *command)
{
        if (command->type == PHONE_COMMAND_INITIATE)
                metadata_done(&command->initiate.request.metadata);
        else if (command->type == PHONE_COMMAND_SEEN || command->type == PHONE_COMMAND_FORGET)
                free(command->sessions.session_ids);
}

static HubRequest *command_request(Phone *phone, const PhoneCommand *command, MessageType type,
                                   uint64_t ticket)
{
        HubRequest *request = hub_request_new(phone, type, command->session_id);

        request->has_ticket = true;
        request->ticket = ticket;
        request->deadline = phone->instant.now + COMMAND_TIMEOUT_US;
        request->command = command->type;
        STR_SET(request->client, command->client);
        return request;
}

static int command_initiate(Phone *phone, PhoneCall *call, const PhoneCommand *command,
                            uint64_t ticket)
{
        const MessageInitiate *asked = &command->initiate.request;
        const char *session_id = asked->session_id;
        _cleanup_(hub_request_freep) HubRequest *request = NULL;
        int r;

        if (phone->connection == PHONE_LOGGED_OUT) {
                phone_refuse(phone, ticket, NULL, CALL_ERROR_NOT_LOGGED_IN,
                             "not logged in: log in first");
                return 0;
        }
        if (phone->connection != PHONE_ONLINE && phone->connection != PHONE_CONNECTING) {
                phone_refuse(phone, ticket, session_id, CALL_ERROR_NOT_CONNECTED,
                             "there is no connection to the hub%s%s",
                             *phone->connection_text ? ": " : "", phone->connection_text);
                return 0;
        }
        if (phone_n_live_calls(phone) + hub_requests_waiting(phone, MESSAGE_INITIATE, session_id) >=
            PHONE_CALLS_MAX) {
                phone_refuse(phone, ticket, session_id, CALL_ERROR_TOO_MANY,
                             "there are %d calls on this device already", PHONE_CALLS_MAX);
                return 0;
        }
        request = command_request(phone, command, MESSAGE_INITIATE, ticket);
        request->message.initiate = *asked;
        request->message.initiate.metadata = (Metadata){};
        r = metadata_copy(&request->message.initiate.metadata, &asked->metadata);
        if (r < 0)
                return r;
        request->settings = command->initiate.settings;
        request->consent = (Consent){.join = asked->join, .type = asked->type};
        request->tie = command->initiate.tie_to_client;
        request->tie_ring = command->initiate.tie_ring_to_client;
        hub_request_add(phone, TAKE_PTR(request));
        return 0;
}

/* The user answers the call as it shows here; one that is not here is answered without a camera. */
static Consent accept_consent(const PhoneCall *call, const MessageAccept *asked)
{
        return (Consent){
                .join = asked->join,
                .type = call && !asked->as_audio ? call->stored.record.type : CALL_TYPE_AUDIO,
        };
}

static int command_decide(Phone *phone, PhoneCall *call, const PhoneCommand *command,
                          uint64_t ticket)
{
        MessageType type = command->type == PHONE_COMMAND_ACCEPT      ? MESSAGE_ACCEPT
                           : command->type == PHONE_COMMAND_END       ? MESSAGE_END
                           : command->status == CALL_STATUS_CANCELLED ? MESSAGE_CANCEL
                                                                      : MESSAGE_REJECT;
        HubRequest *request;

        if (type == MESSAGE_REJECT && command->status != CALL_STATUS_REJECTED &&
            command->status != CALL_STATUS_BUSY) {
                phone_refuse(phone, ticket, command->session_id, CALL_ERROR_INVALID_ARGUMENT,
                             "cannot reject a call as '%s': use 'rejected', 'busy' or 'cancelled'",
                             call_status_to_string(command->status));
                return 0;
        }
        request = command_request(phone, command, type, ticket);
        if (type == MESSAGE_ACCEPT) {
                request->message.accept = command->accept.request;
                STR_SET(request->message.accept.session_id, command->session_id);
                request->settings = command->accept.settings;
                request->consent = accept_consent(call, &command->accept.request);
        } else if (type == MESSAGE_REJECT) {
                request->message.reject.status = command->status;
        }
        decision_add(phone, request);
        return 0;
}

static int command_token(Phone *phone, PhoneCall *call, const PhoneCommand *command,
                         uint64_t ticket)
{
        hub_request_add(phone, command_request(phone, command, MESSAGE_TOKEN, ticket));
        return 0;
}

static int command_join(Phone *phone, PhoneCall *call, const PhoneCommand *command, uint64_t ticket)
{
        PhoneSession *session = &call->stored.session;
        const SessionSettings *settings = &command->settings;

        if (session->state != SESSION_IDLE && session->state != SESSION_LEFT &&
            session->state != SESSION_FAILED) {
                phone_refuse(phone, ticket, command->session_id, CALL_ERROR_INVALID_TRANSITION,
                             "the media of this call are joined already, or about to be");
                return 0;
        }
        session->settings = *settings;
        session_set_switch(phone, call, SESSION_SWITCH_MUTE, settings->start_audio_muted);
        session_choose_video(phone, call);
        session_set_state(phone, call, SESSION_JOINING);
        return command_token(phone, call, command, ticket);
}

static int command_leave(Phone *phone, PhoneCall *call, const PhoneCommand *command,
                         uint64_t ticket)
{
        SessionState state = call->stored.session.state;

        accept_withdrawn(phone, call);
        if (state == SESSION_IDLE || state == SESSION_LEFT)
                return COMMAND_DONE;
        session_close(phone, call);
        hub_request_add(phone, command_request(phone, command, MESSAGE_LEAVE, ticket));
        return 0;
}

static int command_mute(Phone *phone, PhoneCall *call, const PhoneCommand *command, uint64_t ticket)
{
        accept_muted(phone, call, command->on);
        session_turn_switch(phone, call, SESSION_SWITCH_MUTE, command->on, ticket);
        return 0;
}

static int command_pause_video(Phone *phone, PhoneCall *call, const PhoneCommand *command,
                               uint64_t ticket)
{
        accept_paused(phone, call, command->on);
        session_turn_switch(phone, call, SESSION_SWITCH_PAUSE, command->on, ticket);
        return 0;
}

static int command_stop_screen(Phone *phone, PhoneCall *call, const PhoneCommand *command,
                               uint64_t ticket)
{
        session_turn_switch(phone, call, SESSION_SWITCH_SCREEN, false, ticket);
        return 0;
}

static int command_silence(Phone *phone, PhoneCall *call, const PhoneCommand *command,
                           uint64_t ticket)
{
        call_silence(phone, call);
        return COMMAND_DONE;
}

static int command_dismiss(Phone *phone, PhoneCall *call, const PhoneCommand *command,
                           uint64_t ticket)
{
        CallError error = call ? CALL_ERROR_INVALID_TRANSITION : CALL_ERROR_NO_SUCH_CALL;
        char text[MESSAGE_TEXT_MAX + 1];

        if (!call || call_is_live(call)) {
                command_explain(command->session_id, call, error, text);
                phone_refuse(phone, ticket, command->session_id, error, "%s", text);
                return 0;
        }
        call_remove(phone, call);
        return COMMAND_DONE;
}

/*
 * Works offline: the request about seen or deleted records waits for the connection. It names the
 * calls, so that it may arrive late or twice and covers none that came since, whatever dates they
 * have. So "all" is for the adapter to name; a request without ids would mean all to the hub.
 */
static int command_history(Phone *phone, PhoneCall *call, const PhoneCommand *command,
                           uint64_t ticket)
{
        MessageType type = command->type == PHONE_COMMAND_SEEN ? MESSAGE_SEEN : MESSAGE_FORGET;
        const MessageSessions *asked = &command->sessions;
        char(*ids)[UUID_LENGTH + 1];

        if (asked->count > SESSION_IDS_MAX) {
                phone_refuse(phone, ticket, NULL, CALL_ERROR_INVALID_ARGUMENT,
                             "%zu calls at once are too many: at most %d", asked->count,
                             SESSION_IDS_MAX);
                return 0;
        }
        if (phone->connection != PHONE_LOGGED_OUT && asked->count > 0) {
                int r = ARRAY_COPY(&ids, asked->session_ids, asked->count);
                if (r < 0)
                        return r;
                HubRequest *request = hub_request_new(phone, type, NULL);
                request->message.sessions.session_ids = ids;
                request->message.sessions.count = asked->count;
                hub_request_add(phone, request);
        }
        return COMMAND_DONE;
}

static int command_when_busy(Phone *phone, PhoneCall *call, const PhoneCommand *command,
                             uint64_t ticket)
{
        HubRequest *request;

        user_when_busy(phone, command->when_busy);
        if (phone->connection == PHONE_LOGGED_OUT)
                return COMMAND_DONE;
        request = hub_request_merge(phone, MESSAGE_SETTINGS, "");
        hub_request_unsave(request);
        request->message.settings.has_when_busy = true;
        request->message.settings.when_busy = command->when_busy;
        hub_request_pump(phone);
        return COMMAND_DONE;
}

static int command_do_not_disturb(Phone *phone, PhoneCall *call, const PhoneCommand *command,
                                  uint64_t ticket)
{
        bool on = command->on;

        if (phone->do_not_disturb == on)
                return COMMAND_DONE;
        phone->do_not_disturb = on;
        phone->changed |= PHONE_PROPERTY_DO_NOT_DISTURB;
        DL_FOREACH (phone->calls, call) {
                if (!on || !call_rings(call))
                        continue;
                call->stored.present = false;
                call_touch(call);
                presentation_stop(call);
                if (!call->stored.alerting_said)
                        call_delivered(phone, call);
        }
        return COMMAND_DONE;
}

static int command_block(Phone *phone, PhoneCall *call, const PhoneCommand *command,
                         uint64_t ticket)
{
        HubRequest *request;

        if (phone->connection == PHONE_LOGGED_OUT) {
                phone_refuse(phone, ticket, NULL, CALL_ERROR_NOT_LOGGED_IN,
                             "nobody is logged in here who could block '%s'", command->block.uid);
                return 0;
        }
        request = command_request(phone, command, MESSAGE_BLOCK, ticket);
        request->message.block = command->block;
        hub_request_add(phone, request);
        return 0;
}

static int command_who_may_ring(Phone *phone, PhoneCall *call, const PhoneCommand *command,
                                uint64_t ticket)
{
        HubRequest *request;

        if (phone->connection == PHONE_LOGGED_OUT) {
                phone_refuse(phone, ticket, NULL, CALL_ERROR_NOT_LOGGED_IN,
                             "nobody is logged in here who could be rung");
                return 0;
        }
        request = command_request(phone, command, MESSAGE_WHO_MAY_RING, ticket);
        request->message.settings.has_who_may_ring = true;
        request->message.settings.who_may_ring = command->who_may_ring;
        hub_request_add(phone, request);
        return 0;
}

static int command_silence_all(Phone *phone, PhoneCall *call, const PhoneCommand *command,
                               uint64_t ticket)
{
        DL_FOREACH (phone->calls, call) {
                if (call_rings(call))
                        call_silence(phone, call);
        }
        return COMMAND_DONE;
}

static int command_clear(Phone *phone, PhoneCall *call, const PhoneCommand *command,
                         uint64_t ticket)
{
        PhoneCall *next;

        DL_FOREACH_SAFE (phone->calls, call, next) {
                if (!call_is_live(call))
                        call_remove(phone, call);
        }
        return COMMAND_DONE;
}

static int command_test_ring(Phone *phone, PhoneCall *call, const PhoneCommand *command,
                             uint64_t ticket)
{
        phone->test_ring_until = phone->instant.now + TEST_RING_US;
        return COMMAND_DONE;
}

/* Whether one more command may wait for the hub. Refuses the command if not. */
static bool command_has_room(Phone *phone, const PhoneCommand *command, uint64_t ticket)
{
        const HubRequest *request;
        size_t n = 0;

        DL_FOREACH (phone->requests, request)
                n += request->has_ticket && str_eq(request->client, command->client);
        if (n >= COMMANDS_PER_CLIENT_MAX) {
                phone_refuse(phone, ticket, command->session_id, CALL_ERROR_TOO_MANY,
                             "this program has %zu requests waiting for the hub already", n);
                return false;
        }
        if (phone->n_requests >= REQUESTS_MAX) {
                phone_refuse(phone, ticket, command->session_id, CALL_ERROR_TOO_MANY,
                             "%zu requests are waiting for the hub already", phone->n_requests);
                return false;
        }
        return true;
}

/*
 * How each command is carried out. A function returns COMMAND_DONE when the command is done, 0 when
 * it has refused the command or asked the hub, whose reply answers the ticket, or -ENOMEM.
 */
static const struct {
        int (*handle)(Phone *phone, PhoneCall *call, const PhoneCommand *command, uint64_t ticket);
        bool asks_hub;   /* limited by command_has_room() */
        bool needs_call; /* `call` is not NULL, and allows `method` */
        CallMethod method;
} commands[] = {
        [PHONE_COMMAND_INITIATE] = {command_initiate, true},
        [PHONE_COMMAND_ACCEPT] = {command_decide, true},
        [PHONE_COMMAND_REJECT] = {command_decide, true},
        [PHONE_COMMAND_END] = {command_decide, true},
        [PHONE_COMMAND_SILENCE] = {command_silence, false, true, CALL_METHOD_SILENCE},
        [PHONE_COMMAND_SILENCE_ALL] = {command_silence_all},
        [PHONE_COMMAND_DISMISS] = {command_dismiss},
        [PHONE_COMMAND_CLEAR_ACTIVE] = {command_clear},
        [PHONE_COMMAND_TEST_RING] = {command_test_ring},
        [PHONE_COMMAND_GENERATE_TOKEN] = {command_token, true, true, CALL_METHOD_SESSION},
        [PHONE_COMMAND_JOIN] = {command_join, true, true, CALL_METHOD_SESSION},
        [PHONE_COMMAND_LEAVE] = {command_leave, true, true, CALL_METHOD_SESSION},
        [PHONE_COMMAND_MUTE] = {command_mute, false, true, CALL_METHOD_SESSION},
        [PHONE_COMMAND_PAUSE_VIDEO] = {command_pause_video, false, true, CALL_METHOD_SESSION},
        [PHONE_COMMAND_STOP_SCREEN] = {command_stop_screen, false, true, CALL_METHOD_SESSION},
        [PHONE_COMMAND_BLOCK] = {command_block, true},
        [PHONE_COMMAND_WHO_MAY_RING] = {command_who_may_ring, true},
        [PHONE_COMMAND_WHEN_BUSY] = {command_when_busy},
        [PHONE_COMMAND_DO_NOT_DISTURB] = {command_do_not_disturb},
        [PHONE_COMMAND_SEEN] = {command_history, true},
        [PHONE_COMMAND_FORGET] = {command_history, true},
};

int phone_take_command(Phone *phone, const PhoneCommand *command, uint64_t ticket)
{
        PhoneCall *call = call_find(phone, command->session_id);
        CallError error = CALL_ERROR_NO_SUCH_CALL;

        assert(command->type < ELEMENTSOF(commands));
        if (commands[command->type].asks_hub && !command_has_room(phone, command, ticket))
                return 0;
        if (commands[command->type].needs_call &&
            (!call || call_judge(call, commands[command->type].method, command->client, &error) ==
                              METHOD_FAILS)) {
                char text[MESSAGE_TEXT_MAX + 1];

                command_explain(command->session_id, call, error, text);
                phone_refuse(phone, ticket, command->session_id, error, "%s", text);
                return 0;
        }
        int r = commands[command->type].handle(phone, call, command, ticket);
        if (r != COMMAND_DONE)
                return r;
        phone_done(phone, ticket, *command->session_id ? command->session_id : NULL);
        return 0;
}
