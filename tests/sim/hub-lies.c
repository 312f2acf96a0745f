/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>

#include "sim.h"

/*
 * In some worlds the hub lies to the devices, or somebody on the way does: whatever it says of a
 * call may be another thing than the exchange has decided. What can be read is said; only the law
 * of consent is checked then, since no device can hold the others against its hub.
 */

#define LIES_ONE_IN 2 /* of the messages about a call */

typedef struct Lie {
        const Handset *to;
        uint64_t dice;
} Lie;

static bool chance_of(Lie *lie, unsigned one_in)
{
        bool hit = lie->dice % one_in == 0;

        lie->dice = lie->dice / one_in + (lie->dice << 48);
        return hit;
}

/* Any call of the device, if there is one. */
static const CallRecord *any_call(Lie *lie)
{
        const PhoneCallInfo *call = NULL;
        size_t n = 0;

        while (phone_call_at(lie->to->phone, n))
                n++;
        if (n > 0)
                call = phone_call_at(lie->to->phone, lie->dice % n);
        return call ? &call->stored.record : NULL;
}

static void claim_answered(CallSnapshot *snapshot)
{
        snapshot->record.status = CALL_STATUS_ONGOING;
        snapshot->record.answered_at = snapshot->record.initiated_at + 1;
        snapshot->remaining_ms = 0;
        snapshot->here = true;
        STR_SET(snapshot->join_token, "a-lie");
}

static void distort(Lie *lie, CallSnapshot *snapshot)
{
        const CallRecord *other = any_call(lie);

        if (chance_of(lie, 2))
                snapshot->record.type = CALL_TYPE_VIDEO;
        if (chance_of(lie, 3))
                claim_answered(snapshot);
        if (chance_of(lie, 5))
                snapshot->here = !snapshot->here;
        if (chance_of(lie, 7) && other) {
                STR_SET(snapshot->record.session_id, other->session_id);
                snapshot->record.direction = other->direction;
                snapshot->record.initiator = other->initiator;
                snapshot->record.receiver = other->receiver;
                snapshot->record.receiver_type = other->receiver_type;
        }
}

/* Says, in place of the event, that a call of this device was answered. */
static void invent_answer(Lie *lie, Message *message)
{
        const CallRecord *record = any_call(lie);
        Message invented = {.type = MESSAGE_ACCEPTED, .seq = message->seq};

        if (!record || call_record_copy(&invented.call.record, record) < 0)
                return;
        claim_answered(&invented.call);
        if (chance_of(lie, 2))
                invented.call.record.type = CALL_TYPE_VIDEO;
        message_done(message);
        *message = invented;
}

/* Lets a device join that the exchange has refused. */
static void allow_join(Message *message)
{
        Message allowed = {.type = MESSAGE_REPLY, .id = message->id, .reply.kind = REPLY_JOIN};

        STR_SET(allowed.reply.join.participant, "a-lie");
        message_done(message);
        *message = allowed;
}

static void lie_in_reply(Lie *lie, Message *message)
{
        MessageReply *reply = &message->reply;

        if (reply->error && message->id == lie->to->join_id) {
                allow_join(message);
        } else if (reply->error) {
                return;
        } else if (reply->kind == REPLY_CALL) {
                distort(lie, &reply->call);
        } else if (reply->kind == REPLY_WELCOME) {
                for (size_t i = 0; i < reply->welcome.n_calls; i++)
                        distort(lie, &reply->welcome.calls[i]);
        }
}

void hub_lies(const Handset *to, Message *message)
{
        World *world = to->world;
        Lie lie = {to, chance(world, 5000 + to->index, to->n_heard, world->now)};

        if (!world->weather.hub_lies || !chance_of(&lie, LIES_ONE_IN))
                return;
        world_count(world, COUNT_LIES);
        switch (message->type) {
        case MESSAGE_REPLY:
                lie_in_reply(&lie, message);
                break;
        case MESSAGE_INCOMING:
        case MESSAGE_ACCEPTED:
                distort(&lie, &message->call);
                break;
        default:
                if (message_type_is_event(message->type) && chance_of(&lie, 2))
                        invent_answer(&lie, message);
                break;
        }
}
