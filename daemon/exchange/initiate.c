/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "exchange/initiate.h"

#include <errno.h>

#include "exchange/action.h"
#include "exchange/alias.h"
#include "exchange/answer.h"
#include "exchange/branch.h"
#include "exchange/call.h"
#include "exchange/cancelled.h"
#include "exchange/end.h"
#include "exchange/group.h"
#include "exchange/leg.h"
#include "exchange/rate.h"
#include "exchange/redial.h"
#include "exchange/request.h"
#include "exchange/snapshot.h"
#include "exchange/store.h"
#include "exchange/uids.h"
#include "exchange/user.h"

/* The receiver of a call: exactly one is set. */
typedef struct Receiver {
        User *user;
        Group *group;
} Receiver;

static int request_refuse_id(Request *request)
{
        return exchange_request_refuse(request, CALL_ERROR_INVALID_ARGUMENT,
                                       "the session id '%s' belongs to another call",
                                       request->message->initiate.session_id);
}

static int initiate_again(Request *request, const CallLeg *leg)
{
        if (!str_eq(leg->uid, request->device->user->uid) ||
            !str_eq(leg->device, request->device->id))
                return request_refuse_id(request);
        return exchange_request_reply_call(request, leg);
}

/* The call is long over, and only the history has it. */
static int initiate_past(Request *request)
{
        const CallRecord *record = request->past->record;

        if (!record || record->direction != CALL_DIRECTION_OUTGOING ||
            !str_eq(record->initiator.device, request->device->id))
                return request_refuse_id(request);
        return exchange_request_reply_record(request, record);
}

static int initiate_check_user(Request *request, Receiver *ret)
{
        const char *uid = request->message->initiate.receiver;

        if (str_eq(uid, request->device->user->uid))
                return exchange_request_refuse(request, CALL_ERROR_CALLING_SELF,
                                               "'%s' cannot call themselves", uid);
        ret->user = exchange_user_find(request->exchange, uid);
        if (!ret->user)
                return exchange_request_refuse(request, CALL_ERROR_USER_NOT_FOUND,
                                               "there is no user '%s'", uid);
        return 0;
}

static int initiate_check_group(Request *request, Receiver *ret)
{
        const char *guid = request->message->initiate.receiver;
        Group *group = exchange_group_find(request->exchange, guid);

        if (!group)
                return exchange_request_refuse(request, CALL_ERROR_GROUP_NOT_FOUND,
                                               "there is no group '%s'", guid);
        if (!exchange_group_member(group, request->device->user))
                return exchange_request_refuse(request, CALL_ERROR_NOT_A_MEMBER,
                                               "'%s' is not a member of the group '%s'",
                                               request->device->user->uid, guid);
        if (group->n_members == 1)
                return exchange_request_refuse(request, CALL_ERROR_INVALID_ARGUMENT,
                                               "the group '%s' has no other members", guid);
        ret->group = group;
        return 0;
}

static int request_refuse_busy(Request *request)
{
        const User *caller = request->device->user;

        return exchange_request_refuse(request, CALL_ERROR_BUSY_SELF,
                                       "'%s' is in another call already", caller->uid);
}

static int initiate_check_caller(Request *request)
{
        const Exchange *exchange = request->exchange;
        const MessageInitiate *initiate = &request->message->initiate;
        const User *caller = request->device->user;

        if (exchange_is_cancelled(exchange, caller, initiate->session_id))
                return exchange_request_refuse(request, CALL_ERROR_CALL_TERMINATED,
                                               "the call is over already");
        if (caller->busy && !initiate->parallel)
                return request_refuse_busy(request);
        if (caller->n_placed >= USER_LIVE_CALLS_MAX)
                return exchange_request_refuse(request, CALL_ERROR_TOO_MANY,
                                               "'%s' has placed %d calls that are in progress",
                                               caller->uid, USER_LIVE_CALLS_MAX);
        return exchange_request_check_starts(request);
}

static bool user_rings(const User *caller, const User *receiver)
{
        const CallLeg *leg;

        DL_FOREACH2 (caller->busy, leg, list_next) {
                if (leg->direction == CALL_DIRECTION_OUTGOING &&
                    leg->status == CALL_STATUS_INITIATED && !call_is_to_group(leg->call) &&
                    str_eq(call_members(leg->call)->uid, receiver->uid))
                        return true;
        }
        return false;
}

