/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A request being answered. Handlers return 0, a CallError after exchange_request_refuse(), or
 * -ENOMEM.
 */

#include "exchange/state.h"

typedef struct Request {
        Exchange *exchange;
        const ExchangeNow *moment;
        Attachment *attachment;
        Device *device; /* the requesting one; for a limited attachment, the device of its leg */
        const Message *message;
        const PastCall *past; /* of an initiate's session id, or NULL */
        bool replied;
        char text[MESSAGE_TEXT_MAX + 1]; /* of the refusal */
} Request;

/* A call as the requesting device sees it. */
typedef struct CallView {
        CallLeg *leg;
        CallStatus status;
        CallReason reason;
        bool here;             /* this device placed, answered or declined it */
        MethodVerdict verdict; /* of exchange_request_check(): DOES or SUCCEEDS */
} CallView;

/* Records the text for the reply and returns the error, for the handler to return. */
int exchange_request_refuse(Request *request, CallError error, const char *format, ...)
        _printf_(3, 4);
/* Refuses with TooMany once this user has reached the limit of calls and late joins a minute. */
int exchange_request_check_starts(Request *request);
/* Refuses with TooMany once this user has reached the limit of refused names a minute. */
int exchange_request_check_lookups(Request *request);
/*
 * Ends a request that names a user or group. Limits how often its result, if that is a refusal, may
 * tell whether there is such a user or group: beyond the limit all refusals are alike. Returns the
 * result, or a CallError in its place.
 */
int exchange_request_answer_lookup(Request *request, int result);
/* Queues a reply other than plain success, for the caller to fill in. Returns 0 or -ENOMEM. */
int exchange_request_reply(Request *request, ReplyKind kind, MessageReply **ret);
int exchange_request_reply_call(Request *request, const CallLeg *leg);
/* Replies with a call from the requesting user's history. */
int exchange_request_reply_record(Request *request, const CallRecord *record);
/* The call as the requesting device sees it; refuses with NoSuchCall. */
int exchange_request_view(Request *request, const char *session_id, CallView *ret);
/* Refuses if rules_method() does; sets view->verdict. */
int exchange_request_check(Request *request, CallView *view, CallMethod method);
/* exchange_request_view() and exchange_request_check(). */
int exchange_request_find(Request *request, const char *session_id, CallMethod method,
                          CallView *ret);
