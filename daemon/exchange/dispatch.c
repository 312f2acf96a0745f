/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "exchange/handlers.h"

#include "exchange/action.h"
#include "exchange/answer.h"
#include "exchange/attachment.h"
#include "exchange/due.h"
#include "exchange/initiate.h"
#include "exchange/session.h"

static const struct {
        int (*handle)(Request *request);
        bool limited; /* also accepted from an attachment that is limited to one session's media */
} handlers[MESSAGE_TYPE_COUNT] = {
        [MESSAGE_INITIATE] = {exchange_request_initiate, false},
        [MESSAGE_DELIVERED] = {exchange_request_delivered, false},
        [MESSAGE_ALERTING] = {exchange_request_alerting, false},
        [MESSAGE_ACCEPT] = {exchange_request_accept, false},
        [MESSAGE_REJECT] = {exchange_request_reject, false},
        [MESSAGE_CANCEL] = {exchange_request_cancel, false},
        [MESSAGE_END] = {exchange_request_end, false},
        [MESSAGE_TOKEN] = {exchange_request_token, false},
        [MESSAGE_JOIN] = {exchange_request_join, true},
        [MESSAGE_LEAVE] = {exchange_request_leave, true},
        [MESSAGE_RELAYS] = {exchange_request_relays, true},
        [MESSAGE_SIGNAL] = {exchange_request_signal, true},
        [MESSAGE_STATE] = {exchange_request_state, true},
        [MESSAGE_SETTINGS] = {exchange_request_settings, false},
        [MESSAGE_BLOCK] = {exchange_request_block, false},
        [MESSAGE_WHO_MAY_RING] = {exchange_request_who_may_ring, false},
        [MESSAGE_GOING] = {exchange_request_going, false},
        [MESSAGE_LOGOUT] = {exchange_request_logout, false},
};

static int request_handle(Request *request)
{
        MessageType type = request->message->type;

        if (!handlers[type].handle)
                return exchange_request_refuse(request, CALL_ERROR_NOT_SUPPORTED,
                                               "unsupported request '%s'",
                                               message_type_to_string(type));
        if (!request->attachment)
                return exchange_request_refuse(request, CALL_ERROR_NOT_LOGGED_IN,
                                               "this connection is not logged in");
        if (request->attachment->leg && !handlers[type].limited)
                return exchange_request_refuse(
                        request, CALL_ERROR_AUTH_FAILED,
                        "'%s' is not allowed on a connection limited to a session's media",
                        message_type_to_string(type));
        request->device = request->attachment->leg ? request->attachment->leg->branches->device
                                                   : request->attachment->device;
        return handlers[type].handle(request);
}

static void request_conclude(Request *request, uint64_t attachment, int r)
{
        Message reply;

        if (r != 0)
                exchange_rollback(request->exchange);
        if (r == 0 && request->replied)
                return;

        if (r < 0)
                message_reply_error(&reply, request->message->id, CALL_ERROR_TOO_MANY,
                                    "the hub is out of memory");
        else if (r > 0)
                message_reply_error(&reply, request->message->id, (CallError)r, "%s",
                                    request->text);
        else
                message_reply_ok(&reply, request->message->id);
        exchange_push_reply(request->exchange, attachment, message_session_id(request->message),
                            &reply);
}

int exchange_take_message(Exchange *exchange, const ExchangeNow *moment, uint64_t attachment,
                          const Message *message, const PastCall *past)
{
        int r = exchange_take_tick(exchange, moment);

        if (r == 0)
                r = exchange_prepare(exchange);
        if (r < 0 || message->type == MESSAGE_ACK)
                return r;

        Request request = {
                .exchange = exchange,
                .moment = moment,
                .attachment = exchange_attachment_find(exchange, attachment),
                .message = message,
                .past = past,
        };
        if (request.attachment && request.attachment->device)
                request.attachment->device->going = false;
        r = request_handle(&request);
        request_conclude(&request, attachment, r);
        exchange_commit(exchange);
        if (r == 0 && message->type == MESSAGE_LOGOUT)
                exchange_attachment_free(exchange, request.attachment);
        /* The request is answered; if memory is short, other deadlines can wait. */
        (void)exchange_take_tick(exchange, moment);
        return 0;
}
