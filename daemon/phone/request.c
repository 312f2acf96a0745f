/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "phone/request.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <utlist.h>

#include "base/array.h"
#include "base/log.h"
#include "base/words.h"
#include "phone/action.h"

static const char *const hub_request_states[HUB_REQUEST_STATE_COUNT] = {
        [HUB_REQUEST_QUEUED] = "queued",       [HUB_REQUEST_HELD] = "held",
        [HUB_REQUEST_IN_FLIGHT] = "in flight", [HUB_REQUEST_QUEUED_AGAIN] = "queued again",
        [HUB_REQUEST_CONFIRMED] = "confirmed", [HUB_REQUEST_EXPIRED] = "expired",
};
DEFINE_WORDS_TO_STRING(hub_request_state, HubRequestState, hub_request_states);

#define BIT(state) (1U << HUB_REQUEST_##state)

void hub_request_set_state(HubRequest *request, HubRequestState state)
{
        /* For each state, the states that may precede it. hub_request_turn() queues from any. */
        static const unsigned from[HUB_REQUEST_STATE_COUNT] = {
                [HUB_REQUEST_QUEUED] = UINT_MAX,
                [HUB_REQUEST_HELD] = BIT(QUEUED),
                [HUB_REQUEST_IN_FLIGHT] = BIT(QUEUED) | BIT(QUEUED_AGAIN),
                [HUB_REQUEST_QUEUED_AGAIN] = BIT(IN_FLIGHT),
                [HUB_REQUEST_CONFIRMED] = BIT(IN_FLIGHT) | BIT(EXPIRED),
                [HUB_REQUEST_EXPIRED] = BIT(IN_FLIGHT),
        };

        assert(from[state] & (1U << request->state));
        log_debug("%s %" PRIu64 " of call '%s': %s, was %s",
                  message_type_to_string(request->message.type), request->message.id,
                  hub_request_session_id(request), hub_request_state_to_string(state),
                  hub_request_state_to_string(request->state));
        request->state = state;
}

bool hub_request_is_queued(const HubRequest *request)
{
        return request->state == HUB_REQUEST_QUEUED || request->state == HUB_REQUEST_QUEUED_AGAIN;
}

bool hub_request_is_sent(const HubRequest *request)
{
        return request->state == HUB_REQUEST_IN_FLIGHT || request->state == HUB_REQUEST_EXPIRED;
}

void hub_request_unsave(HubRequest *request)
{
        if (request->saved)
                request->saved->gone = true;
        request->saved = NULL;
}

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
        hub_request_set_state(request, HUB_REQUEST_QUEUED);
}

const char *hub_request_session_id(const HubRequest *request)
{
        return message_session_id(&request->message);
}

HubRequest *hub_request_find(Phone *phone, MessageType type, const char *session_id)
{
        HubRequest *request;

        DL_FOREACH (phone->requests, request) {
                if (request->message.type == type && request->state != HUB_REQUEST_HELD &&
                    str_eq(hub_request_session_id(request), session_id))
                        return request;
        }
        return NULL;
}

size_t hub_requests_waiting(const Phone *phone, MessageType type, const char *session_id)
{
        const HubRequest *request;
        size_t n = 0;

        DL_FOREACH (phone->requests, request)
                n += request->message.type == type && hub_request_is_queued(request) &&
                     str_eq(hub_request_session_id(request), session_id);
        return n;
}

static int sessions_copy(MessageSessions *to, const MessageSessions *from)
{
        *to = *from;
        to->session_ids = NULL;
        return ARRAY_COPY(&to->session_ids, from->session_ids, from->count);
}

int hub_request_copy(const HubRequest *request, Message *ret)
{
        Message copy = request->message;
        int r = 0;

        /* Other requests own nothing. */
        if (copy.type == MESSAGE_INITIATE) {
                copy.initiate.metadata = (Metadata){};
                r = metadata_copy(&copy.initiate.metadata, &request->message.initiate.metadata);
        } else if (copy.type == MESSAGE_SIGNAL) {
                copy.signal.data = strdup(request->message.signal.data);
                r = copy.signal.data ? 0 : -ENOMEM;
        } else if (copy.type == MESSAGE_SEEN || copy.type == MESSAGE_FORGET) {
                r = sessions_copy(&copy.sessions, &request->message.sessions);
        }
        if (r < 0)
                return r;
        *ret = copy;
        return 0;
}

void hub_requests_drop_signals(Phone *phone, const PhoneCall *call)
{
        HubRequest *request, *next;

        DL_FOREACH_SAFE (phone->requests, request, next) {
                if (request->message.type == MESSAGE_SIGNAL &&
                    str_eq(hub_request_session_id(request), call->stored.record.session_id))
                        hub_request_remove(phone, request);
        }
}

bool hub_request_joins(const HubRequest *request)
{
        return request->message.type == MESSAGE_JOIN ||
               (request->message.type == MESSAGE_TOKEN && request->command == PHONE_COMMAND_JOIN);
}

bool hub_request_decides(const HubRequest *request)
{
        MessageType type = request->message.type;

        return type == MESSAGE_ACCEPT || type == MESSAGE_REJECT || type == MESSAGE_CANCEL ||
               type == MESSAGE_END;
}

bool hub_request_joining(Phone *phone, const char *session_id)
{
        return hub_request_find(phone, MESSAGE_JOIN, session_id) ||
               hub_request_find(phone, MESSAGE_TOKEN, session_id);
}

bool call_deciding(const Phone *phone, const PhoneCall *call)
{
        const HubRequest *request;

        DL_FOREACH (phone->requests, request) {
                if ((request->message.type == MESSAGE_ACCEPT ||
                     request->message.type == MESSAGE_REJECT) &&
                    request->has_ticket && request->state != HUB_REQUEST_HELD &&
                    str_eq(hub_request_session_id(request), call->stored.record.session_id))
                        return true;
        }
        return false;
}
