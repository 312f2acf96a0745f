/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "phone/connection.h"

#include <utlist.h>

#include "base/words.h"
#include "phone/action.h"
#include "phone/announce.h"
#include "phone/call.h"
#include "phone/end.h"
#include "phone/handlers.h"
#include "phone/request.h"
#include "phone/user.h"

/* Follows the reason of a refusal that is not final. */
#define REFUSED_TRIES_ON "; trying again from time to time"

static const char *const phone_connections[PHONE_CONNECTION_COUNT] = {
        [PHONE_LOGGED_OUT] = "logged-out", [PHONE_CONNECTING] = "connecting",
        [PHONE_ONLINE] = "online",         [PHONE_OFFLINE] = "offline",
        [PHONE_REFUSED] = "refused",
};
DEFINE_WORDS_TO_STRING(phone_connection, PhoneConnection, phone_connections);

void phone_history_follows(Phone *phone)
{
        if (phone->history_welcomed)
                phone->history_since = phone->history_welcomed;
        phone->history_welcomed = 0;
}

void phone_hello(const Phone *phone, Message *ret)
{
        *ret = (Message){.type = MESSAGE_HELLO, .id = HELLO_ID};
        ret->hello.version = PROTOCOL_VERSION;
        STR_SET(ret->hello.resume, phone->link);
        ret->hello.resume_seq = phone->seq_seen;
        ret->hello.history_since = phone->history_since;
}

/* Refuses new calls that are still queued: no connection is up or being made. */
static void connection_refuse_initiates(Phone *phone)
{
        HubRequest *request, *next;

        DL_FOREACH_SAFE (phone->requests, request, next) {
                if (request->message.type != MESSAGE_INITIATE ||
                    request->state != HUB_REQUEST_QUEUED)
                        continue;
                hub_request_fail(phone, request, CALL_ERROR_NOT_CONNECTED,
                                 *phone->connection_text ? phone->connection_text
                                                         : "there is no connection to the hub");
                hub_request_remove(phone, request);
        }
}

static int connection_log_out(Phone *phone)
{
        PhoneCall *call, *next;
        HubRequest *request, *next_request;
        int r;

        DL_FOREACH_SAFE (phone->calls, call, next) {
                r = call_end_here(phone, call, CALL_EVENT_SHUTDOWN, CALL_REASON_NONE);
                if (r == 0)
                        r = phone_reserve(phone);
                if (r < 0)
                        return r;
        }
        DL_FOREACH_SAFE (phone->requests, request, next_request) {
                hub_request_fail(phone, request, CALL_ERROR_NOT_LOGGED_IN,
                                 "logged out while it waited for the hub");
                hub_request_remove(phone, request);
        }
        if (phone->connection == PHONE_ONLINE) {
                Message logout = {.type = MESSAGE_LOGOUT, .id = phone->next_id++};

                phone_act(phone, PHONE_SEND, NULL)->message = logout;
        }
        user_forget(phone);
        phone->welcomed = false;
        phone->n_refusals = 0;
        *phone->link = '\0';
        phone->seq_seen = phone->seq_acked = 0;
        phone->history_since = phone->history_welcomed = 0;
        return 0;
}

/*
 * Notes a signal that may not have arrived. It must not arrive twice, so the device joins the media
 * again instead of sending it again.
 */
static void signal_lost(Phone *phone, const char *session_id)
{
        PhoneCall *call = call_find(phone, session_id);

        if (call)
                call->signals_lost = true;
}

static bool is_joining(Phone *phone, const HubRequest *request)
{
        const PhoneCall *call = call_find(phone, hub_request_session_id(request));

        return call && call->stored.session.state == SESSION_JOINING;
}

static void hub_requests_lost(Phone *phone)
{
        HubRequest *request, *next;

        DL_FOREACH_SAFE (phone->requests, request, next) {
                if (!hub_request_is_sent(request))
                        continue;
                bool expired = request->state == HUB_REQUEST_EXPIRED;

                if (request->message.type == MESSAGE_SIGNAL)
                        signal_lost(phone, hub_request_session_id(request));
                /*
                 * Only a snapshot shows whether this accept has answered the call, so do not
                 * resume.
                 */
                if (request->message.type == MESSAGE_ACCEPT && expired)
                        *phone->link = '\0';
                if (request->message.type == MESSAGE_SIGNAL || expired)
                        hub_request_remove(phone, request);
                else if (hub_request_joins(request) && !is_joining(phone, request))
                        hub_request_left(phone, request);
                else
                        hub_request_set_state(request, HUB_REQUEST_QUEUED_AGAIN);
        }
}

int phone_take_connection(Phone *phone, PhoneConnection connection, const char *text)
{
        int r;

        if (connection == PHONE_LOGGED_OUT) {
                r = connection_log_out(phone);
                if (r < 0)
                        return r;
        }
        str_printable(phone->connection_text, sizeof(phone->connection_text), text ? text : "");
        phone->connection = connection;
        phone->connect_at = USEC_NEVER;
        phone->changed |= PHONE_PROPERTY_CONNECTION;
        hub_requests_lost(phone);
        if (connection == PHONE_OFFLINE || connection == PHONE_REFUSED)
                connection_refuse_initiates(phone);
        return 0;
}

/* How long to wait before the next try, after so many refusals in a row. */
static usec_t refused_wait(unsigned n)
{
        static const usec_t waits[] = {REFUSED_WAIT_FIRST_US, REFUSED_WAIT_SECOND_US,
                                       REFUSED_WAIT_LAST_US};

        return waits[MIN_OF(n, (unsigned)ELEMENTSOF(waits)) - 1];
}

static unsigned count_refusal(Phone *phone)
{
        usec_t now = phone->instant.now;

        if (now - phone->refused_at >= REFUSED_FORGET_US)
                phone->n_refusals = 0;
        phone->refused_at = now;
        return ++phone->n_refusals;
}

int phone_take_refusal(Phone *phone, HubRefusal why, const char *text)
{
        bool is_final = why == HUB_REFUSAL_REVOKED || !phone->welcomed;
        char sentence[MESSAGE_TEXT_MAX + 1];

        snprintf(sentence, sizeof(sentence), "%s%s", text, is_final ? "" : REFUSED_TRIES_ON);
        int r = phone_take_connection(phone, PHONE_REFUSED, sentence);
        if (r >= 0 && !is_final)
                phone->connect_at = phone->instant.now + refused_wait(count_refusal(phone));
        return r;
}

bool phone_refusal_is_final(const Phone *phone)
{
        return phone->connection == PHONE_REFUSED && phone->connect_at == USEC_NEVER;
}

void phone_restore_login(Phone *phone)
{
        phone->welcomed = true;
}

PhoneConnection phone_connection(const Phone *phone, const char **ret_text)
{
        if (ret_text)
                *ret_text = phone->connection_text;
        return phone->connection;
}
