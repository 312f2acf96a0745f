/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdlib.h>

#include "exchange/internal.h"

/* One message, to all of the user's devices but the one that asked. */
static int request_tell_devices(Request *request, const Message *message)
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

int exchange_request_settings(Request *request)
{
        const MessageSettings *settings = &request->message->settings;
        User *user = request->device->user;
        WhenBusy before = user->when_busy;

        if (!settings->has_when_busy || settings->when_busy == before)
                return 0;

        ExchangeAction *action = exchange_push(request->exchange, EXCHANGE_USER);
        if (!action)
                return -ENOMEM;
        STR_SET(action->uid, user->uid);
        action->settings = *settings;
        user->when_busy = settings->when_busy;
        int r = request_tell_devices(request,
                                     &(Message){.type = MESSAGE_CHANGED, .settings = *settings});
        if (r < 0)
                user->when_busy = before;
        return r;
}

/* ---- whom a user has blocked ---- */

static bool user_block_find(const User *user, const char *uid, size_t *ret)
{
        for (size_t i = 0; i < user->n_blocked; i++) {
                if (str_eq(user->blocked[i], uid)) {
                        *ret = i;
                        return true;
                }
        }
        return false;
}

bool exchange_user_blocks(const User *user, const User *whom)
{
        size_t i;

        return user_block_find(user, whom->uid, &i);
}

static int user_block_reserve(User *user)
{
        char(*blocked)[UID_MAX + 1] =
                reallocarray(user->blocked, user->n_blocked + 1, sizeof(*blocked));

        if (!blocked)
                return -ENOMEM;
        user->blocked = blocked;
        return 0;
}

static void user_block_set(User *user, const char *uid, bool on)
{
        size_t i;

        if (on)
                STR_SET(user->blocked[user->n_blocked++], uid);
        else if (user_block_find(user, uid, &i))
                memmove(user->blocked[i], user->blocked[--user->n_blocked], sizeof(*user->blocked));
}

int exchange_user_block(Exchange *exchange, const char *uid, const char *blocked)
{
        User *user = exchange_user_find(exchange, uid);
        size_t i;

        if (!user)
                return CALL_ERROR_USER_NOT_FOUND;
        if (user_block_find(user, blocked, &i))
                return 0;
        if (user->n_blocked >= BLOCKED_MAX)
                return CALL_ERROR_TOO_MANY;
        int r = user_block_reserve(user);
        if (r == 0)
                user_block_set(user, blocked, true);
        return r;
}

int exchange_user_blocked(const Exchange *exchange, const char *uid, char (**ret)[UID_MAX + 1],
                          size_t *ret_n)
{
        const User *user = exchange_user_find(exchange, uid);
        char(*blocked)[UID_MAX + 1] = NULL;

        if (!user)
                return CALL_ERROR_USER_NOT_FOUND;
        if (user->n_blocked > 0) {
                blocked = calloc(user->n_blocked, sizeof(*blocked));
                if (!blocked)
                        return -ENOMEM;
                memcpy(blocked, user->blocked, user->n_blocked * sizeof(*blocked));
        }
        *ret = blocked;
        *ret_n = user->n_blocked;
        return 0;
}

static int request_check_block(Request *request)
{
        const User *user = request->device->user;
        const char *uid = request->message->block.uid;

        if (str_eq(uid, user->uid))
                return exchange_request_refuse(request, CALL_ERROR_INVALID_ARGUMENT,
                                               "'%s' is who asks: nobody blocks themselves", uid);
        if (!exchange_user_find(request->exchange, uid))
                return exchange_request_refuse(request, CALL_ERROR_USER_NOT_FOUND,
                                               "there is no user '%s'", uid);
        if (user->n_blocked >= BLOCKED_MAX)
                return exchange_request_refuse(request, CALL_ERROR_TOO_MANY,
                                               "'%s' has blocked %d users", user->uid, BLOCKED_MAX);
        return 0;
}

int exchange_request_block(Request *request)
{
        const MessageBlock *block = &request->message->block;
        User *user = request->device->user;
        size_t i;

        if (user_block_find(user, block->uid, &i) == block->on)
                return 0;
        /* Somebody who is no longer there can be let go of. */
        int r = block->on ? request_check_block(request) : 0;
        if (r == 0 && block->on)
                r = user_block_reserve(user);
        if (r != 0)
                return r;

        ExchangeAction *action = exchange_push(request->exchange, EXCHANGE_BLOCK);
        if (!action)
                return -ENOMEM;
        STR_SET(action->uid, user->uid);
        action->block = *block;
        r = request_tell_devices(request, &(Message){.type = MESSAGE_BLOCKED, .block = *block});
        if (r == 0)
                user_block_set(user, block->uid, block->on);
        return r;
}
