/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "phone/state.h"

#include <assert.h>
#include <errno.h>

#include "phone/action.h"
#include "phone/announce.h"
#include "phone/answer.h"
#include "phone/call.h"
#include "phone/connection.h"
#include "phone/end.h"
#include "phone/event-rate.h"
#include "phone/handlers.h"
#include "phone/history-events.h"
#include "phone/member.h"
#include "phone/participant-events.h"
#include "phone/reply.h"
#include "phone/ring.h"
#include "phone/user.h"
#include "phone/welcome.h"

static int message_incoming(Phone *phone, const Message *message)
{
        const CallSnapshot *snapshot = &message->call;
        const CallRecord *record = &snapshot->record;
        PhoneCall *call = call_find(phone, record->session_id);
        int r;

        if (record->direction != CALL_DIRECTION_INCOMING || record->status != CALL_STATUS_INITIATED)
                return 0;
        if (call) {
                if (call_rings(call) && call_record_is_same(&call->stored.record, record))
                        call_ring_for(phone, call, snapshot->remaining_ms);
                return 0;
        }
        /* The event was sent again after a resume, and its ring is over or nearly over by now. */
        if (ring_is_late(snapshot))
                return 0;
        /* At the limit the call does not ring here: it becomes missed unless answered elsewhere. */
        if (phone_n_live_calls(phone) >= PHONE_CALLS_MAX)
                return 0;
        r = call_new(phone, snapshot, &call);
        if (r < 0)
                return r;
        call_add(phone, call);
        call_ring(phone, call, false);
        return 0;
}

static int message_ringing(Phone *phone, const Message *message)
{
        PhoneCall *call = call_find(phone, message->ringing.session_id);

        if (call)
                call_member_ringing(phone, call, message->ringing.ringing_since);
        return 0;
}

/* Only a caller gets this event; a receiver gets the reply to its accept. */
static int message_accepted(Phone *phone, const Message *message)
{
        PhoneCall *call = call_find(phone, message->call.record.session_id);

        if (call && call->stored.record.direction == CALL_DIRECTION_OUTGOING &&
            call_record_is_same(&call->stored.record, &message->call.record))
                call_answered(phone, call, &message->call, true);
        return 0;
}

static int message_over(Phone *phone, const Message *message)
{
        PhoneCall *call = call_find(phone, message->over.session_id);

        if (call)
                call_over(phone, call, &message->over);
        return 0;
}

static int message_members(Phone *phone, const Message *message)
{
        return members_message(phone, &message->members);
}

static int message_logged(Phone *phone, const Message *message)
{
        return phone_history_news(phone, &message->logged);
}

static int message_groups(Phone *phone, const Message *message)
{
        return user_groups(phone, &message->groups);
}

static int message_blocked(Phone *phone, const Message *message)
{
        return user_block(phone, &message->block);
}

static int message_changed(Phone *phone, const Message *message)
{
        user_settings(phone, &message->settings);
        return 0;
}

/* The events; the hub's other messages are replies. An unknown event arrives as MESSAGE_NONE. */
static int (*const events[MESSAGE_TYPE_COUNT])(Phone *phone, const Message *message) = {
        [MESSAGE_INCOMING] = message_incoming,        [MESSAGE_RINGING] = message_ringing,
        [MESSAGE_ACCEPTED] = message_accepted,        [MESSAGE_OVER] = message_over,
        [MESSAGE_MEMBERS] = message_members,          [MESSAGE_JOINED] = participants_message,
        [MESSAGE_LEFT] = participants_message,        [MESSAGE_SIGNALLED] = participants_message,
        [MESSAGE_PARTICIPANT] = participants_message, [MESSAGE_LOGGED] = message_logged,
        [MESSAGE_FORGOTTEN] = message_forgotten,      [MESSAGE_GROUPS] = message_groups,
        [MESSAGE_BLOCKED] = message_blocked,          [MESSAGE_CHANGED] = message_changed,
};

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
        /* The event was sent again after a resume, and is handled already. */
        if (message->seq && message->seq <= phone->seq_seen)
                return 0;
        if (message->seq > phone->seq_seen + 1)
                return -EPROTO;
        if (!event_rate_allows(phone, message->type))
                return -EBUSY;
        if (message->type != MESSAGE_NONE) {
                assert(events[message->type]);
                r = events[message->type](phone, message);
                if (r < 0)
                        return r;
        }
        if (message->seq)
                phone->seq_seen = message->seq;
        return 0;
}

const char *phone_message_error(int error)
{
        switch (error) {
        case -EPROTO:
                return "events from the hub are missing; connecting again to get them";
        case -EBUSY:
                return "the hub sends too many events at once; connecting again later";
        default:
                return "out of memory; connecting again";
        }
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
