/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "exchange/handlers.h"

#include <errno.h>

#include "exchange/action.h"
#include "exchange/uids.h"
#include "exchange/user.h"

/* Sends a message to all devices of the user except the requesting one. */
static int request_send_devices(Request *request, const Message *message)
{
        const Device *device;

        DL_FOREACH (request->device->user->devices, device) {
                Message *copy;
                int r = device == request->device
                                ? 0
                                : exchange_send(request->exchange, device->attachment,
                                                message->type, &copy);

                if (r < 0)
                        return r;
                if (r > 0)
                        *copy = *message;
        }
        return 0;
}

/* Queues the storing of the settings, and tells the other devices. */
static int request_change(Request *request, const MessageSettings *settings)
{
        ExchangeAction *action = exchange_push(request->exchange, EXCHANGE_USER);

        if (!action)
                return -ENOMEM;
        STR_SET(action->uid, request->device->user->uid);
        action->settings = *settings;
        return request_send_devices(request,
                                    &(Message){.type = MESSAGE_CHANGED, .settings = *settings});
}

int exchange_request_settings(Request *request)
{
        const MessageSettings *settings = &request->message->settings;
        User *user = request->device->user;

        if (!settings->has_when_busy || settings->when_busy == user->when_busy)
                return 0;
        int r = request_change(request, settings);
        if (r == 0)
                user->when_busy = settings->when_busy;
        return r;
}

int exchange_request_who_may_ring(Request *request)
{
        const MessageSettings *settings = &request->message->settings;
        User *user = request->device->user;

        if (settings->who_may_ring == user->who_may_ring)
                return 0;
        int r = request_change(request, settings);
        if (r == 0)
                user->who_may_ring = settings->who_may_ring;
        return r;
}

static int request_check_block(Request *request)
{
        const User *user = request->device->user;
        const char *uid = request->message->block.uid;

        if (str_eq(uid, user->uid))
                return exchange_request_refuse(request, CALL_ERROR_INVALID_ARGUMENT,
                                               "'%s' cannot block themselves", uid);
        if (!exchange_user_find(request->exchange, uid))
                return exchange_request_refuse(request, CALL_ERROR_USER_NOT_FOUND,
                                               "there is no user '%s'", uid);
        if (user->blocked.n >= BLOCKED_MAX)
                return exchange_request_refuse(request, CALL_ERROR_TOO_MANY,
                                               "'%s' has blocked %d users", user->uid, BLOCKED_MAX);
        return 0;
}

int exchange_request_block(Request *request)
{
        const MessageBlock *block = &request->message->block;
        User *user = request->device->user;

        if (exchange_user_blocks(user, block->uid) == block->on)
                return 0;
        /* A user who no longer exists can still be unblocked. */
        int r = block->on ? request_check_block(request) : 0;
        r = exchange_request_answer_lookup(request, r);
        if (r == 0 && block->on)
                r = exchange_request_check_lookups(request);
        if (r == 0 && block->on)
                r = exchange_uids_reserve(&user->blocked);
        if (r != 0)
                return r;

        ExchangeAction *action = exchange_push(request->exchange, EXCHANGE_BLOCK);
        if (!action)
                return -ENOMEM;
        STR_SET(action->uid, user->uid);
        action->block = *block;
        r = request_send_devices(request, &(Message){.type = MESSAGE_BLOCKED, .block = *block});
        if (r < 0)
                return r;
        if (block->on)
                exchange_uids_add(&user->blocked, block->uid);
        else
                exchange_uids_remove(&user->blocked, block->uid);
        return 0;
}
