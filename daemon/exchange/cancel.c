/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdlib.h>

#include "exchange/internal.h"

/* ---- cancels that came before their initiate (rule 15) ---- */

static CancelKey cancel_key(const User *user, const char *session_id)
{
        CancelKey key = {
                0}; /* the hash is over its bytes, those after the strings' ends included */

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

int exchange_restore_ended(Exchange *exchange, const ExchangeNow *moment, const char *uid,
                           const char *session_id)
{
        const User *user = exchange_user_find(exchange, uid);

        return user ? exchange_cancel_remember(exchange, moment, user, session_id)
                    : CALL_ERROR_USER_NOT_FOUND;
}

bool exchange_is_cancelled(const Exchange *exchange, const User *user, const char *session_id)
{
        return cancel_find(exchange, user, session_id) != NULL;
}

/* ---- cancel ---- */

CallLeg *exchange_user_merged(const User *user, const char *session_id)
{
        CallLeg *leg;

        DL_FOREACH2 (user->busy, leg, list_next) {
                if (str_eq(leg->merged_id, session_id))
                        return leg;
        }
        return NULL;
}

int exchange_request_cancel(Request *request)
{
        const char *session_id = request->message->session.session_id;
        User *user = request->device->user;
        const CallLeg *merged = exchange_user_merged(user, session_id);
        CallView view;

        if (!merged && !exchange_call_find(request->exchange, session_id))
                return exchange_cancel_remember(request->exchange, request->moment, user,
                                                session_id);

        int r = exchange_request_view(request,
                                      merged ? merged->call->record.session_id : session_id, &view);
        if (r != 0)
                return r;
        /* The same cancel again gets the same answer. */
        if (view.leg->direction == CALL_DIRECTION_OUTGOING &&
            view.reason == CALL_REASON_CALLER_CANCELLED)
                return 0;
        r = exchange_request_judge(request, &view, CALL_METHOD_CANCEL);
        if (r != 0)
                return r;
        return exchange_leg_quit(request->exchange, request->moment, view.leg, CALL_EVENT_CANCEL);
}