/* Whether the receiver has blocked the caller makes no difference (rule 21). */
static int initiate_check_redial(Request *request, const User *receiver)
{
        const Exchange *exchange = request->exchange;
        const User *caller = request->device->user;

        if (exchange->limits.redial_pauses && user_rings(caller, receiver))
                return exchange_request_refuse(request, CALL_ERROR_TOO_MANY,
                                               "a call of '%s' to '%s' is ringing already",
                                               caller->uid, receiver->uid);
        usec_t wait =
                exchange_redial_wait(exchange, caller->uid, receiver->uid, request->moment->now);
        if (wait == 0)
                return 0;
        return exchange_request_refuse(
                request, CALL_ERROR_TOO_MANY,
                "'%s' has not answered several calls of '%s': wait %u s before the next one",
                receiver->uid, caller->uid, usec_to_seconds_up(wait));
}

/*
 * Finds the leg of `caller` that rings because `receiver` has placed a call at the same time (rule
 * 10). A blocked call does not count.
 */
static CallLeg *initiate_glare(const User *caller, const User *receiver)
{
        CallLeg *leg;

        DL_FOREACH2 (receiver->busy, leg, list_next) {
                CallLeg *rung = leg->call->legs->call_next;

                if (leg->direction == CALL_DIRECTION_OUTGOING &&
                    leg->status == CALL_STATUS_INITIATED && !call_is_to_group(leg->call) &&
                    rung->user == caller && !rung->blocked)
                        return rung;
        }
        return NULL;
}

static int request_merge(Request *request, CallLeg *leg)
{
        const MessageInitiate *initiate = &request->message->initiate;
        CallType type = MIN_OF(initiate->type, leg->call->record.type);

        static_assert(CALL_TYPE_AUDIO < CALL_TYPE_VIDEO, "audio if either is audio");
        int r = exchange_alias_set(request->exchange, leg, initiate->session_id);
        if (r < 0)
                return r;
        r = exchange_request_answer(request, leg, type, initiate->join);
        if (r != 0)
                exchange_alias_drop(request->exchange, leg);
        return r;
}

/*
 * Finds the group's live call that the user can join. *ret is the user's leg, or NULL if the user
 * became a member after the call began.
 */
static Call *initiate_live(const Request *request, const Group *group, CallLeg **ret)
{
        Call *call;

        DL_FOREACH2 (group->calls, call, group_next) {
                CallLeg *leg = exchange_call_leg(call, request->device->user);

                if (leg && leg->blocked)
                        continue;
                *ret = leg;
                return call;
        }
        return NULL;
}

static int request_join_group(Request *request, Call *call, CallLeg *leg)
{
        bool made = !leg;

        if (leg && exchange_leg_takes_part(leg))
                return str_eq(leg->device, request->device->id)
                               ? exchange_request_reply_call(request, leg)
                               : request_refuse_busy(request);

        int r = initiate_check_caller(request);
        if (r == 0 && made)
                r = exchange_leg_new(call, request->device->user, request->device->user->uid,
                                     CALL_DIRECTION_INCOMING, &leg);
        if (r != 0)
                return r;
        r = request_merge(request, leg);
        if (r < 0 && made)
                exchange_leg_free(leg);
        return r;
}

static int call_add_member(Call *call, User *member)
{
        CallLeg *leg;
        int r = exchange_leg_new(call, member, member->uid, CALL_DIRECTION_INCOMING, &leg);

        if (r == 0)
                leg->blocked = exchange_user_blocks(member, call_caller(call)->uid);
        if (r == 0 && !leg->blocked)
                leg->barred = exchange_user_bars(member, call_caller(call)->uid);
        return r;
}

