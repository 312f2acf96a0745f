/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <utlist.h>

#include "call/phone-internal.h"

/*
 * The functions for each kind of request get it out of the list, and return 0 when it is through,
 * REPLY_KEPT when they have put it back or asked it anew, or -ENOMEM with nothing changed.
 */
#define REPLY_KEPT 1

/* A call that the hub has just confirmed, or that the hub took for an answer to its own (glare). */
static int reply_placed(Phone *phone, Request *request, const CallSnapshot *snapshot)
{
        const MessageInitiate *asked = &request->message.initiate;
        CallSnapshot fresh = *snapshot;
        Call *call;
        int r;

        /* It appears as a call that was just placed; what has become of it since comes after. */
        fresh.record.status = CALL_STATUS_INITIATED;
        *fresh.record.reason = '\0';
        r = call_new(phone, &fresh, &call);
        if (r < 0)
                return r;
        call->shown.join_wanted = asked->join;
        call->shown.session.settings = request->settings;
        call->shown.session.audio_muted = request->settings.start_audio_muted;
        call->shown.session.video_paused = request->settings.start_video_paused;
        call->placed = *asked;
        call->placed.metadata = (Metadata){};
        if (request->tie)
                STR_SET(call->tied_to, request->owner);
        call_add(phone, call);
        return 0;
}

static int reply_initiate_refused(Phone *phone, Request *request, const MessageReply *reply)
{
        Call *call = call_find(phone, request->message.initiate.session_id);
        int r;

        /* Asked again for a call that the hub had lost: then that is how it ends. */
        if (call && call_is_live(call)) {
                r = call_end_here(phone, call, CALL_EVENT_CANCEL, CALL_REASON_FAILED);
                if (r < 0)
                        return r;
        }
        request_fail(phone, request, reply->error, reply->text);
        return 0;
}

static int reply_initiate(Phone *phone, Request *request, const MessageReply *reply)
{
        const CallSnapshot *snapshot = &reply->call;
        const char *session_id = snapshot->record.session_id;
        Call *call;
        int r;

        if (reply->error)
                return reply_initiate_refused(phone, request, reply);

        call = call_find(phone, session_id);
        bool placed = !call;
        if (placed) {
                r = reply_placed(phone, request, snapshot);
                if (r < 0)
                        return r;
                call = call_find(phone, session_id);
        } else if (!*call->placed.session_id) {
                /* Glare: ours has become the answer to theirs. */
                call->shown.answered_here = true;
                call->shown.join_wanted = request->message.initiate.join;
                call->shown.session.settings = request->settings;
        }
        if (request->has_ticket)
                phone_done(phone, request->ticket, session_id);
        if (snapshot->record.status == CALL_STATUS_ONGOING)
                call_answered(phone, call, snapshot, true);
        else if (call_status_is_terminal(snapshot->record.status))
                call_over_by_record(phone, call, &snapshot->record);
        else if (placed && call->shown.join_wanted)
                session_warm(phone, call);
        else if (call_is_live(call))
                call_ring_for(phone, call, snapshot->remaining_ms);
        return 0;
}

static int reply_accept(Phone *phone, Request *request, const MessageReply *reply)
{
        const char *session_id = request_session_id(request);
        Call *call = call_find(phone, session_id);

        if (reply->error) {
                request_fail(phone, request, reply->error, reply->text);
        } else if (call && (call_rings(call) || call->shown.record.status == CALL_STATUS_ONGOING)) {
                if (call_rings(call))
                        call_answered_by(phone, call, request);
                call_answered(phone, call, &reply->call, false);
                request_succeed(phone, request);
        } else {
                /* It was given up here meanwhile: nobody is left to talk. */
                request_fail(phone, request, CALL_ERROR_CALL_TERMINATED,
                             "The call was over here before the hub confirmed the answer");
                request_turn(request, MESSAGE_END);
                request->kept = true;
                request_add(phone, request);
                return REPLY_KEPT;
        }
        decisions_go_on(phone, session_id);
        return 0;
}

/* The hub does not have the call any more: then it is over. */
static int reply_unknown_call(Phone *phone, Request *request)
{
        Call *call = call_find(phone, request_session_id(request));

        if (!call)
                return 0;
        return call_end_here(phone, call,
                             request->message.type == MESSAGE_END ? CALL_EVENT_HANGUP
                                                                  : CALL_EVENT_CANCEL,
                             CALL_REASON_NONE);
}

