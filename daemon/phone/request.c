/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <utlist.h>

#include "phone/internal.h"

HubRequest *hub_request_new(Phone *phone, MessageType type, const char *session_id)
{
        HubRequest *request = pool_take(&phone->spare_requests, sizeof(*request));

        request->message.type = type;
        request->deadline = USEC_NEVER;
        if (session_id)
                STR_SET(request->message.session.session_id, session_id);
        return request;
}

HubRequest *hub_request_free(HubRequest *request)
{
        if (!request)
                return NULL;
        hub_request_unsave(request);
        message_done(&request->message);
        free(request);
        return NULL;
}

void hub_request_put_back(Phone *phone, HubRequest *request)
{
        DL_APPEND(phone->requests, request);
        phone->n_requests++;
}

void hub_request_add(Phone *phone, HubRequest *request)
{
        request->message.id = phone->next_id++;
        hub_request_put_back(phone, request);
        hub_request_pump(phone);
}

void hub_request_ask(Phone *phone, MessageType type, const char *session_id)
{
        hub_request_add(phone, hub_request_new(phone, type, session_id));
}

void hub_request_take(Phone *phone, HubRequest *request)
{
        DL_DELETE(phone->requests, request);
        phone->n_requests--;
}

void hub_request_remove(Phone *phone, HubRequest *request)
{
        hub_request_take(phone, request);
        hub_request_free(request);
}

void hub_request_turn(HubRequest *request, MessageType type)
{
        Message message = {.type = type};

        STR_SET(message.session.session_id, hub_request_session_id(request));
        hub_request_unsave(request);
        message_done(&request->message);
        request->message = message;
        request->sent = request->sent_once = request->confirmed = request->expired = false;
}

void hub_request_succeed(Phone *phone, HubRequest *request)
{
        if (request->has_ticket)
                phone_done(phone, request->ticket, hub_request_session_id(request));
        request->has_ticket = false;
}

void hub_request_fail(Phone *phone, HubRequest *request, CallError error, const char *text)
{
        if (request->has_ticket)
                phone_refuse(phone, request->ticket, hub_request_session_id(request), error, "%s",
                             text);
        request->has_ticket = false;
}

