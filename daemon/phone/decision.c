/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "phone/decision.h"

#include <assert.h>
#include <stdio.h>
#include <utlist.h>

#include "phone/announce.h"
#include "phone/call.h"
#include "phone/hub-send.h"
#include "phone/request.h"
#include "phone/session.h"

void command_explain(const char *session_id, const PhoneCall *call, CallError error,
                     char text[static MESSAGE_TEXT_MAX + 1])
{
        const CallRecord *record = call ? &call->stored.record : NULL;
        bool here = call && *call->stored.handled_by;
        char id[UUID_LENGTH + 1];

        str_printable(id, sizeof(id), session_id);
        if (error == CALL_ERROR_TOO_MANY)
                snprintf(text, MESSAGE_TEXT_MAX, "there are %d calls on this device already",
                         PHONE_CALLS_MAX);
        else if (!record)
                snprintf(text, MESSAGE_TEXT_MAX, "there is no call '%s' on this device", id);
        else if (error == CALL_ERROR_CALL_TERMINATED)
                snprintf(text, MESSAGE_TEXT_MAX, "the call is over: %s",
                         call_outcome_words(record->status, record->reason));
        else if (error == CALL_ERROR_ANSWERED_ELSEWHERE)
                snprintf(text, MESSAGE_TEXT_MAX, "the call was answered %s",
                         here ? "by another program here" : "on another device");
        else if (error == CALL_ERROR_CALL_ONGOING)
                snprintf(text, MESSAGE_TEXT_MAX,
                         "the call has been answered already: it can be hung up");
        else
                snprintf(text, MESSAGE_TEXT_MAX, "not possible with an %s call that %s",
                         call_direction_to_string(record->direction),
                         call_status_does(record->status));
}

void command_refuse(Phone *phone, HubRequest *request, const PhoneCall *call, CallError error)
{
        char text[MESSAGE_TEXT_MAX + 1];

        command_explain(hub_request_session_id(request), call, error, text);
        hub_request_fail(phone, request, error, text);
}

MethodVerdict call_judge(const PhoneCall *call, CallMethod method, const char *client,
                         CallError *ret_error)
{
        const CallRecord *record = &call->stored.record;
        CallReason reason = CALL_REASON_NONE;

        /* A reason that this version does not know counts as none. */
        (void)call_reason_from_string(record->reason, &reason);
        return rules_method(record->direction, record->status, reason, method,
                            call->stored.answered_here && str_eq(call->stored.handler, client),
                            ret_error);
}

static CallMethod decision_method(MessageType type)
{
        assert(type == MESSAGE_ACCEPT || type == MESSAGE_REJECT || type == MESSAGE_CANCEL ||
               type == MESSAGE_END);
        return type == MESSAGE_ACCEPT   ? CALL_METHOD_ACCEPT
               : type == MESSAGE_REJECT ? CALL_METHOD_REJECT
               : type == MESSAGE_CANCEL ? CALL_METHOD_CANCEL
                                        : CALL_METHOD_END;
}

bool accept_is_late(const HubRequest *request, const PhoneCall *call)
{
        if (request->message.type != MESSAGE_ACCEPT || !request->has_ticket)
                return false;
        return !call ||
               (!call_is_live(call) && call->stored.record.receiver_type == RECEIVER_TYPE_GROUP);
}

static bool is_accept_of(const HubRequest *request, const PhoneCall *call)
{
        return request->message.type == MESSAGE_ACCEPT &&
               str_eq(hub_request_session_id(request), call->stored.record.session_id);
}

void accept_withdrawn(Phone *phone, const PhoneCall *call)
{
        HubRequest *request;

        DL_FOREACH (phone->requests, request)
                if (is_accept_of(request, call))
                        request->consent.join = false;
}

void accept_muted(Phone *phone, const PhoneCall *call, bool on)
{
        HubRequest *request;

        DL_FOREACH (phone->requests, request)
                if (is_accept_of(request, call))
                        request->settings.start_audio_muted = on;
}

void accept_paused(Phone *phone, const PhoneCall *call, bool on)
{
        HubRequest *request;

        DL_FOREACH (phone->requests, request)
                if (is_accept_of(request, call))
                        request->settings.start_video_paused = on;
}

