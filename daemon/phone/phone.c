/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <utlist.h>

#include "phone/internal.h"

int phone_new(Phone **ret)
{
        Phone *phone = calloc(1, sizeof(*phone));

        if (!phone)
                return -ENOMEM;
        phone->ack_at = USEC_NEVER;
        phone->next_id = HELLO_ID + 1;
        *ret = phone;
        return 0;
}

Phone *phone_free(Phone *phone)
{
        HubRequest *request, *next_request;
        StoredRequest *saved, *next_saved;
        PhoneCall *call, *next;

        if (!phone)
                return NULL;
        DL_FOREACH_SAFE (phone->requests, request, next_request)
                hub_request_free(request);
        DL_FOREACH_SAFE (phone->calls, call, next)
                call_free(call);
        DL_FOREACH_SAFE (phone->stored_requests, saved, next_saved)
                free(saved);
        listeners_free(phone);
        free(phone->groups);
        free(phone->blocked);
        phone_actions_free(phone);
        free(phone);
        return NULL;
}

/* ---- what the hub says ---- */

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
        /* Sent again after a resume, and over by now, or nearly so: history tells. */
        if (ring_is_late(snapshot))
                return 0;
        /* One more would be nobody's to answer; the hub makes a missed call of it. */
        if (phone_n_live_calls(phone) >= PHONE_CALLS_MAX)
                return 0;
        r = call_new(phone, snapshot, &call);
        if (r < 0)
                return r;
        call_add(phone, call);
        call_ring(phone, call, false);
        return 0;
}

/* The hub came back without it. A call of ours that is asked for again has to be named. */
static bool call_is_forgotten(Phone *phone, const PhoneCall *call, const MessageSessions *sessions)
{
        const char *session_id = call->info.record.session_id;

        if (call->info.record.status != CALL_STATUS_INITIATED)
                return false;
        return call_rings(call) ? call->unknown
                                : sessions->count > 0 &&
                                          (call->unknown || call->unwanted ||
                                           hub_request_find(phone, MESSAGE_INITIATE, session_id));
}

/* What is deleted is over, and whoever deleted it knows: here it stops, and leaves no record. */
static int message_forgotten_calls(Phone *phone, const MessageSessions *sessions)
{
        PhoneCall *call;
        int r;

        DL_FOREACH (phone->calls, call) {
                if (!message_sessions_have(sessions, &call->info.record) ||
                    !call_is_forgotten(phone, call, sessions))
                        continue;
                r = phone_reserve(phone, 1, 1);
                if (r == 0)
                        r = call_end_unrecorded(phone, call, CALL_EVENT_CALLER_LOST);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int message_forgotten(Phone *phone, const MessageSessions *sessions)
{
        size_t size = sessions->count * sizeof(*sessions->session_ids);
        void *ids = NULL;

        if (size > 0) {
                ids = malloc(size);
                if (!ids)
                        return -ENOMEM;
                memcpy(ids, sessions->session_ids, size);
        }
        PhoneAction *action = phone_act(phone, PHONE_HISTORY_FORGET, NULL);
        action->sessions.session_ids = ids;
        action->sessions.count = sessions->count;
        action->sessions.until = sessions->until;
        return message_forgotten_calls(phone, sessions);
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
                /* Only the caller is told so; the receiver's own accept has its reply. */
                if (call && call->info.record.direction == CALL_DIRECTION_OUTGOING)
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

        /* Whoever has logged out is told nothing more. */
        if (phone->connection == PHONE_LOGGED_OUT)
                return 0;
        /* Sent again after a resume, and taken already. */
        if (message->seq && message->seq <= phone->seq_seen)
                return 0;
        if (message->seq > phone->seq_seen + 1)
                return -EPROTO;
        /* A call that is over may have to be answered first. */
        r = message->type == MESSAGE_OVER ? phone_reserve(phone, 2, 2) : phone_reserve(phone, 1, 1);
        if (r < 0)
                return r;
        r = message_event(phone, message);
        if (r < 0)
                return r;
        if (message->seq)
                phone->seq_seen = message->seq;
        return 0;
}

int phone_message(Phone *phone, const Now *instant, const Message *message)
{
        int r;

        phone->instant = *instant;
        /* Room for what settles after a message that nobody waits for. */
        r = phone_reserve(phone, 1, 0);
        if (r < 0)
                return r;
        r = message_dispatch(phone, message);
        if (r < 0)
                return r;
        if (message->type != MESSAGE_REPLY || message->reply.kind != REPLY_WELCOME)
                phone_history_follows(phone);
        phone_settle(phone);
        return 0;
}

int phone_tone_playing(Phone *phone, const Now *instant, PhoneTone tone, bool playing)
{
        int r;

        phone->instant = *instant;
        r = phone_reserve(phone, 1, 0);
        if (r < 0)
                return r;
        /* News of a tone that has been stopped since is old. */
        if (tone == phone->tone)
                phone->tone_heard = playing;
        phone_settle(phone);
        return 0;
}

/* ---- state to be read ---- */

PhoneConnection phone_connection(const Phone *phone, const char **ret_text)
{
        if (ret_text)
                *ret_text = phone->connection_text;
        return phone->connection;
}

const Party *phone_user(const Phone *phone)
{
        return &phone->user;
}

bool phone_do_not_disturb(const Phone *phone)
{
        return phone->do_not_disturb;
}

bool phone_is_ringing(const Phone *phone)
{
        const PhoneCall *call;

        DL_FOREACH (phone->calls, call) {
                if (call->info.alerting)
                        return true;
        }
        return phone->test_ring_until != 0;
}

const PhoneCallInfo *phone_call_find(const Phone *phone, const char *session_id)
{
        const PhoneCall *call;

        DL_FOREACH (phone->calls, call) {
                if (str_eq(call->info.record.session_id, session_id))
                        return &call->info;
        }
        return NULL;
}

static int call_activity(const PhoneCall *call)
{
        switch (call->info.record.status) {
        case CALL_STATUS_ONGOING:
                return 3;
        case CALL_STATUS_INITIATED:
                return 2;
        default:
                return 1;
        }
}

const PhoneCallInfo *phone_active_call(const Phone *phone)
{
        const PhoneCall *call, *active = NULL;

        DL_FOREACH (phone->calls, call) {
                if (!active || call_activity(call) >= call_activity(active))
                        active = call;
        }
        return active ? &active->info : NULL;
}

const PhoneCallInfo *phone_call_at(const Phone *phone, size_t index)
{
        const PhoneCall *call;

        DL_FOREACH (phone->calls, call) {
                if (index-- == 0)
                        return &call->info;
        }
        return NULL;
}

/* ---- what survives a restart ---- */

void phone_allow_parallel_media(Phone *phone)
{
        phone->parallel_media = true;
}

void phone_restore_policy(Phone *phone, WhenBusy when_busy, bool do_not_disturb)
{
        phone->when_busy = when_busy;
        phone->do_not_disturb = do_not_disturb;
}

void phone_restore_history_since(Phone *phone, usec_t since)
{
        phone->history_since = since;
}

usec_t phone_history_since(const Phone *phone)
{
        return phone->history_since;
}
