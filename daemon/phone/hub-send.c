/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "phone/hub-send.h"

#include <utlist.h>

#include "phone/action.h"
#include "phone/request.h"

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

void hub_request_add(Phone *phone, HubRequest *request)
{
        request->message.id = phone->next_id++;
        hub_request_put_back(phone, request);
        hub_request_pump(phone);
}

HubRequest *hub_request_merge(Phone *phone, MessageType type, const char *session_id)
{
        HubRequest *request, *last = NULL;

        DL_FOREACH (phone->requests, request) {
                if (request->message.type == type && hub_request_is_queued(request) &&
                    str_eq(hub_request_session_id(request), session_id))
                        last = request;
        }
        if (last)
                return last;
        request = hub_request_new(phone, type, session_id);
        request->message.id = phone->next_id++;
        hub_request_put_back(phone, request);
        return request;
}

void hub_request_ask(Phone *phone, MessageType type, const char *session_id)
{
        hub_request_add(phone, hub_request_new(phone, type, session_id));
}

static int hub_request_send(Phone *phone, HubRequest *request)
{
        Message message;
        int r;

        r = phone_reserve(phone);
        if (r < 0)
                return r;
        r = hub_request_copy(request, &message);
        if (r < 0)
                return r;
        message.ack = phone->seq_acked = phone->seq_seen;
        phone->ack_at = USEC_NEVER;
        phone_act(phone, PHONE_SEND, hub_request_session_id(request))->message = message;
        hub_request_set_state(request, HUB_REQUEST_IN_FLIGHT);
        return 0;
}

void hub_request_pump(Phone *phone)
{
        HubRequest *request;
        size_t n_in_flight = 0;

        if (phone->connection != PHONE_ONLINE)
                return;
        DL_FOREACH (phone->requests, request)
                n_in_flight += hub_request_is_sent(request);
        DL_FOREACH (phone->requests, request) {
                if (!hub_request_is_queued(request))
                        continue;
                /* When out of memory, the request stays queued until the next input. */
                if (n_in_flight++ >= REQUESTS_IN_FLIGHT_MAX || hub_request_send(phone, request) < 0)
                        break;
        }
}
