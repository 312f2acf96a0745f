/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <utlist.h>

#include "call/phone-internal.h"

Request *request_new(Phone *phone, MessageType type, const char *session_id)
{
        Request *request = pool_take(&phone->spare_requests, sizeof(*request));

        request->message.type = type;
        request->deadline = USEC_NEVER;
        if (session_id)
                STR_SET(request->message.session.session_id, session_id);
        return request;
}

Request *request_free(Request *request)
{
        if (!request)
                return NULL;
        message_done(&request->message);
        free(request);
        return NULL;
}

void request_put_back(Phone *phone, Request *request)
{
        DL_APPEND(phone->requests, request);
        phone->n_requests++;
}

void request_add(Phone *phone, Request *request)
{
        request->message.id = phone->next_id++;
        request_put_back(phone, request);
        request_pump(phone);
}

void request_ask(Phone *phone, MessageType type, const char *session_id)
{
        request_add(phone, request_new(phone, type, session_id));
}

void request_take(Phone *phone, Request *request)
{
        DL_DELETE(phone->requests, request);
        phone->n_requests--;
}

void request_remove(Phone *phone, Request *request)
{
        request_take(phone, request);
        request_free(request);
}

void request_turn(Request *request, MessageType type)
{
        Message message = {.type = type};

        STR_SET(message.session.session_id, request_session_id(request));
        message_done(&request->message);
        request->message = message;
        request->sent = request->sent_once = request->confirmed = request->expired = false;
}

void request_succeed(Phone *phone, Request *request)
{
        if (request->has_ticket)
                phone_done(phone, request->ticket, request_session_id(request));
        request->has_ticket = false;
}

void request_fail(Phone *phone, Request *request, CallError error, const char *text)
{
        if (request->has_ticket)
                phone_refuse(phone, request->ticket, request_session_id(request), error, "%s",
                             text);
        request->has_ticket = false;
}

const char *request_session_id(const Request *request)
{
        switch (request->message.type) {
        case MESSAGE_SETTINGS:
        case MESSAGE_HISTORY:
        case MESSAGE_SEEN:
        case MESSAGE_FORGET:
        case MESSAGE_LOGOUT:
                return "";
        default:
                /* Every message about a call begins with its session id. */
                return request->message.session.session_id;
        }
}

Request *request_find(Phone *phone, MessageType type, const char *session_id)
{
        Request *request;

        DL_FOREACH (phone->requests, request) {
                if (request->message.type == type && !request->held &&
                    str_eq(request_session_id(request), session_id))
                        return request;
        }
        return NULL;
}

size_t requests_waiting(const Phone *phone, MessageType type, const char *session_id)
{
        const Request *request;
        size_t n = 0;

        DL_FOREACH (phone->requests, request)
                n += request->message.type == type && !request->sent &&
                     str_eq(request_session_id(request), session_id);
        return n;
}

static int sessions_copy(MessageSessions *to, const MessageSessions *from)
{
        size_t size = from->count * sizeof(*from->session_ids);

        *to = *from;
        to->session_ids = NULL;
        if (from->count == 0)
                return 0;
        to->session_ids = malloc(size);
        if (!to->session_ids)
                return -ENOMEM;
        memcpy(to->session_ids, from->session_ids, size);
        return 0;
}

/* The message as it is sent; the request keeps one to send again. */
static int request_copy(Request *request, Message *ret)
{
        Message copy = request->message;
        int r = 0;

        switch (copy.type) {
        case MESSAGE_INITIATE:
                copy.initiate.metadata = (Metadata){};
                r = metadata_copy(&copy.initiate.metadata, &request->message.initiate.metadata);
                break;
        case MESSAGE_SIGNAL:
                /* Sent once only: a lost one is old when the connection is back. */
                request->message.signal.data = NULL;
                break;
        case MESSAGE_SEEN:
        case MESSAGE_FORGET:
                r = sessions_copy(&copy.sessions, &request->message.sessions);
                break;
        default:
                break;
        }
        if (r < 0)
                return r;
        *ret = copy;
        return 0;
}

