/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "exchange-laws.h"

AllThere all;

unsigned call_of(const char *session_id)
{
        must(uuid_is_valid(session_id));
        return (unsigned)atoi(session_id + 24);
}

static Seen *device_of(uint64_t link)
{
        for (unsigned d = 0; d < DEVICES; d++) {
                if (link != 0 && all.devices[d].link == link)
                        return &all.devices[d];
        }
        return NULL;
}

void see_call(Seen *device, const CallSnapshot *call)
{
        unsigned n = call_of(call->record.session_id);

        if (*call->join_token)
                STR_SET(device->token[n], call->join_token);
        if (!call_status_is_terminal(call->record.status))
                device->on_device[n] = true;
}

static void see_message(Seen *device, const Message *message)
{
        unsigned n;

        switch (message->type) {
        case MESSAGE_INCOMING:
                n = call_of(message->call.record.session_id);
                must(!device->on_device[n]);
                must(message->call.remaining_ms >= 3000);
                device->on_device[n] = true;
                break;
        case MESSAGE_OVER:
                n = call_of(message->over.session_id);
                must(device->on_device[n]);
                must(call_status_is_terminal(message->over.status));
                device->on_device[n] = false;
                break;
        case MESSAGE_ACCEPTED:
                must(device->on_device[call_of(message->call.record.session_id)]);
                see_call(device, &message->call);
                break;
        case MESSAGE_REPLY:
                if (message->reply.kind == REPLY_CALL)
                        see_call(device, &message->reply.call);
                if (message->reply.kind == REPLY_JOIN)
                        STR_SET(device->participant, message->reply.join.participant);
                break;
        default:
                break;
        }
}

static unsigned user_number(const char *uid)
{
        must(strncmp(uid, "user-", 5) == 0);
        return (unsigned)atoi(uid + 5);
}

static void see_record(const char *uid, const CallRecord *record)
{
        Stored *stored = &all.stored[call_of(record->session_id)];
        unsigned user = user_number(uid);

        must(call_status_is_terminal(record->status));
        must(record->ended_at != 0);
        must((record->answered_at != 0) == (record->status == CALL_STATUS_ENDED));
        must(stored->parts[user] == PART_OPEN);
        stored->parts[user] = PART_LOGGED;
        stored->status[record->direction] = record->status;
}

static void see_part(Stored *stored, const LiveMember *member)
{
        Part *part = &stored->parts[user_number(member->party.uid)];

        if (call_status_is_terminal(member->status)) {
                must(*part == PART_LOGGED);
                return;
        }
        must(*part != PART_LOGGED || stored->live.record.receiver_type == RECEIVER_TYPE_GROUP);
        *part = PART_OPEN;
}

static void see_save(ExchangeAction *action)
{
        Stored *stored = &all.stored[call_of(action->session_id)];
        size_t n = action->live.n_members;

        if (stored->live.n_members == 0) {
                *stored = (Stored){0}; /* a forgotten id is a new call */
                all.n_live++;
        }
        must(live_call_merge(&stored->live, &action->live) == 0);
        must(n <= stored->live.n_members);
        see_part(stored, &stored->live.caller);
        for (size_t i = 0; i < stored->live.n_members; i++)
                see_part(stored, &stored->live.members[i]);
}

/* of the caller, of the receiver */
static const CallStatus agreeing[][CALL_DIRECTION_COUNT] = {
        {CALL_STATUS_ENDED, CALL_STATUS_ENDED},      {CALL_STATUS_REJECTED, CALL_STATUS_REJECTED},
        {CALL_STATUS_BUSY, CALL_STATUS_BUSY},        {CALL_STATUS_BUSY, CALL_STATUS_MISSED},
        {CALL_STATUS_CANCELLED, CALL_STATUS_MISSED}, {CALL_STATUS_UNANSWERED, CALL_STATUS_MISSED},
};

static void see_end(unsigned n)
{
        Stored *stored = &all.stored[n];
        bool agree = stored->live.record.receiver_type == RECEIVER_TYPE_GROUP;

        must(stored->live.n_members > 0);
        for (unsigned user = 0; user < USERS; user++)
                must(stored->parts[user] != PART_OPEN);
        for (size_t i = 0; i < ELEMENTSOF(agreeing); i++)
                agree = agree || memcmp(agreeing[i], stored->status, sizeof(agreeing[i])) == 0;
        must(agree);
        live_call_done(&stored->live);
        all.n_live--;
}

static void see_action(ExchangeAction *action)
{
        Seen *device;

        switch (action->type) {
        case EXCHANGE_SEND:
                device = device_of(action->attachment);
                if (device)
                        see_message(device, &action->message);
                break;
        case EXCHANGE_SAVE:
                see_save(action);
                break;
        case EXCHANGE_LOG:
                see_record(action->uid, &action->record);
                break;
        case EXCHANGE_DROP:
                see_end(call_of(action->session_id));
                break;
        case EXCHANGE_USER:
                if (action->settings.has_when_busy)
                        all.when_busy[user_number(action->uid)] = action->settings.when_busy;
                else
                        all.who_may_ring[user_number(action->uid)] = action->settings.who_may_ring;
                break;
        case EXCHANGE_CALLED:
                all.called[user_number(action->uid)][user_number(action->block.uid)] =
                        action->block.on;
                break;
        case EXCHANGE_BLOCK:
                all.blocks[user_number(action->uid)][user_number(action->block.uid)] =
                        action->block.on;
                break;
        case EXCHANGE_DISCONNECT:
                break;
        }
}

void see_all(void)
{
        ExchangeAction action;

        /* News for members may be due at once. */
        must(exchange_tick(all.exchange, &all.moment) == 0);
        while (exchange_next_action(all.exchange, &action)) {
                see_action(&action);
                exchange_action_done(&action);
        }
        must(exchange_n_calls(all.exchange) == all.n_live);
        must(exchange_next_deadline(all.exchange) > all.moment.now);
}
