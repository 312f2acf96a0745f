/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <utlist.h>

#include "phone/internal.h"

/*
 * The functions for each kind of request get it out of the list, and return 0 when it is through,
 * REPLY_KEPT when they have put it back or asked it anew, or -ENOMEM with nothing changed.
 */
#define REPLY_KEPT 1

/* What is asked for by whoever places a call, or answers one by placing another (glare, groups). */
static void call_take_initiate(Phone *phone, PhoneCall *call, const Errand *errand)
{
        PhoneSession *session = &call->info.session;

        call->info.join_wanted = errand->message.initiate.join;
        session->settings = errand->settings;
        session->audio_muted = errand->settings.start_audio_muted;
        if (errand->tie)
                STR_SET(call->tied_to, errand->owner);
        call->unsaved = true;
        if (call->info.record.direction == CALL_DIRECTION_INCOMING) {
                call_handled_by(phone, call, errand->owner);
                return;
        }
        call->placed = errand->message.initiate;
        call->placed.metadata = (Metadata){};
}

static int reply_initiate_refused(Phone *phone, Errand *errand, const MessageReply *reply)
{
        PhoneCall *call = call_find(phone, errand->message.initiate.session_id);
        int r;

        /* Asked again for a call that the hub had lost: then that is how it ends. */
        if (call && call_is_live(call)) {
                r = call_end_here(phone, call, CALL_EVENT_CANCEL, CALL_REASON_FAILED);
                if (r < 0)
                        return r;
        }
        errand_fail(phone, errand, reply->error, reply->text);
        return 0;
}

/* One that was placed once, and that the hub had lost, is another call by now (glare, groups). */
static int call_merged(Phone *phone, const Errand *errand, const char *session_id)
{
        PhoneCall *call = call_find(phone, errand_session_id(errand));
        int r;

        if (!call || str_eq(call->info.record.session_id, session_id))
                return 0;
        r = phone_reserve(phone, 2, 2);
        if (r < 0)
                return r;
        return call_end_here(phone, call, CALL_EVENT_REPLACED, CALL_REASON_NONE);
}

static int reply_initiate(Phone *phone, Errand *errand, const MessageReply *reply)
{
        const CallSnapshot *snapshot = &reply->call;
        const char *session_id = snapshot->record.session_id;
        PhoneCall *call;
        int r;

        if (reply->error)
                return reply_initiate_refused(phone, errand, reply);

        r = call_merged(phone, errand, session_id);
        if (r < 0)
                return r;
        call = call_find(phone, session_id);
        bool placed = !call || !call_is_live(call);
        if (placed) {
                r = call_anew(phone, snapshot, &call);
                if (r < 0)
                        return r;
        }
        /* Glare, or a group that rings here: ours has become the answer to theirs. */
        if (placed || call_rings(call))
                call_take_initiate(phone, call, errand);
        if (errand->has_ticket)
                phone_done(phone, errand->ticket, session_id);
        errand->has_ticket = false;
        if (snapshot->record.status == CALL_STATUS_ONGOING)
                call_answered(phone, call, snapshot, true);
        else if (call_status_is_terminal(snapshot->record.status))
                return call_over_by_record(phone, call, &snapshot->record);
        else if (placed && call->info.join_wanted)
                session_warm(phone, call);
        else if (call_is_live(call))
                call_ring_for(phone, call, snapshot->remaining_ms);
        return 0;
}

static int reply_accept(Phone *phone, Errand *errand, const MessageReply *reply)
{
        const char *session_id = errand_session_id(errand);
        PhoneCall *call = call_find(phone, session_id);
        int r;

        if (!reply->error && accept_is_late(errand, call)) {
                r = call_anew(phone, &reply->call, &call);
                if (r < 0)
                        return r;
        }
        if (!call && (reply->error == CALL_ERROR_CALL_TERMINATED ||
                      reply->error == CALL_ERROR_ANSWERED_ELSEWHERE)) {
                command_refuse(phone, errand, NULL, CALL_ERROR_NO_SUCH_CALL);
        } else if (reply->error) {
                errand_fail(phone, errand, reply->error, reply->text);
        } else if (call && call_is_live(call)) {
                if (call->info.record.status == CALL_STATUS_INITIATED)
                        call_answered_by(phone, call, errand);
                call_answered(phone, call, &reply->call, false);
                errand_succeed(phone, errand);
        } else {
                /* It was given up here meanwhile: nobody is left to talk. */
                errand_fail(phone, errand, CALL_ERROR_CALL_TERMINATED,
                            "the call was over here before the hub confirmed the answer");
                errand_turn(errand, MESSAGE_END);
                errand->kept = true;
                errand_add(phone, errand);
                return REPLY_KEPT;
        }
        decisions_go_on(phone, session_id);
        return 0;
}

/* The hub does not have the call any more: then it is over. */
static int reply_unknown_call(Phone *phone, Errand *errand)
{
        PhoneCall *call = call_find(phone, errand_session_id(errand));

        if (!call)
                return 0;
        return call_end_here(phone, call,
                             errand->message.type == MESSAGE_END ? CALL_EVENT_HANGUP
                                                                 : CALL_EVENT_CANCEL,
                             CALL_REASON_NONE);
}

