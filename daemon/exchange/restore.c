/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "exchange/handlers.h"

#include <errno.h>

#include "base/boot-date.h"
#include "exchange/alias.h"
#include "exchange/branch.h"
#include "exchange/call.h"
#include "exchange/cancelled.h"
#include "exchange/device.h"
#include "exchange/end.h"
#include "exchange/group.h"
#include "exchange/leg.h"
#include "exchange/media.h"
#include "exchange/redial.h"
#include "exchange/user.h"

static usec_t time_of(const ExchangeNow *moment, usec_t date, usec_t most)
{
        return boot_date_restore(moment->boot_date, date, moment->now, most);
}

static void leg_restore_media(CallLeg *leg, const LiveMedia *media)
{
        leg->media.joins = media->joins;
        if (str_empty(media->participant))
                return;
        leg->media = *media;
        leg->media.joined = true;
        leg->media.by_token = leg->media.flows = false;
        exchange_leg_list_joined(leg);
}

/* Restores a party that placed or answered the call; its device has not reconnected yet. */
static int leg_restore_party(CallLeg *leg, const ExchangeNow *moment, const LiveMember *member)
{
        Device *device = NULL;
        int r = exchange_user_device(leg->user, leg->device, &device);

        if (r == 0)
                r = exchange_branch_new(leg, device, NULL);
        if (r < 0) {
                if (device)
                        exchange_device_free_unused(device);
                return r;
        }
        leg->lost_since = moment->now;
        if (member->join_until > 0)
                leg->join_until = time_of(moment, member->join_until, JOIN_DEADLINE_US);
        leg_restore_media(leg, &member->media);
        return 0;
}

static int leg_restore(Exchange *exchange, CallLeg *leg, const ExchangeNow *moment,
                       const LiveMember *member)
{
        CallReason reason = CALL_REASON_NONE;

        (void)call_reason_from_string(member->reason, &reason);
        exchange_leg_set(leg, member->status, reason);
        STR_SET(leg->device, member->party.device);
        int r = *member->merged_id ? exchange_alias_set(exchange, leg, member->merged_id) : 0;
        if (r < 0)
                return r;
        leg->quiet = member->quiet;
        leg->blocked = member->blocked;
        leg->barred = member->barred;
        leg->was_in = member->status == CALL_STATUS_ONGOING;
        leg->ringing_since = member->alerted ? leg->call->record.ringing_since : 0;
        return leg->user && exchange_leg_takes_part(leg) ? leg_restore_party(leg, moment, member)
                                                         : 0;
}

static void call_restore_times(Call *call, const ExchangeNow *moment, const LiveCall *live)
{
        usec_t talked = 0;

        call->ring_until = time_of(moment, live->ring_until, RING_TIMEOUT_MAX_S * USEC_PER_SEC);
        if (live->record.status != CALL_STATUS_ONGOING)
                return;
        if (live->record.answered_at && moment->date > live->record.answered_at)
                talked = moment->date - live->record.answered_at;
        call->answered = moment->now - MIN_OF(talked, moment->now);
}

/* Rejects stored calls in a state that the exchange never reaches. */
static bool live_call_is_sound(const LiveCall *live)
{
        bool answered = live->record.status == CALL_STATUS_ONGOING;
        bool group = live->record.receiver_type == RECEIVER_TYPE_GROUP;

        if (call_status_is_terminal(live->record.status) || live->n_members == 0 ||
            (live->n_members > 1 && !group) ||
            (live->caller.status == CALL_STATUS_INITIATED) == answered ||
            (call_status_is_terminal(live->caller.status) && !(answered && group)))
                return false;
        for (size_t i = 0; i < live->n_members; i++) {
                CallStatus status = live->members[i].status;

                if (str_eq(live->members[i].party.uid, live->record.initiator.uid) ||
                    (status == CALL_STATUS_ONGOING && !answered) ||
                    (!group && status != live->record.status))
                        return false;
        }
        return true;
}

/* A user who was removed while the hub was down has left the call. */
static int leg_restore_or_end(Exchange *exchange, CallLeg *leg, const ExchangeNow *moment,
                              const LiveMember *stored)
{
        LiveMember member = *stored;

        if (!leg->user && !call_status_is_terminal(member.status)) {
                member.status = member.status == CALL_STATUS_ONGOING ? CALL_STATUS_ENDED
                                                                     : CALL_STATUS_CANCELLED;
                STR_SET(member.reason, call_reason_to_string(CALL_REASON_SHUTDOWN));
        }
        return leg_restore(exchange, leg, moment, &member);
}

static int call_restore(Exchange *exchange, const ExchangeNow *moment, Call *call,
                        const LiveCall *live)
{
        bool anyone = call_caller(call)->user;
        int r = leg_restore_or_end(exchange, call_caller(call), moment, &live->caller);

        for (size_t i = 0; r == 0 && i < live->n_members; i++) {
                const char *uid = live->members[i].party.uid;
                User *user = exchange_user_find(exchange, uid);
                CallLeg *leg;

                anyone = anyone || user;
                r = exchange_leg_new(call, user, uid, CALL_DIRECTION_INCOMING, &leg);
                if (r == 0)
                        r = leg_restore_or_end(exchange, leg, moment, &live->members[i]);
        }
        if (r < 0)
                return r;
        if (!anyone)
                return CALL_ERROR_USER_NOT_FOUND;
        call_restore_times(call, moment, live);
        exchange_call_count_joined(call, moment->now);
        r = exchange_call_link(exchange, call);
        if (r == 0 && !call_is_to_group(call) && !call_is_answered(call))
                r = exchange_redial_reserve(exchange, call_caller(call)->uid,
                                            call_members(call)->uid, moment->now);
        /* Members may have been taken out while the hub was down. */
        if (r == 0)
                exchange_call_mark_outsiders(exchange, call);
        return r;
}

int exchange_take_restore(Exchange *exchange, const ExchangeNow *moment, const LiveCall *live)
{
        User *caller = exchange_user_find(exchange, live->record.initiator.uid);
        Ending ending;
        Call *call;

        if (!live_call_is_sound(live))
                return -EINVAL;
        if (exchange_call_find(exchange, live->record.session_id))
                return -EEXIST;

        int r = exchange_call_new(&live->record, caller, &call);
        if (r < 0)
                return r;
        r = call_restore(exchange, moment, call, live);
        if (r != 0) {
                exchange_call_free(exchange, call);
                return r;
        }
        /* Adds no leg: the call ends only if the parties that it needs are gone (end.c). */
        exchange_ending_begin(&ending, exchange, moment, call);
        if (!call_is_answered(call))
                ending.event = CALL_EVENT_CALLER_LOST;
        r = exchange_ending_finish(&ending);
        if (r < 0)
                exchange_call_free(exchange, call);
        return r;
}

int exchange_take_restore_ended(Exchange *exchange, const ExchangeNow *moment, const char *uid,
                                const char *session_id)
{
        User *user = exchange_user_find(exchange, uid);

        return user ? exchange_cancel_remember(exchange, moment, user, session_id)
                    : CALL_ERROR_USER_NOT_FOUND;
}
