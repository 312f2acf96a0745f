/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "phone/reply.h"

#include <errno.h>
#include <stdio.h>
#include <utlist.h>

#include "phone/action.h"
#include "phone/announce.h"
#include "phone/answer.h"
#include "phone/call.h"
#include "phone/consent.h"
#include "phone/decision.h"
#include "phone/end.h"
#include "phone/expire.h"
#include "phone/history-events.h"
#include "phone/hub-send.h"
#include "phone/request.h"
#include "phone/ring.h"
#include "phone/session.h"
#include "phone/user.h"
#include "phone/welcome.h"

/*
 * The handlers of replies, one for each kind of request. A handler gets a request that is out of
 * the list. It returns 0 if the request is done, REPLY_KEPT if it has put the request back or sent
 * it again, or -ENOMEM with nothing changed.
 */
#define REPLY_KEPT 1

/* Takes the settings of the program that placed this call, or whose initiate answered it. */
static void call_take_initiate(Phone *phone, PhoneCall *call, const HubRequest *request)
{
        consent_give(&call->stored, &request->consent, &request->settings);
        if (request->tie || request->tie_ring)
                STR_SET(call->stored.tied_to, request->client);
        call->stored.ring_tied = request->tie_ring && !request->tie;
        call_touch(call);
        if (call->stored.record.direction == CALL_DIRECTION_INCOMING) {
                call_handled_by(phone, call, request->client);
                return;
        }
        call->stored.placed = true;
        call->stored.parallel = request->message.initiate.parallel;
        call->stored.timeout_s = request->message.initiate.timeout_s;
}

static int reply_initiate_refused(Phone *phone, HubRequest *request, const MessageReply *reply)
{
        PhoneCall *call = call_find(phone, request->message.initiate.session_id);
        int r;

        /* The call was placed again after the hub had lost it, and is refused now. */
        if (call && call_is_live(call)) {
                r = call_end_here(phone, call, CALL_EVENT_CANCEL, CALL_REASON_FAILED);
                if (r < 0)
                        return r;
        }
        hub_request_fail(phone, request, reply->error, reply->text);
        return 0;
}

/*
 * Ends a call that was placed again and that the hub has merged into another one. A person who has
 * cancelled it does not want that one either.
 */
static int call_merged(Phone *phone, HubRequest *request, const char *session_id,
                       bool *ret_unwanted)
{
        PhoneCall *call = call_find(phone, hub_request_session_id(request));
        int r;

        *ret_unwanted = false;
        if (!call || str_eq(call->stored.record.session_id, session_id))
                return 0;
        *ret_unwanted = call->stored.unwanted;
        if (*ret_unwanted)
                request->consent.join = false;
        r = call_end_here(phone, call, CALL_EVENT_REPLACED, CALL_REASON_NONE);
        return r < 0 ? r : phone_reserve(phone);
}

/* The program gets the call as the hub has it, which may be another one than it asked for. */
static void initiate_done(Phone *phone, HubRequest *request, const char *session_id)
{
        if (request->has_ticket)
                phone_done(phone, request->ticket, session_id);
        request->has_ticket = false;
}

/* Ends at the hub a call that nobody here wants. */
static void hang_up_at_hub(Phone *phone, HubRequest *request, const char *session_id)
{
        hub_request_turn(request, MESSAGE_END);
        STR_SET(request->message.session.session_id, session_id);
        request->durable = true;
        hub_request_add(phone, request);
}

/* Takes the state in which the hub has the call. */
static int call_initiated(Phone *phone, PhoneCall *call, const CallSnapshot *snapshot, bool placed)
{
        if (snapshot->record.status == CALL_STATUS_ONGOING)
                call_answered(phone, call, snapshot, true);
        else if (call_status_is_terminal(snapshot->record.status))
                return call_over_by_record(phone, call, &snapshot->record);
        else if (placed && call->stored.consent.join)
                session_warm(phone, call);
        else if (call_is_live(call))
                call_ring_for(phone, call, snapshot->remaining_ms);
        return 0;
}