static int call_add_members(Call *call, const Receiver *receiver)
{
        const Membership *membership;
        int r = 0;

        if (receiver->user)
                return call_add_member(call, receiver->user);
        DL_FOREACH2 (receiver->group->members, membership, group_next) {
                if (membership->user != call_caller(call)->user)
                        r = call_add_member(call, membership->user);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int initiate_call_new(const Request *request, const Receiver *receiver, Call **ret)
{
        const MessageInitiate *initiate = &request->message->initiate;
        CallRecord record = {
                .type = initiate->type,
                .receiver_type = initiate->receiver_type,
                .initiator = exchange_user_party(request->device->user, request->device->id),
                .initiated_at = request->moment->date,
                .metadata = initiate->metadata, /* borrowed: exchange_call_new() copies it */
        };
        Call *call;

        STR_SET(record.session_id, initiate->session_id);
        STR_SET(record.receiver.uid, initiate->receiver);
        STR_SET(record.receiver.name,
                receiver->user ? receiver->user->name : receiver->group->name);
        int r = exchange_call_new(&record, request->device->user, &call);
        if (r < 0)
                return r;
        call_caller(call)->media.joins = initiate->join;
        call->ring_until = request->moment->now +
                           (usec_t)ring_timeout_clamp(initiate->timeout_s) * USEC_PER_SEC;
        r = call_add_members(call, receiver);
        if (r < 0) {
                exchange_call_free(request->exchange, call);
                return r;
        }
        *ret = call;
        return 0;
}

static int request_ring(Request *request, CallLeg *leg)
{
        Device *device;

        DL_FOREACH (leg->user->devices, device) {
                Message *message;

                if (!device->attachment)
                        continue;
                int r = exchange_branch_new(leg, device, NULL);
                if (r == 0)
                        r = exchange_send(request->exchange, device->attachment, MESSAGE_INCOMING,
                                          &message);
                if (r > 0)
                        r = exchange_leg_snapshot(leg, request->moment, device, &message->call);
                if (r < 0)
                        return r;
        }
        return 0;
}

/*
 * The hub answers busy for this member instead of ringing (rule 8). A blocked or barred caller
 * never sees that the member is busy.
 */
static bool leg_is_busy(const CallLeg *leg)
{
        return !exchange_leg_is_hidden(leg) && leg->user->busy &&
               leg->user->when_busy == WHEN_BUSY_REJECT;
}

/* Ends all busy legs in one step, so that the members' devices get one update. */
static int request_end_busy(Request *request, Call *call)
{
        Ending ending;
        CallLeg *leg;

        exchange_ending_begin(&ending, request->exchange, request->moment, call);
        DL_FOREACH2 (call_members(call), leg, call_next) {
                if (leg_is_busy(leg))
                        exchange_ending_add(&ending, leg, CALL_EVENT_BUSY_BY_POLICY);
        }
        return exchange_ending_finish(&ending);
}

static int request_place(Request *request, Call *call)
{
        Exchange *exchange = request->exchange;
        CallLeg *caller = call_caller(call), *leg;
        int r = exchange_call_link(exchange, call);

        if (r == 0)
                r = exchange_branch_new(caller, request->device, NULL);
        if (r < 0)
                return r;
        DL_FOREACH2 (call_members(call), leg, call_next) {
                if (!exchange_leg_is_hidden(leg) && !leg_is_busy(leg))
                        r = request_ring(request, leg);
                if (r < 0)
                        return r;
                leg->changed_next = leg->call_next;
        }
        r = exchange_save(exchange, request->moment, call, call_members(call));
        if (r == 0)
                r = exchange_request_reply_call(request, caller);
        return r == 0 ? request_end_busy(request, call) : r;
}

/*
 * Has it stored that the receiver is the last whom the caller has called. The caller's memory of
 * that is bounded, so the order matters: whom one calls every day is not forgotten.
 */
static int request_store_called(Request *request, const User *receiver)
{
        User *caller = request->device->user;
        const UidList *called = &caller->called;
        const bool known = exchange_uids_have(called, receiver->uid);
        const bool full = !known && called->n >= CALLED_MAX;

        if (known && str_eq(called->uids[called->n - 1], receiver->uid))
                return 0;
        for (size_t i = full ? 0 : 1; i < 2; i++) {
                ExchangeAction *action = exchange_push(request->exchange, EXCHANGE_CALLED);

                if (!action)
                        return -ENOMEM;
                STR_SET(action->uid, caller->uid);
                STR_SET(action->block.uid, i == 0 ? called->uids[0] : receiver->uid);
                action->block.on = i == 1;
        }
        return known || full ? 0 : exchange_uids_reserve(&caller->called);
}

static size_t metadata_bytes(const Metadata *metadata)
{
        size_t bytes = 0;

        for (size_t i = 0; i < metadata->count; i++)
                bytes += strlen(metadata->entries[i].key) + strlen(metadata->entries[i].value);
        return bytes;
}

/* Every device of everybody who is called is sent the metadata. */
static int initiate_check_metadata(Request *request, const Receiver *receiver)
{
        size_t bytes = metadata_bytes(&request->message->initiate.metadata);
        size_t n_called = receiver->group ? receiver->group->n_members - 1 : 1;

        if (bytes * n_called <= METADATA_FANOUT_MAX)
                return 0;
        return exchange_request_refuse(request, CALL_ERROR_INVALID_ARGUMENT,
                                       "a call to %zu members can have %zu bytes of metadata, not "
                                       "%zu",
                                       n_called, METADATA_FANOUT_MAX / n_called, bytes);
}

/* What the call adds to the store: a record for each party, and the metadata once. */
static size_t initiate_bytes(const Request *request, const Receiver *receiver)
{
        size_t n_parties = receiver->group ? receiver->group->n_members : 2;

        return n_parties * STORED_RECORD_BYTES +
               metadata_bytes(&request->message->initiate.metadata);
}

static int request_start(Request *request, const Receiver *receiver)
{
        User *caller = request->device->user;
        size_t bytes = initiate_bytes(request, receiver);
        Call *call;
        uint32_t max = request->exchange->limits.calls_per_minute;

        if (!exchange_user_may_store(request->exchange, caller, bytes, request->moment->now))
                return exchange_request_refuse(
                        request, CALL_ERROR_TOO_MANY,
                        "the calls of '%s' have taken the %u MB of the hub's disk that they may "
                        "take in a day",
                        caller->uid, request->exchange->limits.stored_mb_per_day);

        int r = exchange_rate_reserve(&caller->starts, max);

        if (r == 0 && receiver->user)
                r = exchange_redial_reserve(request->exchange, caller->uid, receiver->user->uid,
                                            request->moment->now);
        if (r == 0)
                r = initiate_call_new(request, receiver, &call);
        if (r < 0)
                return r;
        r = request_place(request, call);
        if (r < 0) {
                exchange_rollback(request->exchange);
                exchange_call_free(request->exchange, call);
                return r;
        }
        exchange_rate_note(&caller->starts, max, request->moment->now);
        exchange_user_has_stored(request->exchange, caller, bytes, request->moment->now);
        return 0;
}

static int request_call_user(Request *request, const Receiver *receiver)
{
        User *caller = request->device->user;
        CallLeg *leg = initiate_glare(caller, receiver->user);
        int r = leg ? 0 : initiate_check_redial(request, receiver->user);

        if (r == 0)
                r = request_store_called(request, receiver->user);
        if (r == 0)
                r = leg ? request_merge(request, leg) : request_start(request, receiver);
        if (r != 0)
                return r;
        exchange_user_note_called(caller, receiver->user->uid);
        /* Calling back counts as an answer. */
        exchange_redial_clear(request->exchange, receiver->user->uid, caller->uid);
        return 0;
}

static int initiate_new(Request *request)
{
        const MessageInitiate *initiate = &request->message->initiate;
        Receiver receiver = {0};
        CallLeg *leg = NULL;

        int r = initiate->receiver_type == RECEIVER_TYPE_GROUP
                        ? initiate_check_group(request, &receiver)
                        : initiate_check_user(request, &receiver);
        if (r != 0)
                return r;
        if (receiver.group) {
                Call *live = initiate_live(request, receiver.group, &leg);

                if (live)
                        return request_join_group(request, live, leg);
        }
        r = initiate_check_metadata(request, &receiver);
        if (r == 0)
                r = initiate_check_caller(request);
        if (r != 0)
                return r;
        return receiver.user ? request_call_user(request, &receiver)
                             : request_start(request, &receiver);
}

int exchange_request_initiate(Request *request)
{
        const char *session_id = request->message->initiate.session_id;
        const Call *known = exchange_call_find(request->exchange, session_id);
        CallLeg *leg =
                known ? call_caller(known) : exchange_alias_find(request->exchange, session_id);

        if (leg)
                return initiate_again(request, leg);
        if (request->past)
                return initiate_past(request);
        return exchange_request_answer_lookup(request, initiate_new(request));
}