static int reply_decision(Phone *phone, Errand *errand, const MessageReply *reply)
{
        const char *session_id = errand_session_id(errand);
        MessageType type = errand->message.type;
        PhoneCall *call = call_find(phone, session_id);
        bool gone = reply->error == CALL_ERROR_NO_SUCH_CALL ||
                    reply->error == CALL_ERROR_CALL_TERMINATED;
        int r;

        if (!reply->error && call && call_is_live(call)) {
                errand->confirmed = true;
                errand_put_back(phone, errand);
                return REPLY_KEPT;
        }
        if (type == MESSAGE_CANCEL && reply->error == CALL_ERROR_CALL_ONGOING) {
                errand_turn(errand, MESSAGE_END);
                errand_add(phone, errand);
                return REPLY_KEPT;
        }
        if (type == MESSAGE_CANCEL && reply->error == CALL_ERROR_CALL_TERMINATED && call &&
            !errand_find(phone, MESSAGE_HISTORY, "")) {
                /* How it ended was told while nobody was here, and has been deleted since. */
                r = call_end_unrecorded(phone, call, CALL_EVENT_CANCEL);
                if (r < 0)
                        return r;
                errand_fail(phone, errand, reply->error, reply->text);
        } else if ((type == MESSAGE_END && gone) || reply->error == CALL_ERROR_NO_SUCH_CALL) {
                r = reply_unknown_call(phone, errand);
                if (r < 0)
                        return r;
                errand_succeed(phone, errand);
        } else if (reply->error) {
                errand_fail(phone, errand, reply->error, reply->text);
        } else {
                errand_succeed(phone, errand);
        }
        decisions_go_on(phone, session_id);
        return 0;
}

static int reply_token(Phone *phone, Errand *errand, const MessageReply *reply)
{
        PhoneCall *call = call_find(phone, errand_session_id(errand));

        if (errand->command == PHONE_COMMAND_JOIN && call && call_is_live(call)) {
                if (reply->error) {
                        session_fail(phone, call, reply->error, reply->text);
                } else if (call->info.session.state == SESSION_JOINING) {
                        session_begin(phone, call, reply->token.token, errand);
                        return REPLY_KEPT;
                }
        }
        if (reply->error) {
                errand_fail(phone, errand, reply->error, reply->text);
        } else if (errand->command == PHONE_COMMAND_JOIN) {
                errand_fail(phone, errand, CALL_ERROR_MEDIA_FAILED,
                            "the session was left before it was joined");
        } else if (errand->has_ticket) {
                PhoneAction *action = phone_done(phone, errand->ticket, errand_session_id(errand));
                STR_SET(action->token, reply->token.token);
        }
        return 0;
}

/* A hub may learn more ways than this device has: then it takes no part in the media. */
static void refuse_mode(Phone *phone, PhoneCall *call, Errand *errand, const char *mode)
{
        char text[MESSAGE_TEXT_MAX + 1];

        snprintf(text, sizeof(text), "the hub wants the media by '%s', which is not known here",
                 mode);
        session_fail(phone, call, CALL_ERROR_NOT_SUPPORTED, text);
        errand_ask(phone, MESSAGE_LEAVE, call->info.record.session_id);
        errand_fail(phone, errand, CALL_ERROR_NOT_SUPPORTED, text);
}

static int reply_join(Phone *phone, Errand *errand, const MessageReply *reply)
{
        PhoneCall *call = call_find(phone, errand_session_id(errand));
        int r;

        if (!call || call->info.record.status != CALL_STATUS_ONGOING) {
                errand_fail(phone, errand, CALL_ERROR_CALL_TERMINATED,
                            "the call was over before its session was joined");
                return 0;
        }
        if (reply->error == CALL_ERROR_AUTH_FAILED && errand->command != PHONE_COMMAND_JOIN) {
                /* The token that came with the answer was used up or too old: once more. */
                errand_turn(errand, MESSAGE_TOKEN);
                errand->command = PHONE_COMMAND_JOIN;
                errand_add(phone, errand);
                return REPLY_KEPT;
        }
        if (reply->error) {
                session_fail(phone, call, reply->error, reply->text);
                errand_fail(phone, errand, reply->error, reply->text);
                return 0;
        }
        if (!str_empty(reply->join.mode) && !str_eq(reply->join.mode, MEDIA_MODE_MESH)) {
                refuse_mode(phone, call, errand, reply->join.mode);
                return 0;
        }
        r = session_joined(phone, call, &reply->join);
        if (r < 0)
                return r;
        if (r == 0)
                errand_succeed(phone, errand);
        else
                errand_fail(phone, errand, (CallError)r,
                            "the media failed or were left while they were being joined");
        return 0;
}

