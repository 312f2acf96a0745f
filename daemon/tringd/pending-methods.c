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

static PendingMethod *pending_method_free(PendingMethod *method)
{
        if (method)
                sd_bus_message_unref(method->message);
        free(method);
        return NULL;
}
DEFINE_CLEANUP(PendingMethod *, pending_method_free);

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
        PendingMethod *method, *next;

        if (!pending_methods)
                return NULL;
        HASH_ITER (hh, pending_methods->by_ticket, method, next) {
                HASH_DEL(pending_methods->by_ticket, method);
                pending_method_free(method);
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
        _cleanup_(pending_method_freep) PendingMethod *method = calloc(1, sizeof(*method));

        if (!method)
                return -ENOMEM;
        method->ticket = pending_methods_ticket(pending_methods);
        method->message = sd_bus_message_ref(message);
        method->reply = reply;
        HASH_ADD(hh, pending_methods->by_ticket, ticket, sizeof(method->ticket), method);
        if (!method->hh.tbl)
                return -ENOMEM;
        *ret_ticket = method->ticket;
        TAKE_PTR(method);
        return 0;
}

static PendingMethod *find_method(PendingMethods *pending_methods, uint64_t ticket)
{
        PendingMethod *method;

        HASH_FIND(hh, pending_methods->by_ticket, &ticket, sizeof(ticket), method);
        return method;
}

const char *pending_methods_tied_client(PendingMethods *pending_methods, uint64_t ticket)
{
        const PendingMethod *method = find_method(pending_methods, ticket);

        return method && method->reply == METHOD_REPLY_TIED_CALL
                       ? sd_bus_message_get_sender(method->message)
                       : NULL;
}

static PendingMethod *pending_methods_take(PendingMethods *pending_methods, uint64_t ticket)
{
        PendingMethod *method = find_method(pending_methods, ticket);

        if (method)
                HASH_DEL(pending_methods->by_ticket, method);
        return method;
}

static int reply_token(sd_bus_message *call, const char *token)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        int r = sd_bus_message_new_method_return(call, &reply);

        if (r >= 0)
                r = sd_bus_message_sensitive(reply);
        if (r >= 0)
                r = sd_bus_message_append(reply, "s", token);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

static int reply_to(const PendingMethod *method, const PhoneAction *done)
{
        char path[CALL_PATH_SIZE];

        if (done->error != CALL_ERROR_NONE)
                return error_reply(method->message, done->error, done->text);

        call_path_from_id(path, done->session_id);
        switch (method->reply) {
        case METHOD_REPLY_EMPTY:
                return sd_bus_reply_method_return(method->message, NULL);
        case METHOD_REPLY_CALL:
                return sd_bus_reply_method_return(method->message, "o", path);
        case METHOD_REPLY_CALL_AND_ID:
        case METHOD_REPLY_TIED_CALL:
                return sd_bus_reply_method_return(method->message, "os", path, done->session_id);
        case METHOD_REPLY_TOKEN:
                return reply_token(method->message, done->token);
        }
        return -EINVAL;
}

void pending_methods_answer(PendingMethods *pending_methods, const PhoneAction *done)
{
        _cleanup_(pending_method_freep) PendingMethod *method =
                pending_methods_take(pending_methods, done->ticket);

        if (!method)
                return;
        int r = reply_to(method, done);
        if (r < 0)
                log_warning("cannot reply to %s: %s", sd_bus_message_get_member(method->message),
                            strerror(-r));
}

void pending_methods_drop(PendingMethods *pending_methods, uint64_t ticket)
{
        pending_method_free(pending_methods_take(pending_methods, ticket));
}
