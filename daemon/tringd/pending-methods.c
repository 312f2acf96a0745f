/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tringd/pending-methods.h"

#include <errno.h>
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "base/log.h"
#include "tringd/errors.h"
#include "tringd/objects.h"

typedef struct PendingMethod {
        uint64_t ticket;
        sd_bus_message *message;
        MethodReply reply;
        UT_hash_handle hh;
} PendingMethod;

struct PendingMethods {
        PendingMethod *by_ticket;
        uint64_t last_ticket;
};

static PendingMethod *request_free(PendingMethod *request)
{
        if (request)
                sd_bus_message_unref(request->message);
        free(request);
        return NULL;
}
DEFINE_CLEANUP(PendingMethod *, request_free);

int pending_methods_new(PendingMethods **ret)
{
        PendingMethods *pending_methods = calloc(1, sizeof(*pending_methods));

        if (!pending_methods)
                return -ENOMEM;
        *ret = pending_methods;
        return 0;
}

PendingMethods *pending_methods_free(PendingMethods *pending_methods)
{
        PendingMethod *request, *next;

        if (!pending_methods)
                return NULL;
        HASH_ITER (hh, pending_methods->by_ticket, request, next) {
                HASH_DEL(pending_methods->by_ticket, request);
                request_free(request);
        }
        free(pending_methods);
        return NULL;
}

uint64_t pending_methods_ticket(PendingMethods *pending_methods)
{
        return ++pending_methods->last_ticket;
}

int pending_methods_hold(PendingMethods *pending_methods, sd_bus_message *message,
                         MethodReply reply, uint64_t *ret_ticket)
{
        _cleanup_(request_freep) PendingMethod *request = calloc(1, sizeof(*request));

        if (!request)
                return -ENOMEM;
        request->ticket = pending_methods_ticket(pending_methods);
        request->message = sd_bus_message_ref(message);
        request->reply = reply;
        HASH_ADD(hh, pending_methods->by_ticket, ticket, sizeof(request->ticket), request);
        if (!request->hh.tbl)
                return -ENOMEM;
        *ret_ticket = request->ticket;
        TAKE_PTR(request);
        return 0;
}

static PendingMethod *find_request(PendingMethods *pending_methods, uint64_t ticket)
{
        PendingMethod *request;

        HASH_FIND(hh, pending_methods->by_ticket, &ticket, sizeof(ticket), request);
        return request;
}

const char *pending_methods_tied_client(PendingMethods *pending_methods, uint64_t ticket)
{
        const PendingMethod *request = find_request(pending_methods, ticket);

        return request && request->reply == REQUEST_REPLY_TIED_CALL
                       ? sd_bus_message_get_sender(request->message)
                       : NULL;
}

static PendingMethod *pending_methods_take(PendingMethods *pending_methods, uint64_t ticket)
{
        PendingMethod *request = find_request(pending_methods, ticket);

        if (request)
                HASH_DEL(pending_methods->by_ticket, request);
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

static int request_answer(const PendingMethod *request, const PhoneAction *done)
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

void pending_methods_answer(PendingMethods *pending_methods, const PhoneAction *done)
{
        _cleanup_(request_freep) PendingMethod *request =
                pending_methods_take(pending_methods, done->ticket);

        if (!request)
                return;
        int r = request_answer(request, done);
        if (r < 0)
                log_warning("cannot reply to %s: %s", sd_bus_message_get_member(request->message),
                            strerror(-r));
}

void pending_methods_drop(PendingMethods *pending_methods, uint64_t ticket)
{
        request_free(pending_methods_take(pending_methods, ticket));
}