static int reply_history(Phone *phone, Errand *errand, const MessageReply *reply)
{
        int r;

        if (reply->error)
                return 0;
        r = phone_history_page(phone, &reply->history);
        if (r < 0)
                return r;
        if (!*reply->history.next)
                return 0;
        errand_turn(errand, MESSAGE_HISTORY);
        STR_SET(errand->message.history.cursor, reply->history.next);
        errand_add(phone, errand);
        return REPLY_KEPT;
}

static int reply_block(Phone *phone, Errand *errand, const MessageReply *reply)
{
        int r;

        if (reply->error) {
                errand_fail(phone, errand, reply->error, reply->text);
                return 0;
        }
        r = user_block(phone, &errand->message.block);
        if (r < 0)
                return r;
        errand_succeed(phone, errand);
        return 0;
}

static int reply_plain(Phone *phone, Errand *errand, const MessageReply *reply)
{
        if (reply->error)
                errand_fail(phone, errand, reply->error, reply->text);
        else
                errand_succeed(phone, errand);
        return 0;
}

typedef struct ReplyRule {
        ReplyKind kind; /* of a reply without an error */
        int (*take)(Phone *phone, Errand *errand, const MessageReply *reply);
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
                [MESSAGE_BLOCK] = {REPLY_PLAIN, reply_block},
                [MESSAGE_HISTORY] = {REPLY_HISTORY, reply_history},
        };

        return rules[type].take ? &rules[type] : &plain;
}

int errand_replied(Phone *phone, uint64_t id, const MessageReply *reply)
{
        MessageReply wrong = {.error = CALL_ERROR_NOT_SUPPORTED,
                              .text = "the hub gave an answer that does not belong to the request"};
        Errand *errand;
        int r;

        DL_FOREACH (phone->errands, errand) {
                if (errand->message.id == id && errand->sent && !errand->confirmed)
                        break;
        }
        if (!errand)
                return 0;
        /* A call may have been answered, and be over. */
        r = phone_reserve(phone, 2, 2);
        if (r < 0)
                return r;

        const ReplyRule *rule = reply_rule(errand->message.type);
        bool fits = reply->kind == rule->kind &&
                    (errand->message.type != MESSAGE_ACCEPT ||
                     str_eq(reply->call.record.session_id, errand_session_id(errand)));
        if (!reply->error && !fits)
                reply = &wrong;
        errand_take(phone, errand);
        r = rule->take(phone, errand, reply);
        if (r < 0)
                errand_put_back(phone, errand);
        else if (r != REPLY_KEPT)
                errand_free(errand);
        return r < 0 ? r : 0;
}

/* What it may have caused is cancelled, until the hub confirms that: rule 15. */
static void expire_initiate(Phone *phone, Errand *errand)
{
        errand_fail(phone, errand,
                    errand->sent_once ? CALL_ERROR_TIMEOUT : CALL_ERROR_NOT_CONNECTED,
                    errand->sent_once ? "the hub has not confirmed the call within 10 s"
                                      : "there is no connection to the hub");
        if (!errand->sent_once) {
                errand_free(errand);
                return;
        }
        errand_turn(errand, MESSAGE_CANCEL);
        errand->kept = true;
        errand_add(phone, errand);
}

static int expire_kept(Phone *phone, Errand *errand)
{
        int r;

        /* Whoever gave up is not held in the call because the hub is far: it learns of it later. */
        r = reply_unknown_call(phone, errand);
        if (r < 0)
                return r;
        if (errand->confirmed) {
                errand_succeed(phone, errand);
                errand_free(errand);
                return 0;
        }
        errand_fail(phone, errand, CALL_ERROR_TIMEOUT,
                    "the hub has not confirmed it within 10 s; the call is over here");
        errand_put_back(phone, errand);
        return 0;
}

static void expire_other(Phone *phone, Errand *errand)
{
        PhoneCall *call = call_find(phone, errand_session_id(errand));

        errand_fail(phone, errand, CALL_ERROR_TIMEOUT,
                    "the hub has not confirmed it within 10 s: the call's status says what came "
                    "of it");
        if (errand->command == PHONE_COMMAND_JOIN && call && call_is_live(call))
                session_fail(phone, call, CALL_ERROR_TIMEOUT,
                             "the hub has not confirmed the join within 10 s");
        else if (errand->sent && !errand->held) {
                errand->expired = true;
                errand_put_back(phone, errand);
                return;
        }
        errand_free(errand);
}

int errand_expire(Phone *phone, Errand *errand)
{
        char session_id[UUID_LENGTH + 1];
        usec_t deadline = errand->deadline;
        int r;

        STR_SET(session_id, errand_session_id(errand));
        errand_take(phone, errand);
        errand->deadline = USEC_NEVER;
        if (errand->message.type == MESSAGE_INITIATE) {
                expire_initiate(phone, errand);
        } else if (errand->kept) {
                r = expire_kept(phone, errand);
                if (r < 0) {
                        errand->deadline = deadline;
                        errand_put_back(phone, errand);
                        return r;
                }
        } else {
                expire_other(phone, errand);
        }
        decisions_go_on(phone, session_id);
        return 0;
}
