/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/message.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/words.h"

static const char *const message_types[MESSAGE_TYPE_COUNT] = {
        [MESSAGE_NONE] = "none",
        [MESSAGE_HELLO] = "hello",
        [MESSAGE_INITIATE] = "initiate",
        [MESSAGE_DELIVERED] = "delivered",
        [MESSAGE_ALERTING] = "alerting",
        [MESSAGE_ACCEPT] = "accept",
        [MESSAGE_REJECT] = "reject",
        [MESSAGE_CANCEL] = "cancel",
        [MESSAGE_END] = "end",
        [MESSAGE_TOKEN] = "token",
        [MESSAGE_JOIN] = "join",
        [MESSAGE_LEAVE] = "leave",
        [MESSAGE_RELAYS] = "relays",
        [MESSAGE_SIGNAL] = "signal",
        [MESSAGE_STATE] = "state",
        [MESSAGE_SETTINGS] = "settings",
        [MESSAGE_BLOCK] = "block",
        [MESSAGE_WHO_MAY_RING] = "who_may_ring",
        [MESSAGE_HISTORY] = "history",
        [MESSAGE_SEEN] = "seen",
        [MESSAGE_FORGET] = "forget",
        [MESSAGE_GOING] = "going",
        [MESSAGE_LOGOUT] = "logout",
        [MESSAGE_ACK] = "ack",
        [MESSAGE_REPLY] = "reply",
        [MESSAGE_INCOMING] = "incoming",
        [MESSAGE_RINGING] = "ringing",
        [MESSAGE_ACCEPTED] = "accepted",
        [MESSAGE_OVER] = "over",
        [MESSAGE_MEMBERS] = "members",
        [MESSAGE_JOINED] = "joined",
        [MESSAGE_LEFT] = "left",
        [MESSAGE_SIGNALLED] = "signalled",
        [MESSAGE_PARTICIPANT] = "participant",
        [MESSAGE_LOGGED] = "logged",
        [MESSAGE_FORGOTTEN] = "forgotten",
        [MESSAGE_GROUPS] = "groups",
        [MESSAGE_BLOCKED] = "blocked",
        [MESSAGE_CHANGED] = "changed",
};
DEFINE_WORDS_TO_STRING(message_type, MessageType, message_types);

int message_type_from_string(const char *s, MessageType *ret)
{
        int r = words_find(message_types, ELEMENTSOF(message_types), s);

        if (r <= MESSAGE_NONE)
                return -EINVAL;
        *ret = (MessageType)r;
        return 0;
}

bool message_type_is_request(MessageType type)
{
        return type >= MESSAGE_HELLO && type <= MESSAGE_LOGOUT;
}

bool message_type_is_event(MessageType type)
{
        return type >= MESSAGE_INCOMING && type <= MESSAGE_CHANGED;
}

void call_records_free(CallRecord *records, size_t n)
{
        for (size_t i = 0; i < n; i++)
                call_record_done(&records[i]);
        free(records);
}

void call_snapshot_done(CallSnapshot *snapshot)
{
        call_record_done(&snapshot->record);
        free(snapshot->others);
        snapshot->others = NULL;
        snapshot->n_others = 0;
}

void call_snapshots_free(CallSnapshot *snapshots, size_t n)
{
        for (size_t i = 0; i < n; i++)
                call_snapshot_done(&snapshots[i]);
        free(snapshots);
}

static void message_reply_done(MessageReply *reply)
{
        switch (reply->kind) {
        case REPLY_WELCOME:
                free(reply->welcome.groups);
                free(reply->welcome.blocked);
                call_snapshots_free(reply->welcome.calls, reply->welcome.n_calls);
                call_records_free(reply->welcome.history, reply->welcome.n_history);
                break;
        case REPLY_CALL:
                call_snapshot_done(&reply->call);
                break;
        case REPLY_JOIN:
                free(reply->join.others);
                free(reply->join.ice_servers);
                break;
        case REPLY_RELAYS:
                free(reply->relays.ice_servers);
                break;
        case REPLY_HISTORY:
                call_records_free(reply->history.records, reply->history.n_records);
                break;
        case REPLY_PLAIN:
        case REPLY_TOKEN:
        case REPLY_KIND_COUNT:
                break;
        }
}

