/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdlib.h>

#include "call/exchange-internal.h"

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

static int exchange_remember_cancel(Exchange *exchange, const User *user, const char *session_id,
                                    usec_t until)
{
        Cancel *cancel = cancel_find(exchange, user, session_id);

        if (cancel)
                cancel_free(exchange, cancel);
        cancel = calloc(1, sizeof(*cancel));
        if (!cancel)
                return -ENOMEM;
        cancel->key = cancel_key(user, session_id);
        cancel->until = until;
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

/* The call that an initiate of that id has become the accept of, if it has (rule 10). */
static Call *user_merged_call(const User *user, const char *session_id)
{
        const Side *side;

        DL_FOREACH (user->busy, side) {
                if (str_eq(side->call->merged_id, session_id))
                        return side->call;
        }
        return NULL;
}

int exchange_request_cancel(Request *request)
{
        const char *session_id = request->message->session.session_id;
        User *user = request->device->user;
        Call *merged = user_merged_call(user, session_id);
        View view;

        if (!merged && !exchange_call_find(request->exchange, session_id))
                return exchange_remember_cancel(request->exchange, user, session_id,
                                                request->moment->now + CANCEL_MEMORY_US);

        int r = exchange_request_view(request, merged ? merged->record.session_id : session_id,
                                      &view);
        if (r != 0)
                return r;
        /* The same cancel again gets the same answer. */
        if (view.side->direction == CALL_DIRECTION_OUTGOING &&
            view.reason == CALL_REASON_CALLER_CANCELLED)
                return 0;
        r = exchange_request_judge(request, &view, CALL_METHOD_CANCEL);
        if (r != 0)
                return r;
        return exchange_call_over(request->exchange, request->moment, view.side->call,
                                  CALL_EVENT_CANCEL, CALL_EVENT_CANCEL);
}

/* ---- initiate ---- */

static int initiate_again(Request *request, Call *call)
{
        const MessageInitiate *initiate = &request->message->initiate;
        CallDirection direction = str_eq(call->record.session_id, initiate->session_id)
                                          ? CALL_DIRECTION_OUTGOING
                                          : CALL_DIRECTION_INCOMING;
        const Party *party = direction == CALL_DIRECTION_OUTGOING ? &call->record.initiator
                                                                  : &call->record.receiver;

        if (!str_eq(party->uid, request->device->user->uid) ||
            !str_eq(party->device, request->device->id))
                return exchange_request_refuse(request, CALL_ERROR_INVALID_ARGUMENT,
                                               "the session id '%s' is another call's",
                                               initiate->session_id);
        return exchange_request_reply_call(request, &call->sides[direction]);
}

static int initiate_check_receiver(Request *request, User **ret)
{
        const MessageInitiate *initiate = &request->message->initiate;

        if (initiate->receiver_type == RECEIVER_TYPE_GROUP)
                return exchange_request_refuse(request, CALL_ERROR_GROUP_NOT_FOUND,
                                               "there is no group '%s'", initiate->receiver);
        if (str_eq(initiate->receiver, request->device->user->uid))
                return exchange_request_refuse(request, CALL_ERROR_CALLING_SELF,
                                               "'%s' is who is calling", initiate->receiver);

        User *receiver = exchange_user_find(request->exchange, initiate->receiver);
        if (!receiver)
                return exchange_request_refuse(request, CALL_ERROR_USER_NOT_FOUND,
                                               "there is no user '%s'", initiate->receiver);
        *ret = receiver;
        return 0;
}

static int initiate_check_caller(Request *request)
{
        const Exchange *exchange = request->exchange;
        const MessageInitiate *initiate = &request->message->initiate;
        const User *caller = request->device->user;

        if (cancel_find(exchange, caller, initiate->session_id))
                return exchange_request_refuse(request, CALL_ERROR_CALL_TERMINATED,
                                               "call '%s' was cancelled before it began",
                                               initiate->session_id);
        if (caller->busy && !initiate->parallel)
                return exchange_request_refuse(request, CALL_ERROR_BUSY_SELF,
                                               "'%s' is in call '%s' already", caller->uid,
                                               caller->busy->call->record.session_id);
        if (caller->n_placed >= USER_LIVE_CALLS_MAX)
                return exchange_request_refuse(request, CALL_ERROR_TOO_MANY,
                                               "'%s' has placed %d calls that are not over",
                                               caller->uid, USER_LIVE_CALLS_MAX);
        if (!exchange_user_may_start_call(exchange, caller, request->moment->now))
                return exchange_request_refuse(request, CALL_ERROR_TOO_MANY,
                                               "'%s' has started %u calls within a minute",
                                               caller->uid, exchange->limits.calls_per_minute);
        return 0;
}

/* The receiver's own ring of the caller, if there is one (rule 10). */
static Side *initiate_glare(const User *caller, const User *receiver)
{
        Side *side;

        DL_FOREACH (receiver->busy, side) {
                if (side->direction == CALL_DIRECTION_OUTGOING &&
                    side->status == CALL_STATUS_INITIATED && side_other(side)->user == caller)
                        return side_other(side);
        }
        return NULL;
}

static int request_merge(Request *request, Side *side)
{
        const MessageInitiate *initiate = &request->message->initiate;
        CallType type = MIN_OF(initiate->type, side->call->record.type);
        Leg *made = NULL;
        int r = 0;

        static_assert(CALL_TYPE_AUDIO < CALL_TYPE_VIDEO, "audio if either is audio");
        if (!exchange_leg_find(side, request->device))
                r = exchange_leg_new(side, request->device, &made);
        if (r == 0)
                r = exchange_request_answer(request, side, type, initiate->join);
        if (r < 0) {
                if (made)
                        exchange_leg_free(made);
                return r;
        }
        STR_SET(side->call->merged_id, initiate->session_id);
        return 0;
}

static int initiate_call_new(const Request *request, User *receiver, Call **ret)
{
        const MessageInitiate *initiate = &request->message->initiate;
        CallRecord record = {
                .type = initiate->type,
                .receiver_type = initiate->receiver_type,
                .initiator = exchange_user_party(request->device->user, request->device->id),
                .receiver = exchange_user_party(receiver, ""),
                .initiated_at = request->moment->date,
                .metadata = initiate->metadata, /* borrowed: exchange_call_new() copies */
        };
        Call *call;

        STR_SET(record.session_id, initiate->session_id);
        int r = exchange_call_new(&record, request->device->user, receiver, &call);
        if (r < 0)
                return r;
        call->sides[CALL_DIRECTION_OUTGOING].joins = initiate->join;
        call->ring_until = request->moment->now +
                           (usec_t)ring_timeout_clamp(initiate->timeout_s) * USEC_PER_SEC;
        *ret = call;
        return 0;
}

static int request_ring(Request *request, Side *receiver)
{
        Device *device;

        DL_FOREACH (receiver->user->devices, device) {
                Message *message;

                if (!device->link)
                        continue;
                int r = exchange_leg_new(receiver, device, NULL);
                if (r == 0)
                        r = exchange_send(request->exchange, device->link, MESSAGE_INCOMING,
                                          &message);
                if (r > 0)
                        r = exchange_side_snapshot(receiver, request->moment, device,
                                                   &message->call);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* `busy`: the receiver is not rung, and both hear that at once (rule 8). */
static int request_place(Request *request, Call *call, bool busy)
{
        Exchange *exchange = request->exchange;
        Side *caller = &call->sides[CALL_DIRECTION_OUTGOING];
        int r = exchange_call_link(exchange, call);

        if (r == 0)
                r = exchange_leg_new(caller, request->device, NULL);
        if (r == 0 && !busy)
                r = request_ring(request, side_other(caller));
        if (r == 0)
                r = exchange_save(exchange, request->moment, call);
        if (r == 0)
                r = exchange_request_reply_call(request, caller);
        if (r == 0 && busy)
                r = exchange_call_over(exchange, request->moment, call, CALL_EVENT_BUSY,
                                       CALL_EVENT_BUSY_BY_POLICY);
        return r;
}

int exchange_request_initiate(Request *request)
{
        const MessageInitiate *initiate = &request->message->initiate;
        User *caller = request->device->user, *receiver = NULL;
        Call *call = exchange_call_find(request->exchange, initiate->session_id);

        if (!call)
                call = user_merged_call(caller, initiate->session_id);
        if (call)
                return initiate_again(request, call);

        int r = initiate_check_receiver(request, &receiver);
        if (r == 0)
                r = initiate_check_caller(request);
        if (r != 0)
                return r;
        Side *glare = initiate_glare(caller, receiver);
        if (glare)
                return request_merge(request, glare);

        r = exchange_user_reserve_starts(request->exchange, caller);
        if (r == 0)
                r = initiate_call_new(request, receiver, &call);
        if (r < 0)
                return r;
        r = request_place(request, call, receiver->busy && receiver->when_busy == WHEN_BUSY_REJECT);
        if (r < 0) {
                exchange_call_free(request->exchange, call);
                return r;
        }
        exchange_user_call_started(request->exchange, caller, request->moment->now);
        return 0;
}