static int reply_initiate(Phone *phone, HubRequest *request, const MessageReply *reply)
{
        const CallSnapshot *snapshot = &reply->call;
        const char *session_id = snapshot->record.session_id;
        bool unwanted;
        PhoneCall *call;
        int r;

        if (reply->error)
                return reply_initiate_refused(phone, request, reply);

        r = call_merged(phone, request, session_id, &unwanted);
        if (r < 0)
                return r;
        call = call_find(phone, session_id);
        bool is_over = call_status_is_terminal(snapshot->record.status);
        bool placed = !call || !call_is_live(call);
        if (call && placed && is_over) {
                /* The end of the call came before this reply: it is over only once (rule 17). */
                initiate_done(phone, request, session_id);
                return 0;
        }
        if (placed) {
                r = call_recreate(phone, snapshot, &call);
                if (r < 0)
                        return r;
        }
        /* If the call rings here, the hub took the initiate as its accept (rules 10, 11). */
        if (placed || call_rings(call))
                call_take_initiate(phone, call, request);
        else
                unwanted = false; /* it was answered by itself */
        initiate_done(phone, request, session_id);
        r = call_initiated(phone, call, snapshot, placed);
        if (r < 0 || !unwanted || snapshot->record.status != CALL_STATUS_ONGOING)
                return r;
        hang_up_at_hub(phone, request, session_id);
        return REPLY_KEPT;
}

static int reply_accept(Phone *phone, HubRequest *request, const MessageReply *reply)
{
        const char *session_id = hub_request_session_id(request);
        PhoneCall *call = call_find(phone, session_id);
        int r;

        if (!reply->error && accept_is_late(request, call)) {
                r = call_recreate(phone, &reply->call, &call);
                if (r < 0)
                        return r;
        }
        if (!call && (reply->error == CALL_ERROR_CALL_TERMINATED ||
                      reply->error == CALL_ERROR_ANSWERED_ELSEWHERE)) {
                command_refuse(phone, request, NULL, CALL_ERROR_NO_SUCH_CALL);
        } else if (reply->error) {
                hub_request_fail(phone, request, reply->error, reply->text);
        } else if (call && call_is_live(call)) {
                if (call->stored.record.status == CALL_STATUS_INITIATED)
                        call_answered_by(phone, call, request);
                call_answered(phone, call, &reply->call, false);
                hub_request_succeed(phone, request);
        } else {
                /* The call ended here before the reply, so end it at the hub, too. */
                hub_request_fail(phone, request, CALL_ERROR_CALL_TERMINATED,
                                 "the call was over here before the hub confirmed the answer");
                hang_up_at_hub(phone, request, session_id);
                return REPLY_KEPT;
        }
        decisions_continue(phone, session_id);
        return 0;
}

static int reply_decision(Phone *phone, HubRequest *request, const MessageReply *reply)
{
        const char *session_id = hub_request_session_id(request);
        MessageType type = request->message.type;
        PhoneCall *call = call_find(phone, session_id);
        bool gone = reply->error == CALL_ERROR_NO_SUCH_CALL ||
                    reply->error == CALL_ERROR_CALL_TERMINATED;
        int r;

        if (!reply->error && call && call_is_live(call)) {
                hub_request_set_state(request, HUB_REQUEST_CONFIRMED);
                /* The media are closed; a hub that does not announce the end makes nobody wait. */
                if (request->durable)
                        request->deadline = MIN_OF(request->deadline,
                                                   phone->instant.now + CONFIRMED_TIMEOUT_US);
                hub_request_put_back(phone, request);
                return REPLY_KEPT;
        }
        if (type == MESSAGE_CANCEL && reply->error == CALL_ERROR_CALL_ONGOING) {
                hub_request_turn(request, MESSAGE_END);
                hub_request_add(phone, request);
                return REPLY_KEPT;
        }
        if (type == MESSAGE_CANCEL && reply->error == CALL_ERROR_CALL_TERMINATED && call &&
            !hub_request_find(phone, MESSAGE_HISTORY, "")) {
                /* The call ended while this device was away, and its record has been deleted. */
                r = call_end_unrecorded(phone, call, CALL_EVENT_CANCEL);
                if (r < 0)
                        return r;
                hub_request_fail(phone, request, reply->error, reply->text);
        } else if ((type == MESSAGE_END && gone) || reply->error == CALL_ERROR_NO_SUCH_CALL) {
                r = reply_unknown_call(phone, request);
                if (r < 0)
                        return r;
                hub_request_succeed(phone, request);
        } else if (reply->error) {
                hub_request_fail(phone, request, reply->error, reply->text);
        } else {
                hub_request_succeed(phone, request);
        }
        decisions_continue(phone, session_id);
        return 0;
}