static int reply_decision(Phone *phone, Request *request, const MessageReply *reply)
{
        const char *session_id = request_session_id(request);
        MessageType type = request->message.type;
        Call *call = call_find(phone, session_id);
        bool gone = reply->error == CALL_ERROR_NO_SUCH_CALL ||
                    reply->error == CALL_ERROR_CALL_TERMINATED;
        int r;

        if (!reply->error && call && call_is_live(call)) {
                request->confirmed = true;
                request_put_back(phone, request);
                return REPLY_KEPT;
        }
        if (type == MESSAGE_CANCEL && reply->error == CALL_ERROR_CALL_ONGOING) {
                request_turn(request, MESSAGE_END);
                request_add(phone, request);
                return REPLY_KEPT;
        }
        if ((type == MESSAGE_END && gone) || reply->error == CALL_ERROR_NO_SUCH_CALL) {
                r = reply_unknown_call(phone, request);
                if (r < 0)
                        return r;
                request_succeed(phone, request);
        } else if (reply->error) {
                request_fail(phone, request, reply->error, reply->text);
        } else {
                request_succeed(phone, request);
        }
        decisions_go_on(phone, session_id);
        return 0;
}

static int reply_token(Phone *phone, Request *request, const MessageReply *reply)
{
        Call *call = call_find(phone, request_session_id(request));

        if (request->command == PHONE_COMMAND_JOIN && call && call_is_live(call)) {
                if (reply->error) {
                        session_fail(phone, call, reply->error, reply->text);
                } else if (call->shown.session.state == SESSION_JOINING) {
                        session_begin(phone, call, reply->token.token, request);
                        return REPLY_KEPT;
                }
        }
        if (reply->error) {
                request_fail(phone, request, reply->error, reply->text);
        } else if (request->command == PHONE_COMMAND_JOIN) {
                request_fail(phone, request, CALL_ERROR_MEDIA_FAILED,
                             "The session was left before it was joined");
        } else if (request->has_ticket) {
                phone_done(phone, request->ticket, request_session_id(request));
                PhoneAction *action = &phone->actions->prev->action;
                STR_SET(action->token, reply->token.token);
        }
        return 0;
}

static int reply_join(Phone *phone, Request *request, const MessageReply *reply)
{
        Call *call = call_find(phone, request_session_id(request));
        int r;

        if (!call || call->shown.record.status != CALL_STATUS_ONGOING) {
                request_fail(phone, request, CALL_ERROR_CALL_TERMINATED,
                             "The call was over before its session was joined");
                return 0;
        }
        if (reply->error == CALL_ERROR_AUTH_FAILED && request->command != PHONE_COMMAND_JOIN) {
                /* The token that came with the answer was used up or too old: once more. */
                request_turn(request, MESSAGE_TOKEN);
                request->command = PHONE_COMMAND_JOIN;
                request_add(phone, request);
                return REPLY_KEPT;
        }
        if (reply->error) {
                session_fail(phone, call, reply->error, reply->text);
                request_fail(phone, request, reply->error, reply->text);
                return 0;
        }
        r = session_joined(phone, call, &reply->join);
        if (r < 0)
                return r;
        if (r == 0)
                request_succeed(phone, request);
        else
                request_fail(phone, request, (CallError)r,
                             "The media failed or were left while they were being joined");
        return 0;
}

static int reply_history(Phone *phone, Request *request, const MessageReply *reply)
{
        int r;

        if (reply->error)
                return 0;
        r = phone_history_page(phone, &reply->history);
        if (r < 0)
                return r;
        if (!*reply->history.next)
                return 0;
        request_turn(request, MESSAGE_HISTORY);
        STR_SET(request->message.history.cursor, reply->history.next);
        request_add(phone, request);
        return REPLY_KEPT;
}

static int reply_plain(Phone *phone, Request *request, const MessageReply *reply)
{
        if (reply->error)
                request_fail(phone, request, reply->error, reply->text);
        else
                request_succeed(phone, request);
        return 0;
}

typedef struct ReplyRule {
        ReplyKind kind; /* of a reply without an error */
        int (*take)(Phone *phone, Request *request, const MessageReply *reply);
} ReplyRule;

