/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "exchange/internal.h"

/* ---- ringing ---- */

/* The side that the asking device is rung for, or NULL when there is nothing to be noted. */
static int request_rung_side(Request *request, const char *session_id, Side **ret)
{
        View view;
        int r = exchange_request_view(request, session_id, &view);

        if (r != 0)
                return r;
        bool rung = view.side->direction == CALL_DIRECTION_INCOMING &&
                    view.status == CALL_STATUS_INITIATED && view.side->call->live;
        *ret = rung ? view.side : NULL;
        return 0;
}

static int side_save(Request *request, Side *side)
{
        side->changed_next = NULL;
        return exchange_save(request->exchange, request->moment, side->call, side);
}

/* That a device is quiet says why nobody was alerted, should it come to that; else it says nothing.
 */
int exchange_request_delivered(Request *request)
{
        const MessageDelivered *delivered = &request->message->delivered;
        Side *side;
        int r = request_rung_side(request, delivered->session_id, &side);

        if (r != 0 || !side || !delivered->quiet || side->quiet)
                return r;
        side->quiet = true;
        r = side_save(request, side);
        if (r < 0)
                side->quiet = false;
        return r;
}

/* The first of all is told by an event of its own; more in a group are told as members. */
static int side_tell_ringing(Request *request, const Side *side)
{
        const Side *caller = call_caller(side->call);
        Message *message;

        if (side->call->record.ringing_since || !caller->legs)
                return 0;
        int r = exchange_send(request->exchange, caller->legs->device->link, MESSAGE_RINGING,
                              &message);
        if (r <= 0)
                return r;
        STR_SET(message->ringing.session_id, side->call->record.session_id);
        STR_SET(message->ringing.uid, side->uid);
        message->ringing.ringing_since = request->moment->date;
        return 0;
}

int exchange_request_alerting(Request *request)
{
        Side *side;
        int r = request_rung_side(request, request->message->session.session_id, &side);

        if (r != 0 || !side || side->ringing_since)
                return r;
        r = side_tell_ringing(request, side);
        if (r < 0)
                return r;

        CallRecord *record = &side->call->record;
        bool first = record->ringing_since == 0;
        side->ringing_since = request->moment->date;
        if (first)
                record->ringing_since = request->moment->date;
        /* What is stored would say that nobody was alerted. */
        r = side->quiet ? side_save(request, side) : 0;
        if (r < 0) {
                side->ringing_since = 0;
                if (first)
                        record->ringing_since = 0;
                return r;
        }
        exchange_members_changed(side->call);
        exchange_call_reschedule(request->exchange, side->call);
        return 0;
}

/* ---- accept ---- */

/* What an accept changes, and has to be put back if it could not be told. */
typedef struct Answer {
        Request *request;
        Side *side;
        bool first;
        Leg *made; /* for it, on a device where it does not ring */
        Side side_before;
        CallType type_before;
} Answer;

static int answer_tell_caller(const Answer *answer)
{
        const Side *caller = call_caller(answer->side->call);
        const Device *device = caller->legs->device;
        Request *request = answer->request;
        Message *message;
        int r = exchange_send(request->exchange, device->link, MESSAGE_ACCEPTED, &message);

        return r <= 0 ? r : exchange_side_snapshot(caller, request->moment, device, &message->call);
}

static int answer_tell_others(const Answer *answer)
{
        const Leg *leg;

        DL_FOREACH2 (answer->side->legs, leg, side_next) {
                int r = leg->device == answer->request->device
                                ? 0
                                : exchange_leg_send_event(answer->request->exchange, leg,
                                                          CALL_EVENT_ANSWER_ELSEWHERE);

                if (r < 0)
                        return r;
        }
        return 0;
}

static int answer_tell(const Answer *answer)
{
        Request *request = answer->request;
        Side *side = answer->side;
        Token *token;
        int r = answer->first ? exchange_side_token_new(request->exchange, request->moment,
                                                        call_caller(side->call), &token)
                              : 0;

        if (r == 0)
                r = exchange_side_token_new(request->exchange, request->moment, side, &token);
        if (r == 0)
                r = side_save(request, side);
        if (r == 0)
                r = exchange_request_reply_call(request, side);
        if (r == 0 && answer->first)
                r = answer_tell_caller(answer);
        if (r == 0)
                r = answer_tell_others(answer);
        return r;
}

static void side_enters(Side *side)
{
        exchange_side_set(side, CALL_STATUS_ONGOING, CALL_REASON_NONE);
        side->was_in = true;
        side->ended_at = side->duration_s = 0;
}