bool message_sessions_have(const MessageSessions *sessions, const CallRecord *record)
{
        if (sessions->count == 0)
                return sessions->until == 0 || record->initiated_at <= sessions->until;
        for (size_t i = 0; i < sessions->count; i++) {
                if (str_eq(sessions->session_ids[i], record->session_id))
                        return true;
        }
        return false;
}

const char *message_session_id(const Message *message)
{
        static const bool without_call[MESSAGE_TYPE_COUNT] = {
                [MESSAGE_NONE] = true,         [MESSAGE_HELLO] = true,   [MESSAGE_SETTINGS] = true,
                [MESSAGE_WHO_MAY_RING] = true, [MESSAGE_BLOCK] = true,   [MESSAGE_HISTORY] = true,
                [MESSAGE_SEEN] = true,         [MESSAGE_FORGET] = true,  [MESSAGE_GOING] = true,
                [MESSAGE_LOGOUT] = true,       [MESSAGE_ACK] = true,     [MESSAGE_FORGOTTEN] = true,
                [MESSAGE_GROUPS] = true,       [MESSAGE_BLOCKED] = true, [MESSAGE_CHANGED] = true,
                [MESSAGE_REPLY] = true,
        };

        static_assert(offsetof(MessageSession, session_id) == 0 &&
                              offsetof(MessageInitiate, session_id) == 0 &&
                              offsetof(MessageAccept, session_id) == 0 &&
                              offsetof(MessageReject, session_id) == 0 &&
                              offsetof(MessageDelivered, session_id) == 0 &&
                              offsetof(MessageJoin, session_id) == 0 &&
                              offsetof(MessageSignal, session_id) == 0 &&
                              offsetof(MessageState, session_id) == 0 &&
                              offsetof(MessageRinging, session_id) == 0 &&
                              offsetof(MessageMembers, session_id) == 0 &&
                              offsetof(MessageOver, session_id) == 0 &&
                              offsetof(MessageParticipant, session_id) == 0 &&
                              offsetof(CallSnapshot, record.session_id) == 0 &&
                              offsetof(CallRecord, session_id) == 0,
                      "every message about a call begins with its session id");
        if (message->type == MESSAGE_REPLY && !message->reply.error &&
            message->reply.kind == REPLY_CALL)
                return message->reply.call.record.session_id;
        return without_call[message->type] ? "" : message->session.session_id;
}

void message_done(Message *message)
{
        switch (message->type) {
        case MESSAGE_INITIATE:
                metadata_done(&message->initiate.metadata);
                break;
        case MESSAGE_SIGNAL:
        case MESSAGE_SIGNALLED:
                free(message->signal.data);
                break;
        case MESSAGE_SEEN:
        case MESSAGE_FORGET:
        case MESSAGE_FORGOTTEN:
                free(message->sessions.session_ids);
                break;
        case MESSAGE_REPLY:
                message_reply_done(&message->reply);
                break;
        case MESSAGE_INCOMING:
        case MESSAGE_ACCEPTED:
                call_snapshot_done(&message->call);
                break;
        case MESSAGE_MEMBERS:
                free(message->members.members);
                break;
        case MESSAGE_GROUPS:
                free(message->groups.groups);
                break;
        case MESSAGE_LOGGED:
                call_record_done(&message->logged);
                break;
        default:
                break;
        }
        message->type = MESSAGE_NONE;
}

void message_reply_ok(Message *ret, uint64_t id)
{
        *ret = (Message){.type = MESSAGE_REPLY, .id = id, .reply.kind = REPLY_PLAIN};
}

void message_reply_error(Message *ret, uint64_t id, CallError error, const char *format, ...)
{
        char text[4 * MESSAGE_TEXT_MAX];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(text, sizeof(text), format, arguments);
        va_end(arguments);

        message_reply_ok(ret, id);
        ret->reply.error = error;
        str_printable(ret->reply.text, sizeof(ret->reply.text), text);
}
