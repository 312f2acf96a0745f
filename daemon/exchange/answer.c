/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "exchange/answer.h"

#include <errno.h>

#include "exchange/action.h"
#include "exchange/alias.h"
#include "exchange/announce.h"
#include "exchange/branch.h"
#include "exchange/call.h"
#include "exchange/cancelled.h"
#include "exchange/end.h"
#include "exchange/group.h"
#include "exchange/leg.h"
#include "exchange/marks.h"
#include "exchange/media.h"
#include "exchange/rate.h"
#include "exchange/redial.h"
#include "exchange/request.h"
#include "exchange/snapshot.h"
#include "exchange/store.h"
#include "exchange/token.h"

/*
 * Finds the ringing leg of the requesting device. *ret is NULL if the call no longer rings: there
 * is nothing to record.
 */
static int request_rung_leg(Request *request, const char *session_id, CallLeg **ret)
{
        CallView view;
        int r = exchange_request_view(request, session_id, &view);

        if (r != 0)
                return r;
        bool rung = view.leg->direction == CALL_DIRECTION_INCOMING &&
                    view.status == CALL_STATUS_INITIATED && view.leg->call->live;
        *ret = rung ? view.leg : NULL;
        return 0;
}

/*
 * Records that a device stays quiet. That is the reason of a call that is missed without any alert
 * (rule 9), and has no other effect.
 */
int exchange_request_delivered(Request *request)
{
        const MessageDelivered *delivered = &request->message->delivered;
        CallLeg *leg;
        int r = request_rung_leg(request, delivered->session_id, &leg);

        if (r != 0 || !leg || !delivered->quiet || leg->quiet)
                return r;
        leg->quiet = true;
        r = exchange_save_leg(request->exchange, request->moment, leg);
        if (r < 0)
                leg->quiet = false;
        return r;
}

/*
 * The first alert of a call has an event of its own; in a group, later ones are sent as member
 * states.
 */
static int leg_send_ringing(Request *request, const CallLeg *leg)
{
        const CallLeg *caller = call_caller(leg->call);
        Message *message;

        if (leg->call->record.ringing_since || !caller->branches)
                return 0;
        int r = exchange_send(request->exchange, caller->branches->device->attachment,
                              MESSAGE_RINGING, &message);
        if (r <= 0)
                return r;
        STR_SET(message->ringing.session_id, leg->call->record.session_id);
        STR_SET(message->ringing.uid, leg->uid);
        message->ringing.ringing_since = request->moment->date;
        return 0;
}

int exchange_request_alerting(Request *request)
{
        CallLeg *leg;
        int r = request_rung_leg(request, request->message->session.session_id, &leg);

        if (r != 0 || !leg || leg->ringing_since)
                return r;
        r = leg_send_ringing(request, leg);
        if (r < 0)
                return r;

        CallRecord *record = &leg->call->record;
        bool first = record->ringing_since == 0;
        leg->ringing_since = request->moment->date;
        if (first)
                record->ringing_since = request->moment->date;
        /* The stored leg is quiet: without its alert, a restarted hub would take it as filtered. */
        r = leg->quiet ? exchange_save_leg(request->exchange, request->moment, leg) : 0;
        if (r < 0) {
                leg->ringing_since = 0;
                if (first)
                        record->ringing_since = 0;
                return r;
        }
        exchange_members_changed(leg->call);
        exchange_call_touch(request->exchange, leg->call);
        return 0;
}

/* An accept in progress, with the values to restore if memory runs out. */
typedef struct Answer {
        Request *request;
        CallLeg *leg;
        bool first;
        Branch *made; /* a new branch, for a device that accepts without having rung */
        CallLeg leg_before;
        CallType type_before;
} Answer;

static int answer_announce_caller(const Answer *answer)
{
        const CallLeg *caller = call_caller(answer->leg->call);
        const Device *device = caller->branches->device;
        Request *request = answer->request;
        Message *message;
        int r = exchange_send(request->exchange, device->attachment, MESSAGE_ACCEPTED, &message);

        return r <= 0 ? r : exchange_leg_snapshot(caller, request->moment, device, &message->call);
}

static int answer_announce_others(const Answer *answer)
{
        const Branch *branch;

        DL_FOREACH2 (answer->leg->branches, branch, leg_next) {
                int r = branch->device == answer->request->device
                                ? 0
                                : exchange_branch_send_event(answer->request->exchange, branch,
                                                             CALL_EVENT_ANSWER_ELSEWHERE);

                if (r < 0)
                        return r;
        }
        return 0;
}