static int answer_begin(Answer *answer, CallType type, bool joins)
{
        const Request *request = answer->request;
        Side *side = answer->side;
        Call *call = side->call;
        CallRecord *record = &call->record;

        if (!exchange_leg_find(side, request->device)) {
                int r = exchange_leg_new(side, request->device, &answer->made);

                if (r < 0)
                        return r;
        }
        answer->side_before = *side;
        answer->type_before = record->type;

        side_enters(side);
        side->media.joins = joins;
        side->join_until = joins ? request->moment->now + JOIN_DEADLINE_US : USEC_NEVER;
        STR_SET(side->device, request->device->id);
        if (answer->first) {
                side_enters(call_caller(call));
                record->answered_at = request->moment->date;
                call->answered = request->moment->now;
        }
        if (!call_is_to_group(call)) {
                STR_SET(record->receiver.device, request->device->id);
                record->type = type;
        }
        return 0;
}

static void side_leaves(Exchange *exchange, Side *side, CallStatus status, CallReason reason)
{
        while (side->tokens)
                exchange_token_free(exchange, side->tokens);
        exchange_side_set(side, status, reason);
}

static void answer_take_back(Answer *answer)
{
        Exchange *exchange = answer->request->exchange;
        const Side *before = &answer->side_before;
        Side *side = answer->side;
        Call *call = side->call;

        exchange_rollback(exchange);
        side_leaves(exchange, side, before->status, before->reason);
        side->was_in = before->was_in;
        side->ended_at = before->ended_at;
        side->duration_s = before->duration_s;
        side->media = before->media;
        side->join_until = before->join_until;
        memcpy(side->device, before->device, sizeof(side->device));
        if (answer->made)
                exchange_leg_free(answer->made);
        if (answer->first) {
                side_leaves(exchange, call_caller(call), CALL_STATUS_INITIATED, CALL_REASON_NONE);
                call_caller(call)->was_in = false;
                call->record.answered_at = 0;
                call->answered = USEC_NEVER;
        }
        if (!call_is_to_group(call)) {
                call->record.receiver.device[0] = '\0';
                call->record.type = answer->type_before;
        }
}

static void answer_settle(const Answer *answer)
{
        const Request *request = answer->request;
        Side *side = answer->side;
        Leg *leg, *next;

        DL_FOREACH_SAFE2 (side->legs, leg, next, side_next) {
                if (leg->device != request->device)
                        exchange_leg_free(leg);
        }
        exchange_side_enlist(side);
        side->lost_since = USEC_NEVER;
        exchange_call_count_joined(side->call, request->moment->now);
        exchange_call_reschedule(request->exchange, side->call);
}

int exchange_request_answer(Request *request, Side *side, CallType type, bool joins)
{
        Answer answer = {
                .request = request,
                .side = side,
                .first = !call_is_answered(side->call),
        };
        int r = answer_begin(&answer, type, joins);

        if (r < 0)
                return r;
        r = answer_tell(&answer);
        if (r < 0)
                answer_take_back(&answer);
        else
                answer_settle(&answer);
        return r;
}

static int request_accept_again(Request *request, Side *side)
{
        Token *token;
        int r = exchange_side_token(side, request->moment->now)
                        ? 0
                        : exchange_side_token_new(request->exchange, request->moment, side, &token);

        return r < 0 ? r : exchange_request_reply_call(request, side);
}

static int request_judge_accept(Request *request, View *view)
{
        if (exchange_side_may_join_late(view->side)) {
                view->verdict = METHOD_DOES;
                return 0;
        }
        return exchange_request_judge(request, view, CALL_METHOD_ACCEPT);
}

int exchange_request_accept(Request *request)
{
        const MessageAccept *accept = &request->message->accept;
        User *user = request->device->user;
        View view;
        int r = exchange_request_view(request, accept->session_id, &view);

        if (r == 0)
                r = request_judge_accept(request, &view);
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
        r = exchange_side_quit(request->exchange, request->moment, view.side, event);
        if (r < 0)
                view.side->device[0] = '\0';
        return r;
}

int exchange_request_end(Request *request)
{
        const char *session_id = request->message->session.session_id;
        /* Of an initiate that was taken for an accept nobody may have heard that it was (rule 10).
         */
        const Side *merged = exchange_user_merged(request->device->user, session_id);
        View view;
        int r = exchange_request_find(request,
                                      merged ? merged->call->record.session_id : session_id,
                                      CALL_METHOD_END, &view);

        if (r != 0 || view.verdict == METHOD_SUCCEEDS)
                return r;
        return exchange_side_quit(request->exchange, request->moment, view.side, CALL_EVENT_HANGUP);
}
