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

static void cancel_free(Exchange *exchange, Cancel *cancel)
{
        HASH_DEL(exchange->cancels, cancel);
        DL_DELETE(exchange->cancels_by_age, cancel);
        free(cancel);
}

void exchange_forget_cancels(Exchange *exchange, usec_t now)
{
        while (exchange->cancels_by_age && exchange->cancels_by_age->until <= now)
                cancel_free(exchange, exchange->cancels_by_age);
}

int exchange_cancel_remember(Exchange *exchange, const ExchangeNow *moment, const User *user,
                             const char *session_id)
{
        Cancel *cancel = cancel_find(exchange, user, session_id);

        if (cancel)
                cancel_free(exchange, cancel);
        cancel = calloc(1, sizeof(*cancel));
        if (!cancel)
                return -ENOMEM;
        cancel->key = cancel_key(user, session_id);
        cancel->until = moment->now + CANCEL_MEMORY_US;
        HASH_ADD(hh, exchange->cancels, key, sizeof(cancel->key), cancel);
        if (!cancel->hh.tbl) {
                free(cancel);
                return -ENOMEM;
        }
        if (HASH_COUNT(exchange->cancels) > CANCEL_MEMORY_MAX)
                cancel_free(exchange, exchange->cancels_by_age);
        DL_APPEND(exchange->cancels_by_age, cancel);
        return 0;
}

bool exchange_is_cancelled(const Exchange *exchange, const User *user, const char *session_id)
{
        return cancel_find(exchange, user, session_id) != NULL;
}
