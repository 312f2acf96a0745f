/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "phone/state.h"

#include <errno.h>

#include "phone/action.h"
#include "phone/announce.h"
#include "phone/answer.h"
#include "phone/call.h"
#include "phone/connection.h"
#include "phone/end.h"
#include "phone/handlers.h"
#include "phone/history-events.h"
#include "phone/member.h"
#include "phone/participant-events.h"
#include "phone/reply.h"
#include "phone/ring.h"
#include "phone/user.h"
#include "phone/welcome.h"

static int message_incoming(Phone *phone, const CallSnapshot *snapshot)
{
        const CallRecord *record = &snapshot->record;
        PhoneCall *call = call_find(phone, record->session_id);
        int r;

        if (record->direction != CALL_DIRECTION_INCOMING || record->status != CALL_STATUS_INITIATED)
                return 0;
        if (call) {
                if (call_rings(call))
                        call_ring_for(phone, call, snapshot->remaining_ms);
                return 0;
        }
        /* Sent again after a resume, but over or nearly over by now: history tells the rest. */
        if (ring_is_late(snapshot))
                return 0;
        /* At the limit the hub makes it a missed call. */
        if (phone_n_live_calls(phone) >= PHONE_CALLS_MAX)
                return 0;
        r = call_new(phone, snapshot, &call);
        if (r < 0)
                return r;
        call_add(phone, call);
        call_ring(phone, call, false);
        return 0;
}

static int message_event(Phone *phone, const Message *message)
{
        PhoneCall *call;

        switch (message->type) {
        case MESSAGE_INCOMING:
                return message_incoming(phone, &message->call);
        case MESSAGE_RINGING:
                call = call_find(phone, message->ringing.session_id);
                if (call)
                        call_member_ringing(phone, call, message->ringing.ringing_since);
                return 0;
        case MESSAGE_ACCEPTED:
                call = call_find(phone, message->call.record.session_id);
                /* Only a caller gets this event; a receiver's accept has a reply. */
                if (call && call->stored.record.direction == CALL_DIRECTION_OUTGOING)
                        call_answered(phone, call, &message->call, true);
                return 0;
        case MESSAGE_OVER:
                call = call_find(phone, message->over.session_id);
                if (call)
                        call_over(phone, call, &message->over);
                return 0;
        case MESSAGE_JOINED:
        case MESSAGE_LEFT:
        case MESSAGE_SIGNALLED:
        case MESSAGE_PARTICIPANT:
                return participants_message(phone, message);
        case MESSAGE_LOGGED:
                return phone_history_news(phone, &message->logged);
        case MESSAGE_FORGOTTEN:
                return message_forgotten(phone, &message->sessions);
        case MESSAGE_MEMBERS:
                return members_message(phone, &message->members);
        case MESSAGE_CHANGED:
        case MESSAGE_GROUPS:
        case MESSAGE_BLOCKED:
                return user_message(phone, message);
        default:
                return 0;
        }
}

static int message_dispatch(Phone *phone, const Message *message)
{
        const MessageReply *reply = &message->reply;
        int r;

        if (message->type == MESSAGE_REPLY)
                return reply->kind == REPLY_WELCOME && !reply->error
                               ? phone_welcome(phone, &reply->welcome)
                               : hub_request_replied(phone, message->id, reply);

        /* A logged-out device ignores events. */
        if (phone->connection == PHONE_LOGGED_OUT)
                return 0;
        /* Sent again after a resume, and handled already. */
        if (message->seq && message->seq <= phone->seq_seen)
                return 0;
        if (message->seq > phone->seq_seen + 1)
                return -EPROTO;
        r = message_event(phone, message);
        if (r < 0)
                return r;
        if (message->seq)
                phone->seq_seen = message->seq;
        return 0;
}

const char *phone_message_error(int error)
{
        return error == -EPROTO ? "events from the hub are missing; connecting again to get them"
                                : "out of memory; connecting again";
}

int phone_take_message(Phone *phone, const Message *message)
{
        int r = message_dispatch(phone, message);

        if (r < 0)
                return r;
        if (message->type != MESSAGE_REPLY || message->reply.kind != REPLY_WELCOME)
                phone_history_follows(phone);
        return 0;
}