static int reply_token(Phone *phone, HubRequest *request, const MessageReply *reply)
{
        PhoneCall *call = call_find(phone, hub_request_session_id(request));

        if (request->command == PHONE_COMMAND_JOIN && call && call_is_live(call)) {
                if (reply->error) {
                        session_fail(phone, call, reply->error, reply->text);
                } else if (call->stored.session.state == SESSION_JOINING) {
                        session_begin(phone, call, reply->token.token, request);
                        return REPLY_KEPT;
                }
        }
        if (reply->error) {
                hub_request_fail(phone, request, reply->error, reply->text);
        } else if (request->command == PHONE_COMMAND_JOIN) {
                hub_request_fail(phone, request, CALL_ERROR_MEDIA_FAILED,
                                 "the session was left before it was joined");
        } else if (request->has_ticket) {
                PhoneAction *action =
                        phone_done(phone, request->ticket, hub_request_session_id(request));
                STR_SET(action->token, reply->token.token);
        }
        return 0;
}

/* Leaves the media: this version does not support their mode. */
static void refuse_mode(Phone *phone, PhoneCall *call, HubRequest *request, const char *mode)
{
        char text[MESSAGE_TEXT_MAX + 1];

        snprintf(text, sizeof(text),
                 "the hub asks for media mode '%s', which this version does not support", mode);
        session_fail(phone, call, CALL_ERROR_NOT_SUPPORTED, text);
        hub_request_ask(phone, MESSAGE_LEAVE, call->stored.record.session_id);
        hub_request_fail(phone, request, CALL_ERROR_NOT_SUPPORTED, text);
}

static int reply_join(Phone *phone, HubRequest *request, const MessageReply *reply)
{
        PhoneCall *call = call_find(phone, hub_request_session_id(request));
        int r;

        if (!call || call->stored.record.status != CALL_STATUS_ONGOING) {
                hub_request_fail(phone, request, CALL_ERROR_CALL_TERMINATED,
                                 "the call was over before its session was joined");
                return 0;
        }
        if (reply->error == CALL_ERROR_AUTH_FAILED && request->command != PHONE_COMMAND_JOIN) {
                /* The token in the reply to the answer was used or too old: ask for another one. */
                hub_request_turn(request, MESSAGE_TOKEN);
                request->command = PHONE_COMMAND_JOIN;
                hub_request_add(phone, request);
                return REPLY_KEPT;
        }
        if (reply->error) {
                session_fail(phone, call, reply->error, reply->text);
                hub_request_fail(phone, request, reply->error, reply->text);
                return 0;
        }
        if (!str_empty(reply->join.mode) && !str_eq(reply->join.mode, MEDIA_MODE_MESH)) {
                refuse_mode(phone, call, request, reply->join.mode);
                return 0;
        }
        r = session_joined(phone, call, &reply->join);
        if (r < 0)
                return r;
        if (r == 0)
                hub_request_succeed(phone, request);
        else
                hub_request_fail(phone, request, (CallError)r,
                                 "the media failed, or were left, while joining");
        return 0;
}

/* A hub of an earlier version does not know the request. */
static int reply_relays(Phone *phone, HubRequest *request, const MessageReply *reply)
{
        PhoneCall *call = call_find(phone, hub_request_session_id(request));

        if (!call || reply->error == CALL_ERROR_NOT_SUPPORTED)
                return 0;
        if (reply->error == CALL_ERROR_NONE)
                return session_take_relays(phone, call, &reply->relays);
        session_relays_refused(phone, call);
        return 0;
}

