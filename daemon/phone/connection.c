/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <utlist.h>

#include "base/words.h"
#include "phone/internal.h"

static const char *const phone_connections[PHONE_CONNECTION_COUNT] = {
        [PHONE_LOGGED_OUT] = "logged-out", [PHONE_CONNECTING] = "connecting",
        [PHONE_ONLINE] = "online",         [PHONE_OFFLINE] = "offline",
        [PHONE_REFUSED] = "refused",
};
DEFINE_WORDS_TO_STRING(phone_connection, PhoneConnection, phone_connections);

/* Whether this was asked for here, of that call, and the hub has yet to learn of it. */
static bool history_asked(const Phone *phone, MessageType type, const CallRecord *record)
{
        const HubRequest *request;

        DL_FOREACH (phone->requests, request) {
                if (request->message.type == type &&
                    message_sessions_have(&request->message.sessions, record))
                        return true;
        }
        return false;
}

void phone_history_follows(Phone *phone)
{
        if (phone->history_welcomed)
                phone->history_since = phone->history_welcomed;
        phone->history_welcomed = 0;
}

usec_t phone_history_until(const Phone *phone)
{
        return MAX_OF(phone->instant.date,
                      MAX_OF(MAX_OF(phone->history_since, phone->history_welcomed),
                             phone->history_newest));
}

int phone_history_put(Phone *phone, const CallRecord *record)
{
        CallRecord copy = {};
        int r;

        phone->history_newest = MAX_OF(phone->history_newest, record->initiated_at);
        /* What the hub says of it is older than that. */
        if (history_asked(phone, MESSAGE_FORGET, record))
                return 0;
        r = call_record_copy(&copy, record);
        if (r < 0)
                return r;
        r = phone_reserve_action(phone);
        if (r < 0) {
                call_record_done(&copy);
                return r;
        }
        copy.seen = copy.seen || history_asked(phone, MESSAGE_SEEN, record);
        phone_act(phone, PHONE_HISTORY_PUT, record->session_id)->record = copy;
        return 0;
}

int phone_history_put_over(Phone *phone, const CallRecord *record, const MessageOver *over)
{
        CallRecord ended = *record;

        ended.status = rules_history_status(record->direction, over->status);
        STR_SET(ended.reason, over->reason);
        ended.ended_at = over->ended_at;
        ended.duration_s = over->duration_s;
        ended.seen = ended.status != CALL_STATUS_MISSED;
        return phone_history_put(phone, &ended);
}

int phone_history_news(Phone *phone, const CallRecord *record)
{
        PhoneCall *call = call_find(phone, record->session_id);
        int r;

        r = phone_history_put(phone, record);
        if (r < 0)
                return r;
        return call && call_is_live(call) && call->unknown
                       ? call_over_by_record(phone, call, record)
                       : 0;
}

int phone_history_page(Phone *phone, const ReplyHistory *page)
{
        int r;

        for (size_t i = 0; i < page->n_records; i++) {
                r = phone_history_news(phone, &page->records[i]);
                if (r < 0)
                        return r;
        }
        if (*page->next)
                return 0;
        phone->history_since = phone->history_paged_to;
        return welcome_history_known(phone);
}

void phone_acknowledge(Phone *phone)
{
        uint64_t n = phone->seq_seen - phone->seq_acked;

        if (phone->connection != PHONE_ONLINE || n == 0) {
                phone->ack_at = USEC_NEVER;
        } else if (n >= ACK_EVERY || phone->ack_at <= phone->instant.now) {
                Message ack = {.type = MESSAGE_ACK, .ack = phone->seq_seen};

                phone_act(phone, PHONE_SEND, NULL)->message = ack;
                phone->seq_acked = phone->seq_seen;
                phone->ack_at = USEC_NEVER;
        } else if (phone->ack_at == USEC_NEVER) {
                phone->ack_at = phone->instant.now + ACK_DELAY_US;
        }
}

void phone_hello(const Phone *phone, Message *ret)
{
        *ret = (Message){.type = MESSAGE_HELLO, .id = HELLO_ID};
        ret->hello.version = PROTOCOL_VERSION;
        STR_SET(ret->hello.resume, phone->link);
        ret->hello.resume_seq = phone->seq_seen;
        ret->hello.history_since = phone->history_since;
}

/* Without a connection that is to be expected, a new call is refused at once. */
static void connection_refuse_initiates(Phone *phone)
{
        HubRequest *request, *next;

        DL_FOREACH_SAFE (phone->requests, request, next) {
                if (request->message.type != MESSAGE_INITIATE || request->sent_once)
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
                r = phone_reserve(phone, 1, 1);
                if (r < 0)
                        return r;
                r = call_end_here(phone, call, CALL_EVENT_SHUTDOWN, CALL_REASON_NONE);
                if (r < 0)
                        return r;
        }
        r = phone_reserve(phone, 1, 1);
        if (r < 0)
                return r;
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
        *phone->link = '\0';
        phone->seq_seen = phone->seq_acked = 0;
        phone->history_since = phone->history_welcomed = phone->history_newest = 0;
        return 0;
}

int phone_connection_changed(Phone *phone, const Now *instant, PhoneConnection connection,
                             const char *text)
{
        int r;

        phone->instant = *instant;
        r = phone_reserve(phone, 1, 1);
        if (r < 0)
                return r;
        if (connection == PHONE_LOGGED_OUT) {
                r = connection_log_out(phone);
                if (r < 0)
                        return r;
        }
        str_printable(phone->connection_text, sizeof(phone->connection_text), text ? text : "");
        phone->connection = connection;
        phone->changed |= PHONE_PROPERTY_CONNECTION;
        hub_requests_lost(phone);
        if (connection == PHONE_OFFLINE || connection == PHONE_REFUSED)
                connection_refuse_initiates(phone);
        phone_settle(phone);
        return 0;
}
