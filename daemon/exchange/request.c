/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "exchange/request.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "exchange/action.h"
#include "exchange/call.h"
#include "exchange/leg.h"
#include "exchange/rate.h"
#include "exchange/snapshot.h"

int exchange_request_refuse(Request *request, CallError error, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(request->text, sizeof(request->text), format, arguments);
        va_end(arguments);
        return (int)error;
}

int exchange_request_check_starts(Request *request)
{
        const User *user = request->device->user;
        uint32_t max = request->exchange->limits.calls_per_minute;

        if (exchange_rate_admits(&user->starts, max, request->moment->now))
                return 0;
        return exchange_request_refuse(request, CALL_ERROR_TOO_MANY,
                                       "'%s' has started or joined %u calls within a minute",
                                       user->uid, max);
}

int exchange_request_check_lookups(Request *request)
{
        const User *user = request->device->user;
        uint32_t max = request->exchange->limits.failed_lookups_per_minute;

        if (exchange_rate_admits(&user->failed_lookups, max, request->moment->now))
                return 0;
        return exchange_request_refuse(request, CALL_ERROR_TOO_MANY,
                                       "'%s' was refused %u names within a minute", user->uid, max);
}

int exchange_request_answer_lookup(Request *request, int result)
{
        User *user = request->device->user;
        uint32_t max = request->exchange->limits.failed_lookups_per_minute;

        if (result <= 0)
                return result;
        int r = exchange_request_check_lookups(request);
        if (r == 0)
                r = exchange_rate_reserve(&user->failed_lookups, max);
        if (r != 0)
                return r;
        exchange_rate_note(&user->failed_lookups, max, request->moment->now);
        return result;
}

int exchange_request_reply(Request *request, ReplyKind kind, MessageReply **ret)
{
        Message *message;
        int r = exchange_send(request->exchange, request->attachment, MESSAGE_REPLY, &message);

        if (r < 0)
                return r;
        STR_SET(CONTAINER_OF(message, ExchangeAction, message)->session_id,
                message_session_id(request->message));
        message->id = request->message->id;
        message->reply.kind = kind;
        request->replied = true;
        *ret = &message->reply;
        return 0;
}

int exchange_request_reply_call(Request *request, const CallLeg *leg)
{
        MessageReply *reply;
        int r = exchange_request_reply(request, REPLY_CALL, &reply);

        if (r < 0)
                return r;
        return exchange_leg_snapshot(leg, request->moment, request->device, &reply->call);
}

int exchange_request_reply_record(Request *request, const CallRecord *record)
{
        MessageReply *reply;
        int r = exchange_request_reply(request, REPLY_CALL, &reply);

        if (r < 0)
                return r;
        reply->call.here = true;
        return call_record_copy(&reply->call.record, record);
}

/* The leg that the requesting device can see, or NULL. */
static CallLeg *request_leg(const Request *request, const Call *call)
{
        const Device *device = request->device;
        const Branch *branch;
        CallLeg *leg;

        if (request->attachment->leg)
                return request->attachment->leg->call == call ? request->attachment->leg : NULL;
        DL_FOREACH2 (device->branches, branch, device_next) {
                if (branch->leg->call == call)
                        return branch->leg;
        }
        /* The call is not, or no longer, on this device. */
        leg = exchange_call_leg(call, device->user);
        if (!leg || exchange_leg_is_hidden(leg))
                return NULL;
        if (leg->direction == CALL_DIRECTION_OUTGOING)
                return str_eq(leg->device, device->id) ? leg : NULL;
        return leg->status == CALL_STATUS_INITIATED ? NULL : leg;
}

/* A decision on another device ended the ring on this one with this event. */
static CallEvent leg_event_elsewhere(const CallLeg *leg)
{
        return leg->status == CALL_STATUS_REJECTED || leg->status == CALL_STATUS_BUSY
                       ? CALL_EVENT_DECLINE_ELSEWHERE
                       : CALL_EVENT_ANSWER_ELSEWHERE;
}

int exchange_request_view(Request *request, const char *session_id, CallView *ret)
{
        Call *call = exchange_call_find(request->exchange, session_id);
        CallLeg *leg = call ? request_leg(request, call) : NULL;

        if (!leg)
                return exchange_request_refuse(request, CALL_ERROR_NO_SUCH_CALL,
                                               "there is no call '%s' on this device", session_id);
        *ret = (CallView){
                .leg = leg,
                .status = leg->status,
                .reason = leg->reason,
                .here = str_eq(leg->device, request->device->id),
        };
        if (!ret->here && !str_empty(leg->device))
                (void)rules_transition(leg->direction, CALL_STATUS_INITIATED,
                                       leg_event_elsewhere(leg), &ret->status, &ret->reason);
        return 0;
}

static int request_refuse_method(Request *request, const CallView *view, CallError error)
{
        if (error == CALL_ERROR_CALL_TERMINATED)
                return exchange_request_refuse(
                        request, error, "the call is over: %s",
                        call_outcome_words(view->status, call_reason_to_string(view->reason)));
        if (error == CALL_ERROR_CALL_ONGOING)
                return exchange_request_refuse(
                        request, error, "the call has been answered already: it can be hung up");
        if (error == CALL_ERROR_ANSWERED_ELSEWHERE)
                return exchange_request_refuse(request, error,
                                               "the call was answered on another device");
        return exchange_request_refuse(request, error, "not possible with an %s call that %s",
                                       call_direction_to_string(view->leg->direction),
                                       call_status_does(view->status));
}

int exchange_request_check(Request *request, CallView *view, CallMethod method)
{
        CallError error;

        view->verdict = rules_method(view->leg->direction, view->status, view->reason, method,
                                     view->here, &error);
        return view->verdict == METHOD_FAILS ? request_refuse_method(request, view, error) : 0;
}

int exchange_request_find(Request *request, const char *session_id, CallMethod method,
                          CallView *ret)
{
        int r = exchange_request_view(request, session_id, ret);

        return r != 0 ? r : exchange_request_check(request, ret, method);
}