static const ReplyRule *reply_rule(MessageType type)
{
        static const ReplyRule plain = {REPLY_PLAIN, reply_plain};
        static const ReplyRule rules[MESSAGE_TYPE_COUNT] = {
                [MESSAGE_INITIATE] = {REPLY_CALL, reply_initiate},
                [MESSAGE_ACCEPT] = {REPLY_CALL, reply_accept},
                [MESSAGE_REJECT] = {REPLY_PLAIN, reply_decision},
                [MESSAGE_CANCEL] = {REPLY_PLAIN, reply_decision},
                [MESSAGE_END] = {REPLY_PLAIN, reply_decision},
                [MESSAGE_TOKEN] = {REPLY_TOKEN, reply_token},
                [MESSAGE_JOIN] = {REPLY_JOIN, reply_join},
                [MESSAGE_HISTORY] = {REPLY_HISTORY, reply_history},
        };

        return rules[type].take ? &rules[type] : &plain;
}

int request_replied(Phone *phone, uint64_t id, const MessageReply *reply)
{
        MessageReply wrong = {.error = CALL_ERROR_NOT_SUPPORTED,
                              .text = "The hub gave an answer that does not belong to the request"};
        Request *request;
        int r;

        DL_FOREACH (phone->requests, request) {
                if (request->message.id == id && request->sent && !request->confirmed)
                        break;
        }
        if (!request)
                return 0;
        r = phone_reserve(phone, 1);
        if (r < 0)
                return r;

        const ReplyRule *rule = reply_rule(request->message.type);
        if (!reply->error && reply->kind != rule->kind)
                reply = &wrong;
        request_take(phone, request);
        r = rule->take(phone, request, reply);
        if (r < 0)
                request_put_back(phone, request);
        else if (r != REPLY_KEPT)
                request_free(request);
        return r < 0 ? r : 0;
}

/* InitiateCall gave up: what it may have caused is cancelled, until the hub confirms it: rule 15.
 */
static void expire_initiate(Phone *phone, Request *request)
{
        request_fail(phone, request,
                     request->sent_once ? CALL_ERROR_TIMEOUT : CALL_ERROR_NOT_CONNECTED,
                     request->sent_once ? "The hub has not confirmed the call within 10 s"
                                        : "There is no connection to the hub");
        if (!request->sent_once) {
                request_free(request);
                return;
        }
        request_turn(request, MESSAGE_CANCEL);
        request->kept = true;
        request_add(phone, request);
}

static int expire_kept(Phone *phone, Request *request)
{
        int r;

        /* Whoever gave up is not held in the call because the hub is far: it learns of it later. */
        r = reply_unknown_call(phone, request);
        if (r < 0)
                return r;
        if (request->confirmed) {
                request_succeed(phone, request);
                request_free(request);
                return 0;
        }
        request_fail(phone, request, CALL_ERROR_TIMEOUT,
                     "The hub has not confirmed it within 10 s; the call is over here");
        request_put_back(phone, request);
        return 0;
}

static void expire_other(Phone *phone, Request *request)
{
        Call *call = call_find(phone, request_session_id(request));

        request_fail(phone, request, CALL_ERROR_TIMEOUT,
                     "The hub has not confirmed it within 10 s: the call's status says what came "
                     "of it");
        if (request->command == PHONE_COMMAND_JOIN && call && call_is_live(call))
                session_fail(phone, call, CALL_ERROR_TIMEOUT,
                             "The hub has not confirmed the join within 10 s");
        else if (request->sent && !request->held) {
                request->expired = true;
                request_put_back(phone, request);
                return;
        }
        request_free(request);
}

int request_expire(Phone *phone, Request *request)
{
        char session_id[UUID_LENGTH + 1];
        usec_t deadline = request->deadline;
        int r = 0;

        STR_SET(session_id, request_session_id(request));
        request_take(phone, request);
        request->deadline = USEC_NEVER;
        if (request->message.type == MESSAGE_INITIATE) {
                expire_initiate(phone, request);
        } else if (request->kept) {
                r = expire_kept(phone, request);
                if (r < 0) {
                        request->deadline = deadline;
                        request_put_back(phone, request);
                        return r;
                }
        } else {
                expire_other(phone, request);
        }
        decisions_go_on(phone, session_id);
        return 0;
}