static int answer_announce(const Answer *answer)
{
        Request *request = answer->request;
        CallLeg *leg = answer->leg;
        Token *token;
        int r = answer->first ? exchange_leg_token_new(request->exchange, request->moment,
                                                       call_caller(leg->call), &token)
                              : 0;

        if (r == 0)
                r = exchange_leg_token_new(request->exchange, request->moment, leg, &token);
        if (r == 0)
                r = exchange_save_leg(request->exchange, request->moment, leg);
        if (r == 0)
                r = exchange_request_reply_call(request, leg);
        if (r == 0 && answer->first)
                r = answer_announce_caller(answer);
        if (r == 0)
                r = answer_announce_others(answer);
        return r;
}

static void leg_set_ongoing(CallLeg *leg)
{
        exchange_leg_set(leg, CALL_STATUS_ONGOING, CALL_REASON_NONE);
        leg->was_in = true;
        leg->ended_at = leg->duration_s = 0;
}

static int answer_begin(Answer *answer, CallType type, bool joins)
{
        const Request *request = answer->request;
        CallLeg *leg = answer->leg;
        Call *call = leg->call;
        CallRecord *record = &call->record;

        if (!exchange_branch_find(leg, request->device)) {
                int r = exchange_branch_new(leg, request->device, &answer->made);

                if (r < 0)
                        return r;
        }
        answer->leg_before = *leg;
        answer->type_before = record->type;

        leg_set_ongoing(leg);
        leg->barred = false;
        leg->media.joins = joins;
        leg->join_until = joins ? request->moment->now + JOIN_DEADLINE_US : USEC_NEVER;
        STR_SET(leg->device, request->device->id);
        if (answer->first) {
                leg_set_ongoing(call_caller(call));
                record->answered_at = request->moment->date;
                call->answered = request->moment->now;
        }
        if (!call_is_to_group(call)) {
                STR_SET(record->receiver.device, request->device->id);
                record->type = type;
        }
        return 0;
}

static void leg_undo_ongoing(Exchange *exchange, CallLeg *leg, CallStatus status, CallReason reason)
{
        while (leg->tokens)
                exchange_token_free(exchange, leg->tokens);
        exchange_leg_set(leg, status, reason);
}

static void answer_undo(Answer *answer)
{
        Exchange *exchange = answer->request->exchange;
        const CallLeg *before = &answer->leg_before;
        CallLeg *leg = answer->leg;
        Call *call = leg->call;

        exchange_rollback(exchange);
        leg_undo_ongoing(exchange, leg, before->status, before->reason);
        leg->was_in = before->was_in;
        leg->barred = before->barred;
        leg->ended_at = before->ended_at;
        leg->duration_s = before->duration_s;
        leg->media = before->media;
        leg->join_until = before->join_until;
        memcpy(leg->device, before->device, sizeof(leg->device));
        if (answer->made)
                exchange_branch_free(answer->made);
        if (answer->first) {
                leg_undo_ongoing(exchange, call_caller(call), CALL_STATUS_INITIATED,
                                 CALL_REASON_NONE);
                call_caller(call)->was_in = false;
                call->record.answered_at = 0;
                call->answered = USEC_NEVER;
        }
        if (!call_is_to_group(call)) {
                call->record.receiver.device[0] = '\0';
                call->record.type = answer->type_before;
        }
}

static void answer_apply(const Answer *answer)
{
        const Request *request = answer->request;
        CallLeg *leg = answer->leg;
        Branch *branch, *next;

        DL_FOREACH_SAFE2 (leg->branches, branch, next, leg_next) {
                if (branch->device != request->device)
                        exchange_branch_free(branch);
        }
        exchange_leg_enlist(leg);
        if (!call_is_to_group(leg->call))
                exchange_redial_clear(request->exchange, call_caller(leg->call)->uid, leg->uid);
        leg->lost_since = USEC_NEVER;
        exchange_call_count_joined(leg->call, request->moment->now);
        exchange_call_touch(request->exchange, leg->call);
}

int exchange_request_answer(Request *request, CallLeg *leg, CallType type, bool joins)
{
        Answer answer = {
                .request = request,
                .leg = leg,
                .first = !call_is_answered(leg->call),
        };
        const bool late = exchange_leg_may_join_late(leg);
        Rate *starts = &leg->user->starts;
        uint32_t max = request->exchange->limits.calls_per_minute;
        int r = late ? exchange_rate_reserve(starts, max) : 0;

        if (r == 0)
                r = answer_begin(&answer, type, joins);
        if (r < 0)
                return r;
        r = answer_announce(&answer);
        if (r < 0) {
                answer_undo(&answer);
                return r;
        }
        answer_apply(&answer);
        /* All others hear of each late join, so nobody may leave and join again without end. */
        if (late)
                exchange_rate_note(starts, max, request->moment->now);
        return r;
}

