/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "call/exchange-internal.h"

/* ---- ringing ---- */

int exchange_request_delivered(Request *request)
{
        View view;

        return exchange_request_view(request, request->message->session.session_id, &view);
}

int exchange_request_alerting(Request *request)
{
        Message *message;
        View view;
        int r = exchange_request_view(request, request->message->session.session_id, &view);

        if (r != 0)
                return r;

        Side *side = view.side, *caller = side_other(side);
        if (side->direction != CALL_DIRECTION_INCOMING || view.status != CALL_STATUS_INITIATED ||
            side->alerted)
                return 0;
        r = exchange_send(request->exchange, caller->legs->device->link, MESSAGE_RINGING, &message);
        if (r < 0)
                return r;
        if (r > 0) {
                STR_SET(message->ringing.session_id, side->call->record.session_id);
                STR_SET(message->ringing.uid, side->user->uid);
                message->ringing.ringing_since = request->moment->date;
        }
        side->alerted = true;
        side->call->record.ringing_since = request->moment->date;
        return 0;
}

/* ---- accept ---- */

static int answer_make_tokens(Request *request, Call *call)
{
        for (CallDirection d = 0; d < CALL_DIRECTION_COUNT; d++) {
                Token *token;
                int r = exchange_side_token_new(request->exchange, request->moment, &call->sides[d],
                                                &token);

                if (r < 0)
                        return r;
        }
        return 0;
}

static int answer_tell_caller(Request *request, const Side *caller)
{
        const Device *device = caller->legs->device;
        Message *message;
        int r = exchange_send(request->exchange, device->link, MESSAGE_ACCEPTED, &message);

        return r <= 0 ? r : exchange_side_snapshot(caller, request->moment, device, &message->call);
}

static int answer_tell_others(Request *request, const Side *side)
{
        const Leg *leg;

        DL_FOREACH2 (side->legs, leg, side_next) {
                int r = leg->device == request->device
                                ? 0
                                : exchange_leg_send_event(request->exchange, leg,
                                                          CALL_EVENT_ANSWER_ELSEWHERE);

                if (r < 0)
                        return r;
        }
        return 0;
}

static int answer_tell(Request *request, Side *side)
{
        int r = answer_make_tokens(request, side->call);

        if (r == 0)
                r = exchange_save(request->exchange, request->moment, side->call);
        if (r == 0)
                r = exchange_request_reply_call(request, side);
        if (r == 0)
                r = answer_tell_caller(request, side_other(side));
        if (r == 0)
                r = answer_tell_others(request, side);
        return r;
}

static void side_unanswered(Exchange *exchange, Side *side)
{
        side->status = CALL_STATUS_INITIATED;
        while (side->tokens)
                exchange_token_free(exchange, side->tokens);
}

static void answer_settle(Request *request, Side *side)
{
        Call *call = side->call;
        Leg *leg, *next;

        DL_FOREACH_SAFE2 (side->legs, leg, next, side_next) {
                if (leg->device != request->device)
                        exchange_leg_free(leg);
        }
        exchange_side_enlist(side, &side->user->busy);
        if (side->joins)
                call->join_until = request->moment->now + JOIN_DEADLINE_US;
        exchange_call_count_joined(call, request->moment->now);
        exchange_call_reschedule(request->exchange, call);
}

int exchange_request_answer(Request *request, Side *side, CallType type, bool joins)
{
        Call *call = side->call;
        CallRecord *record = &call->record;
        CallType type_before = record->type;

        exchange_side_move(side, CALL_EVENT_ACCEPT);
        exchange_side_move(side_other(side), CALL_EVENT_ACCEPT);
        side->joins = joins;
        STR_SET(side->device, request->device->id);
        STR_SET(record->receiver.device, request->device->id);
        record->type = type;
        record->answered_at = request->moment->date;
        call->answered = request->moment->now;

        int r = answer_tell(request, side);
        if (r < 0) {
                side_unanswered(request->exchange, side);
                side_unanswered(request->exchange, side_other(side));
                side->device[0] = record->receiver.device[0] = '\0';
                record->type = type_before;
                record->answered_at = 0;
                return r;
        }
        answer_settle(request, side);
        return 0;
}

static int request_accept_again(Request *request, Side *side)
{
        Token *token;
        int r = exchange_side_token(side, request->moment->now)
                        ? 0
                        : exchange_side_token_new(request->exchange, request->moment, side, &token);

        return r < 0 ? r : exchange_request_reply_call(request, side);
}

int exchange_request_accept(Request *request)
{
        const MessageAccept *accept = &request->message->accept;
        User *user = request->device->user;
        View view;
        int r = exchange_request_find(request, accept->session_id, CALL_METHOD_ACCEPT, &view);

        if (r != 0)
                return r;
        if (view.verdict == METHOD_SUCCEEDS)
                return request_accept_again(request, view.side);
        if (user->busy && !accept->end_others && !accept->parallel)
                return exchange_request_refuse(request, CALL_ERROR_BUSY_SELF,
                                               "'%s' is in call '%s' already", user->uid,
                                               user->busy->call->record.session_id);
        while (user->busy && accept->end_others) {
                r = exchange_side_quit(request->exchange, request->moment, user->busy,
                                       CALL_EVENT_REPLACED);
                if (r < 0)
                        return r;
        }
        return exchange_request_answer(
                request, view.side,
                accept->as_audio ? CALL_TYPE_AUDIO : view.side->call->record.type, accept->join);
}

/* ---- reject, end ---- */

int exchange_request_reject(Request *request)
{
        const MessageReject *reject = &request->message->reject;
        CallEvent event = reject->status == CALL_STATUS_BUSY ? CALL_EVENT_BUSY : CALL_EVENT_REJECT;
        View view;
        int r = exchange_request_view(request, reject->session_id, &view);

        if (r != 0)
                return r;
        /* The same reject again gets the same answer. */
        if (view.here && view.side->direction == CALL_DIRECTION_INCOMING &&
            view.status == reject->status)
                return 0;
        r = exchange_request_judge(request, &view, CALL_METHOD_REJECT);
        if (r != 0)
                return r;
        STR_SET(view.side->device, request->device->id);
        r = exchange_call_over(request->exchange, request->moment, view.side->call, event, event);
        if (r < 0)
                view.side->device[0] = '\0';
        return r;
}

int exchange_request_end(Request *request)
{
        View view;
        int r = exchange_request_find(request, request->message->session.session_id,
                                      CALL_METHOD_END, &view);

        if (r != 0 || view.verdict == METHOD_SUCCEEDS)
                return r;
        return exchange_side_quit(request->exchange, request->moment, view.side, CALL_EVENT_HANGUP);
}
