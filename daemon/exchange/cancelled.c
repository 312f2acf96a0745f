/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "exchange/cancelled.h"

#include <errno.h>

static CancelKey cancel_key(const User *user, const char *session_id)
{
        CancelKey key = {0}; /* zeroed: the hash covers the bytes behind the strings, too */

        STR_SET(key.session_id, session_id);
        STR_SET(key.uid, user->uid);
        return key;
}

static Cancel *cancel_find(const Exchange *exchange, const User *user, const char *session_id)
{
        CancelKey key = cancel_key(user, session_id);
        Cancel *cancel = NULL;

        HASH_FIND(hh, exchange->cancels, &key, sizeof(key), cancel);
        return cancel;
}

static void cancel_list(Exchange *exchange, Cancel *cancel)
{
        DL_APPEND(exchange->cancels_by_age, cancel);
        DL_APPEND2(cancel->user->cancels, cancel, user_prev, user_next);
        cancel->user->n_cancels++;
}

static void cancel_unlist(Exchange *exchange, Cancel *cancel)
{
        DL_DELETE(exchange->cancels_by_age, cancel);
        DL_DELETE2(cancel->user->cancels, cancel, user_prev, user_next);
        cancel->user->n_cancels--;
}

static void cancel_free(Exchange *exchange, Cancel *cancel)
{
        cancel_unlist(exchange, cancel);
        HASH_DEL(exchange->cancels, cancel);
        free(cancel);
}

void exchange_forget_cancels(Exchange *exchange, usec_t now)
{
        while (exchange->cancels_by_age && exchange->cancels_by_age->until <= now)
                cancel_free(exchange, exchange->cancels_by_age);
}

void exchange_forget_cancels_of(Exchange *exchange, User *user)
{
        while (user->cancels)
                cancel_free(exchange, user->cancels);
}

static int cancel_new(Exchange *exchange, User *user, const char *session_id, Cancel **ret)
{
        Cancel *cancel = calloc(1, sizeof(*cancel));

        if (!cancel)
                return -ENOMEM;
        cancel->key = cancel_key(user, session_id);
        cancel->user = user;
        HASH_ADD(hh, exchange->cancels, key, sizeof(cancel->key), cancel);
        if (!cancel->hh.tbl) {
                free(cancel);
                return -ENOMEM;
        }
        *ret = cancel;
        return 0;
}

int exchange_cancel_remember(Exchange *exchange, const ExchangeNow *moment, User *user,
                             const char *session_id)
{
        Cancel *cancel = cancel_find(exchange, user, session_id);

        if (cancel) {
                cancel_unlist(exchange, cancel);
        } else {
                int r = cancel_new(exchange, user, session_id, &cancel);

                if (r < 0)
                        return r;
        }
        cancel->until = moment->now + CANCEL_MEMORY_US;
        cancel_list(exchange, cancel);
        if (user->n_cancels > CANCEL_MEMORY_MAX)
                cancel_free(exchange, user->cancels);
        return 0;
}

bool exchange_is_cancelled(const Exchange *exchange, const User *user, const char *session_id)
{
        return cancel_find(exchange, user, session_id) != NULL;
}