static int reply_history(Phone *phone, HubRequest *request, const MessageReply *reply)
{
        bool probes = request->message.history.limit == HISTORY_PROBE_LIMIT;

        if (reply->error)
                return probes ? welcome_history_known(phone) : 0;
        int r = phone_history_page(phone, &reply->history);
        if (r < 0)
                return r;
        if (probes)
                return welcome_history_known(phone);
        if (!phone_history_pages_go_on(phone, request->message.history.cursor, &reply->history)) {
                phone->history_since = phone->history_paged_to;
                return welcome_history_known(phone);
        }
        hub_request_turn(request, MESSAGE_HISTORY);
        STR_SET(request->message.history.cursor, reply->history.next);
        hub_request_add(phone, request);
        return REPLY_KEPT;
}

static int reply_block(Phone *phone, HubRequest *request, const MessageReply *reply)
{
        int r;

        if (reply->error) {
                hub_request_fail(phone, request, reply->error, reply->text);
                return 0;
        }
        r = user_block(phone, &request->message.block);
        if (r < 0)
                return r;
        hub_request_succeed(phone, request);
        return 0;
}

/* It protects, so it holds here once it holds at the hub. */
static int reply_who_may_ring(Phone *phone, HubRequest *request, const MessageReply *reply)
{
        if (reply->error) {
                hub_request_fail(phone, request, reply->error, reply->text);
                return 0;
        }
        user_who_may_ring(phone, true, request->message.settings.who_may_ring);
        hub_request_succeed(phone, request);
        return 0;
}

static int reply_plain(Phone *phone, HubRequest *request, const MessageReply *reply)
{
        if (reply->error)
                hub_request_fail(phone, request, reply->error, reply->text);
        else
                hub_request_succeed(phone, request);
        return 0;
}

typedef struct ReplyRule {
        ReplyKind kind; /* of a reply without an error */
        int (*take)(Phone *phone, HubRequest *request, const MessageReply *reply);
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
                [MESSAGE_RELAYS] = {REPLY_RELAYS, reply_relays},
                [MESSAGE_BLOCK] = {REPLY_PLAIN, reply_block},
                [MESSAGE_WHO_MAY_RING] = {REPLY_PLAIN, reply_who_may_ring},
                [MESSAGE_HISTORY] = {REPLY_HISTORY, reply_history},
        };

        return rules[type].take ? &rules[type] : &plain;
}

/*
 * Whether the reply is about the call that was asked for. An initiate may have become a part in
 * another call (rules 10, 11), but of the same user or group.
 */
static bool call_fits(const Phone *phone, const HubRequest *request, const CallRecord *record)
{
        const PhoneCallInfo *known = phone_call_find(phone, record->session_id);
        const MessageInitiate *asked = &request->message.initiate;
        bool same = str_eq(record->session_id, hub_request_session_id(request));
        bool outgoing = record->direction == CALL_DIRECTION_OUTGOING;
        bool group = record->receiver_type == RECEIVER_TYPE_GROUP;
        const Party *peer = group ? &record->receiver : call_record_peer(record);

        if (request->message.type != MESSAGE_ACCEPT && request->message.type != MESSAGE_INITIATE)
                return true;
        if (known && !call_record_is_same(&known->stored.record, record))
                return false;
        if (request->message.type == MESSAGE_ACCEPT)
                return same && (group || !outgoing);
        return record->receiver_type == asked->receiver_type &&
               str_eq(peer->uid, asked->receiver) && (!same || outgoing);
}

int hub_request_replied(Phone *phone, uint64_t id, const MessageReply *reply)
{
        MessageReply wrong = {.error = CALL_ERROR_NOT_SUPPORTED,
                              .text = "the hub sent a reply that does not fit the request"};
        HubRequest *request;
        int r;

        DL_FOREACH (phone->requests, request) {
                if (request->message.id == id && hub_request_is_sent(request))
                        break;
        }
        if (!request)
                return 0;

        const ReplyRule *rule = reply_rule(request->message.type);
        if (!reply->error &&
            !(reply->kind == rule->kind && call_fits(phone, request, &reply->call.record)))
                reply = &wrong;
        hub_request_take(phone, request);
        r = rule->take(phone, request, reply);
        if (r < 0)
                hub_request_put_back(phone, request);
        else if (r != REPLY_KEPT)
                hub_request_free(request);
        return r < 0 ? r : 0;
}