static int request_send(Phone *phone, Request *request)
{
        Message message;
        int r;

        r = phone_reserve_action(phone);
        if (r < 0)
                return r;
        r = request_copy(request, &message);
        if (r < 0)
                return r;
        message.ack = phone->seq_acked = phone->seq_seen;
        phone->ack_at = USEC_NEVER;
        phone_act(phone, PHONE_SEND, request_session_id(request))->message = message;
        request->sent = request->sent_once = true;
        return 0;
}

void request_pump(Phone *phone)
{
        Request *request;
        size_t n_in_flight = 0;

        if (phone->connection != PHONE_ONLINE)
                return;
        DL_FOREACH (phone->requests, request)
                n_in_flight += request->sent && !request->confirmed;
        DL_FOREACH (phone->requests, request) {
                if (request->held || request->sent || request->confirmed || request->expired)
                        continue;
                /* Without memory it waits here for the next event. */
                if (n_in_flight++ >= REQUESTS_IN_FLIGHT_MAX || request_send(phone, request) < 0)
                        break;
        }
}

void requests_lost(Phone *phone)
{
        Request *request, *next;

        DL_FOREACH_SAFE (phone->requests, request, next) {
                if (!request->sent)
                        continue;
                if (request->message.type == MESSAGE_SIGNAL || request->expired)
                        request_remove(phone, request);
                else
                        request->sent = false;
        }
}

static bool request_decides(const Request *request)
{
        MessageType type = request->message.type;

        return type == MESSAGE_ACCEPT || type == MESSAGE_REJECT || type == MESSAGE_CANCEL ||
               type == MESSAGE_END;
}

bool call_deciding(const Phone *phone, const Call *call)
{
        const Request *request;

        DL_FOREACH (phone->requests, request) {
                if ((request->message.type == MESSAGE_ACCEPT ||
                     request->message.type == MESSAGE_REJECT) &&
                    request->has_ticket && !request->held &&
                    str_eq(request_session_id(request), call->shown.record.session_id))
                        return true;
        }
        return false;
}

static Request *decision_find(Phone *phone, const char *session_id, bool held)
{
        Request *request;

        DL_FOREACH (phone->requests, request) {
                if (request_decides(request) && request->has_ticket && request->held == held &&
                    str_eq(request_session_id(request), session_id))
                        return request;
        }
        return NULL;
}

void decision_add(Phone *phone, Request *request)
{
        request->held = decision_find(phone, request_session_id(request), false) != NULL;
        if (request->held || decision_start(phone, request))
                request_add(phone, request);
        else
                request_free(request);
}

void decisions_go_on(Phone *phone, const char *session_id)
{
        Request *request;

        while (!decision_find(phone, session_id, false) &&
               (request = decision_find(phone, session_id, true))) {
                request->held = false;
                if (!decision_start(phone, request))
                        request_remove(phone, request);
        }
        request_pump(phone);
}

void decision_overtaken(Phone *phone, const char *session_id)
{
        Request *request = request_find(phone, MESSAGE_CANCEL, session_id);

        if (!request)
                return;
        request_take(phone, request);
        request_turn(request, MESSAGE_END);
        request_add(phone, request);
}

/* What becomes of a request when its call is over. */
static void request_call_over(Phone *phone, Request *request, const Call *call)
{
        if (request->held)
                return;
        if (request->confirmed) {
                request_succeed(phone, request);
        } else if (request->kept || (request_decides(request) && request->sent)) {
                /* The hub's reply will say. */
                return;
        } else if (request->has_ticket) {
                command_refuse(phone, request, call, CALL_ERROR_CALL_TERMINATED);
        }
        request_remove(phone, request);
}

void requests_call_over(Phone *phone, const Call *call)
{
        const char *session_id = call->shown.record.session_id;
        Request *request, *next;

        DL_FOREACH_SAFE (phone->requests, request, next) {
                if (str_eq(request_session_id(request), session_id) &&
                    request->message.type != MESSAGE_LEAVE)
                        request_call_over(phone, request, call);
        }
        decisions_go_on(phone, session_id);
}
