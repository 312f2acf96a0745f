/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tringd/requests.h"

#include <errno.h>
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "base/log.h"
#include "tringd/errors.h"
#include "tringd/objects.h"

typedef struct Request {
        uint64_t ticket;
        sd_bus_message *message;
        RequestReply reply;
        UT_hash_handle hh;
} Request;

struct Requests {
        Request *by_ticket;
        uint64_t last_ticket;
};

static Request *request_free(Request *request)
{
        if (request)
                sd_bus_message_unref(request->message);
        free(request);
        return NULL;
}
DEFINE_CLEANUP(Request *, request_free);

int requests_new(Requests **ret)
{
        Requests *requests = calloc(1, sizeof(*requests));

        if (!requests)
                return -ENOMEM;
        *ret = requests;
        return 0;
}

Requests *requests_free(Requests *requests)
{
        Request *request, *next;

        if (!requests)
                return NULL;
        HASH_ITER (hh, requests->by_ticket, request, next) {
                HASH_DEL(requests->by_ticket, request);
                request_free(request);
        }
        free(requests);
        return NULL;
}

uint64_t requests_ticket(Requests *requests)
{
        return ++requests->last_ticket;
}

int requests_hold(Requests *requests, sd_bus_message *message, RequestReply reply,
                  uint64_t *ret_ticket)
{
        _cleanup_(request_freep) Request *request = calloc(1, sizeof(*request));

        if (!request)
                return -ENOMEM;
        request->ticket = requests_ticket(requests);
        request->message = sd_bus_message_ref(message);
        request->reply = reply;
        HASH_ADD(hh, requests->by_ticket, ticket, sizeof(request->ticket), request);
        if (!request->hh.tbl)
                return -ENOMEM;
        *ret_ticket = request->ticket;
        TAKE_PTR(request);
        return 0;
}

static Request *find_request(Requests *requests, uint64_t ticket)
{
        Request *request;

        HASH_FIND(hh, requests->by_ticket, &ticket, sizeof(ticket), request);
        return request;
}

const char *requests_tied_owner(Requests *requests, uint64_t ticket)
{
        const Request *request = find_request(requests, ticket);

        return request && request->reply == REQUEST_REPLY_TIED_CALL
                       ? sd_bus_message_get_sender(request->message)
                       : NULL;
}

static Request *requests_take(Requests *requests, uint64_t ticket)
{
        Request *request = find_request(requests, ticket);

        if (request)
                HASH_DEL(requests->by_ticket, request);
        return request;
}

static int reply_token(sd_bus_message *call, const char *token)
{
        sd_bus_message *reply = NULL;
        int r = sd_bus_message_new_method_return(call, &reply);

        if (r >= 0)
                r = sd_bus_message_sensitive(reply);
        if (r >= 0)
                r = sd_bus_message_append(reply, "s", token);
        if (r >= 0)
                r = sd_bus_send(NULL, reply, NULL);
        sd_bus_message_unref(reply);
        return r;
}

static int request_answer(const Request *request, const PhoneAction *done)
{
        char path[CALL_PATH_SIZE];

        if (done->error != CALL_ERROR_NONE)
                return error_reply(request->message, done->error, done->text);

        call_path_from_id(path, done->session_id);
        switch (request->reply) {
        case REQUEST_REPLY_EMPTY:
                return sd_bus_reply_method_return(request->message, NULL);
        case REQUEST_REPLY_CALL:
                return sd_bus_reply_method_return(request->message, "o", path);
        case REQUEST_REPLY_CALL_AND_ID:
        case REQUEST_REPLY_TIED_CALL:
                return sd_bus_reply_method_return(request->message, "os", path, done->session_id);
        case REQUEST_REPLY_TOKEN:
                return reply_token(request->message, done->token);
        }
        return -EINVAL;
}

void requests_answer(Requests *requests, const PhoneAction *done)
{
        _cleanup_(request_freep) Request *request = requests_take(requests, done->ticket);

        if (!request)
                return;
        int r = request_answer(request, done);
        if (r < 0)
                log_warning("cannot reply to %s: %s", sd_bus_message_get_member(request->message),
                            strerror(-r));
}

void requests_drop(Requests *requests, uint64_t ticket)
{
        request_free(requests_take(requests, ticket));
}