const char *hub_request_session_id(const HubRequest *request)
{
        switch (request->message.type) {
        case MESSAGE_SETTINGS:
        case MESSAGE_BLOCK:
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

HubRequest *hub_request_find(Phone *phone, MessageType type, const char *session_id)
{
        HubRequest *request;

        DL_FOREACH (phone->requests, request) {
                if (request->message.type == type && !request->held &&
                    str_eq(hub_request_session_id(request), session_id))
                        return request;
        }
        return NULL;
}

HubRequest *hub_request_find_last(Phone *phone, MessageType type, const char *session_id)
{
        HubRequest *request, *last = NULL;

        DL_FOREACH (phone->requests, request) {
                if (request->message.type == type && !request->held &&
                    str_eq(hub_request_session_id(request), session_id))
                        last = request;
        }
        return last;
}

size_t hub_requests_waiting(const Phone *phone, MessageType type, const char *session_id)
{
        const HubRequest *request;
        size_t n = 0;

        DL_FOREACH (phone->requests, request)
                n += request->message.type == type && !request->sent &&
                     str_eq(hub_request_session_id(request), session_id);
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

int hub_request_copy(const HubRequest *request, Message *ret)
{
        Message copy = request->message;
        int r = 0;

        switch (copy.type) {
        case MESSAGE_INITIATE:
                copy.initiate.metadata = (Metadata){};
                r = metadata_copy(&copy.initiate.metadata, &request->message.initiate.metadata);
                break;
        case MESSAGE_SIGNAL:
                copy.signal.data = strdup(request->message.signal.data);
                r = copy.signal.data ? 0 : -ENOMEM;
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

static int hub_request_send(Phone *phone, HubRequest *request)
{
        Message message;
        int r;

        r = phone_reserve_action(phone);
        if (r < 0)
                return r;
        r = hub_request_copy(request, &message);
        if (r < 0)
                return r;
        message.ack = phone->seq_acked = phone->seq_seen;
        phone->ack_at = USEC_NEVER;
        phone_act(phone, PHONE_SEND, hub_request_session_id(request))->message = message;
        request->sent = request->sent_once = true;
        return 0;
}

void hub_request_pump(Phone *phone)
{
        HubRequest *request;
        size_t n_in_flight = 0;

        if (phone->connection != PHONE_ONLINE)
                return;
        DL_FOREACH (phone->requests, request)
                n_in_flight += request->sent && !request->confirmed;
        DL_FOREACH (phone->requests, request) {
                if (request->held || request->sent || request->confirmed || request->expired)
                        continue;
                /* Without memory it waits here for the next event. */
                if (n_in_flight++ >= REQUESTS_IN_FLIGHT_MAX || hub_request_send(phone, request) < 0)
                        break;
        }
}

/* It may have come through, and must not come twice: whoever waits for it is joined anew. */
static void signal_lost(Phone *phone, const char *session_id)
{
        PhoneCall *call = call_find(phone, session_id);

        if (call)
                call->signals_lost = true;
}

void hub_requests_lost(Phone *phone)
{
        HubRequest *request, *next;

        DL_FOREACH_SAFE (phone->requests, request, next) {
                if (!request->sent)
                        continue;
                if (request->message.type == MESSAGE_SIGNAL)
                        signal_lost(phone, hub_request_session_id(request));
                /* Whether that has answered the call is for a snapshot to say: none by a resume. */
                if (request->message.type == MESSAGE_ACCEPT && request->expired)
                        *phone->link = '\0';
                if (request->message.type == MESSAGE_SIGNAL || request->expired)
                        hub_request_remove(phone, request);
                else
                        request->sent = false;
        }
}

void hub_requests_drop_signals(Phone *phone, const PhoneCall *call)
{
        HubRequest *request, *next;

        DL_FOREACH_SAFE (phone->requests, request, next) {
                if (request->message.type == MESSAGE_SIGNAL &&
                    str_eq(hub_request_session_id(request), call->info.record.session_id))
                        hub_request_remove(phone, request);
        }
}

static bool hub_request_decides(const HubRequest *request)
{
        MessageType type = request->message.type;

        return type == MESSAGE_ACCEPT || type == MESSAGE_REJECT || type == MESSAGE_CANCEL ||
               type == MESSAGE_END;
}

bool call_deciding(const Phone *phone, const PhoneCall *call)
{
        const HubRequest *request;

        DL_FOREACH (phone->requests, request) {
                if ((request->message.type == MESSAGE_ACCEPT ||
                     request->message.type == MESSAGE_REJECT) &&
                    request->has_ticket && !request->held &&
                    str_eq(hub_request_session_id(request), call->info.record.session_id))
                        return true;
        }
        return false;
}

static HubRequest *decision_find(Phone *phone, const char *session_id, bool held)
{
        HubRequest *request;

        DL_FOREACH (phone->requests, request) {
                if (hub_request_decides(request) && request->has_ticket && request->held == held &&
                    str_eq(hub_request_session_id(request), session_id))
                        return request;
        }
        return NULL;
}

void decision_add(Phone *phone, HubRequest *request)
{
        request->held = decision_find(phone, hub_request_session_id(request), false) != NULL;
        if (request->held || decision_start(phone, request))
                hub_request_add(phone, request);
        else
                hub_request_free(request);
}

void decisions_go_on(Phone *phone, const char *session_id)
{
        HubRequest *request;

        while (!decision_find(phone, session_id, false) &&
               (request = decision_find(phone, session_id, true))) {
                request->held = false;
                if (!decision_start(phone, request))
                        hub_request_remove(phone, request);
        }
        hub_request_pump(phone);
}

void decision_overtaken(Phone *phone, const char *session_id)
{
        HubRequest *request = hub_request_find(phone, MESSAGE_CANCEL, session_id);

        if (!request)
                return;
        hub_request_take(phone, request);
        hub_request_turn(request, MESSAGE_END);
        hub_request_add(phone, request);
}

/* What becomes of a request when its call is over. */
static void hub_request_call_over(Phone *phone, HubRequest *request, const PhoneCall *call)
{
        if (request->held)
                return;
        if (request->confirmed) {
                hub_request_succeed(phone, request);
        } else if (request->kept || (hub_request_decides(request) && request->sent)) {
                /* The hub's reply will say. */
                return;
        } else if (request->has_ticket) {
                command_refuse(phone, request, call, CALL_ERROR_CALL_TERMINATED);
        }
        hub_request_remove(phone, request);
}

void hub_requests_call_over(Phone *phone, const PhoneCall *call)
{
        const char *session_id = call->info.record.session_id;
        HubRequest *request, *next;

        DL_FOREACH_SAFE (phone->requests, request, next) {
                if (str_eq(hub_request_session_id(request), session_id) &&
                    request->message.type != MESSAGE_LEAVE)
                        hub_request_call_over(phone, request, call);
        }
        decisions_go_on(phone, session_id);
}