static bool decision_start(Phone *phone, HubRequest *request)
{
        PhoneCall *call = call_find(phone, hub_request_session_id(request));
        CallMethod method = decision_method(request->message.type);
        CallError error;

        /* Only the hub knows whether the call goes on without this device. */
        if (accept_is_late(request, call) && (call || phone->connection == PHONE_ONLINE)) {
                if (phone_n_live_calls(phone) < PHONE_CALLS_MAX)
                        return true;
                command_refuse(phone, request, call, CALL_ERROR_TOO_MANY);
                return false;
        }
        if (!call) {
                command_refuse(phone, request, NULL, CALL_ERROR_NO_SUCH_CALL);
                return false;
        }
        switch (call_judge(call, method, request->client, &error)) {
        case METHOD_FAILS:
                command_refuse(phone, request, call, error);
                return false;
        case METHOD_SUCCEEDS:
                hub_request_succeed(phone, request);
                return false;
        case METHOD_DOES:
                break;
        }
        if (method == CALL_METHOD_CANCEL || method == CALL_METHOD_END) {
                request->durable = true;
                call->stored.unwanted = true;
        }
        call_touch(call);
        /* Close at once: a person who hangs up is not heard until the hub replies. */
        if (method == CALL_METHOD_END)
                session_close(phone, call);
        return true;
}

static HubRequest *decision_find(Phone *phone, const char *session_id, bool held)
{
        HubRequest *request;

        DL_FOREACH (phone->requests, request) {
                if (hub_request_decides(request) && request->has_ticket &&
                    (request->state == HUB_REQUEST_HELD) == held &&
                    str_eq(hub_request_session_id(request), session_id))
                        return request;
        }
        return NULL;
}

/*
 * Whoever declines or hangs up after an answer that is still on its way is not heard, even if this
 * decision has to wait for that one. A program that finds the person busy decides nothing for them.
 */
static void withdraw_answers(Phone *phone, const HubRequest *decision)
{
        PhoneCall *call = call_find(phone, hub_request_session_id(decision));
        const Message *message = &decision->message;

        if (!call || message->type == MESSAGE_ACCEPT ||
            (message->type == MESSAGE_REJECT && message->reject.status != CALL_STATUS_REJECTED))
                return;
        accept_withdrawn(phone, call);
        call_touch(call);
}

void decision_add(Phone *phone, HubRequest *request)
{
        withdraw_answers(phone, request);
        bool held = decision_find(phone, hub_request_session_id(request), false);

        if (held)
                hub_request_set_state(request, HUB_REQUEST_HELD);
        if (held || decision_start(phone, request))
                hub_request_add(phone, request);
        else
                hub_request_free(request);
}

void decisions_continue(Phone *phone, const char *session_id)
{
        HubRequest *request;

        while (!decision_find(phone, session_id, false) &&
               (request = decision_find(phone, session_id, true))) {
                hub_request_set_state(request, HUB_REQUEST_QUEUED);
                if (!decision_start(phone, request))
                        hub_request_remove(phone, request);
        }
        hub_request_pump(phone);
}

void cancel_to_hangup(Phone *phone, const char *session_id)
{
        HubRequest *request = hub_request_find(phone, MESSAGE_CANCEL, session_id);

        if (!request)
                return;
        hub_request_take(phone, request);
        hub_request_turn(request, MESSAGE_END);
        hub_request_add(phone, request);
}

/* Replies to the request's command if that is possible without the hub: the call is over. */
static void hub_request_call_over(Phone *phone, HubRequest *request, const PhoneCall *call)
{
        if (request->state == HUB_REQUEST_HELD)
                return;
        if (request->state == HUB_REQUEST_CONFIRMED) {
                hub_request_succeed(phone, request);
        } else if (request->durable ||
                   (hub_request_decides(request) && hub_request_is_sent(request))) {
                /* Wait for the hub's reply. */
                return;
        } else if (request->has_ticket) {
                command_refuse(phone, request, call, CALL_ERROR_CALL_TERMINATED);
        }
        hub_request_remove(phone, request);
}

void hub_requests_call_over(Phone *phone, const PhoneCall *call)
{
        const char *session_id = call->stored.record.session_id;
        HubRequest *request, *next;

        DL_FOREACH_SAFE (phone->requests, request, next) {
                if (str_eq(hub_request_session_id(request), session_id) &&
                    request->message.type != MESSAGE_LEAVE)
                        hub_request_call_over(phone, request, call);
        }
        decisions_continue(phone, session_id);
}