static int request_accept_again(Request *request, CallLeg *leg)
{
        Token *token;
        int r = exchange_leg_token(leg, request->moment->now)
                        ? 0
                        : exchange_leg_token_new(request->exchange, request->moment, leg, &token);

        return r < 0 ? r : exchange_request_reply_call(request, leg);
}

static int request_check_accept(Request *request, CallView *view)
{
        const CallRecord *record = &view->leg->call->record;
        const Group *group;

        if (exchange_leg_may_join_late(view->leg)) {
                group = exchange_group_find(request->exchange, record->receiver.uid);
                if (group && !exchange_group_member(group, request->device->user))
                        return exchange_request_refuse(request, CALL_ERROR_NOT_A_MEMBER,
                                                       "'%s' is not a member of the group '%s'",
                                                       request->device->user->uid, group->guid);
                view->verdict = METHOD_DOES;
                return exchange_request_check_starts(request);
        }
        return exchange_request_check(request, view, CALL_METHOD_ACCEPT);
}

int exchange_request_accept(Request *request)
{
        const MessageAccept *accept = &request->message->accept;
        User *user = request->device->user;
        CallView view;
        int r = exchange_request_view(request, accept->session_id, &view);

        if (r == 0)
                r = request_check_accept(request, &view);
        if (r != 0)
                return r;
        if (view.verdict == METHOD_SUCCEEDS)
                return request_accept_again(request, view.leg);
        if (user->busy && !accept->end_others && !accept->parallel)
                return exchange_request_refuse(request, CALL_ERROR_BUSY_SELF,
                                               "'%s' is in another call already", user->uid);
        while (user->busy && accept->end_others) {
                r = exchange_leg_quit(request->exchange, request->moment, user->busy,
                                      CALL_EVENT_REPLACED);
                if (r < 0)
                        return r;
        }
        return exchange_request_answer(
                request, view.leg, accept->as_audio ? CALL_TYPE_AUDIO : view.leg->call->record.type,
                accept->join);
}

int exchange_request_reject(Request *request)
{
        const MessageReject *reject = &request->message->reject;
        CallEvent event = reject->status == CALL_STATUS_BUSY ? CALL_EVENT_BUSY : CALL_EVENT_REJECT;
        CallView view;
        int r = exchange_request_view(request, reject->session_id, &view);

        if (r != 0)
                return r;
        /* A repeated reject gets the same answer. */
        if (view.here && view.leg->direction == CALL_DIRECTION_INCOMING &&
            view.status == reject->status)
                return 0;
        r = exchange_request_check(request, &view, CALL_METHOD_REJECT);
        if (r != 0)
                return r;
        STR_SET(view.leg->device, request->device->id);
        r = exchange_leg_quit(request->exchange, request->moment, view.leg, event);
        if (r < 0)
                view.leg->device[0] = '\0';
        return r;
}

int exchange_request_cancel(Request *request)
{
        const char *session_id = request->message->session.session_id;
        User *user = request->device->user;
        const CallLeg *merged = exchange_alias_of_user(request->exchange, user, session_id);
        CallView view;

        if (!merged && !exchange_call_find(request->exchange, session_id))
                return exchange_cancel_remember(request->exchange, request->moment, user,
                                                session_id);

        int r = exchange_request_view(request,
                                      merged ? merged->call->record.session_id : session_id, &view);
        if (r != 0)
                return r;
        /* A repeated cancel gets the same answer. */
        if (view.leg->direction == CALL_DIRECTION_OUTGOING &&
            view.reason == CALL_REASON_CALLER_CANCELLED)
                return 0;
        r = exchange_request_check(request, &view, CALL_METHOD_CANCEL);
        if (r != 0)
                return r;
        return exchange_leg_quit(request->exchange, request->moment, view.leg, CALL_EVENT_CANCEL);
}

int exchange_request_end(Request *request)
{
        const char *session_id = request->message->session.session_id;
        /* The caller of an initiate that became an accept may not know that yet (rule 10). */
        const CallLeg *merged =
                exchange_alias_of_user(request->exchange, request->device->user, session_id);
        CallView view;
        int r = exchange_request_find(request,
                                      merged ? merged->call->record.session_id : session_id,
                                      CALL_METHOD_END, &view);

        if (r != 0 || view.verdict == METHOD_SUCCEEDS)
                return r;
        return exchange_leg_quit(request->exchange, request->moment, view.leg, CALL_EVENT_HANGUP);
}
