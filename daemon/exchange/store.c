/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdlib.h>

#include "exchange/internal.h"

/* ---- what is stored ---- */

static usec_t date_of(const ExchangeNow *moment, usec_t at)
{
        return at == USEC_NEVER   ? 0
               : at > moment->now ? moment->date + (at - moment->now)
                                  : moment->date;
}

static LiveMember leg_stored(const CallLeg *leg, const ExchangeNow *moment)
{
        LiveMember member = {
                .status = leg->status,
                .alerted = leg->ringing_since != 0,
                .quiet = leg->quiet,
                .blocked = leg->blocked,
                .joins = leg->media.joins,
                .muted = leg->media.muted,
                .video_paused = leg->media.video_paused,
                .sharing = leg->media.sharing,
                .join_until = date_of(moment, leg->join_until),
        };

        if (leg->user)
                member.party = exchange_user_party(leg->user, leg->device);
        else
                STR_SET(member.party.uid, leg->uid);
        STR_SET(member.reason, call_reason_to_string(leg->reason));
        STR_SET(member.merged_id, leg->merged_id);
        if (leg->media.joined && !leg->media.by_token)
                STR_SET(member.participant, leg->media.participant);
        return member;
}

static size_t changed_members(const CallLeg *changed)
{
        size_t n = 0;

        for (; changed; changed = changed->changed_next)
                n += changed->direction == CALL_DIRECTION_INCOMING;
        return n;
}

int exchange_save(Exchange *exchange, const ExchangeNow *moment, const Call *call,
                  const CallLeg *changed)
{
        CallRecord record = exchange_call_record(call);
        ExchangeAction *action = exchange_push(exchange, EXCHANGE_SAVE);

        if (!action)
                return -ENOMEM;
        STR_SET(action->session_id, call->record.session_id);
        if (!call_is_to_group(call)) {
                changed = call_members(call);
                call_members(call)->changed_next = NULL;
        }
        int r = call_record_copy(&action->live.record, &record);
        if (r < 0)
                return r;
        action->live.caller = leg_stored(call_caller(call), moment);
        action->live.ring_until = date_of(moment, call->ring_until);
        size_t n = changed_members(changed);
        if (n == 0)
                return 0;
        action->live.members = calloc(n, sizeof(*action->live.members));
        if (!action->live.members)
                return -ENOMEM;
        for (; changed; changed = changed->changed_next) {
                if (changed->direction == CALL_DIRECTION_INCOMING)
                        action->live.members[action->live.n_members++] =
                                leg_stored(changed, moment);
        }
        return 0;
}

/* ---- a restart ---- */

/* The date may have jumped: nothing is due later than it can be. */
static usec_t time_of(const ExchangeNow *moment, usec_t date, usec_t most)
{
        usec_t left = date > moment->date ? date - moment->date : 0;

        return moment->now + MIN_OF(left, most);
}

static void leg_restore_media(CallLeg *leg, const LiveMember *member)
{
        leg->media.joins = member->joins;
        if (str_empty(member->participant))
                return;
        leg->media.joined = true;
        leg->media.muted = member->muted;
        leg->media.video_paused = member->video_paused;
        leg->media.sharing = member->sharing;
        STR_SET(leg->media.participant, member->participant);
        exchange_leg_list_joined(leg);
}

/* A party that was there before; its connection has yet to come. */
static int leg_restore_party(CallLeg *leg, const ExchangeNow *moment, const LiveMember *member)
{
        Device *device = NULL;
        int r = exchange_user_device(leg->user, leg->device, &device);

        if (r == 0)
                r = exchange_branch_new(leg, device, NULL);
        if (r < 0) {
                if (device)
                        exchange_device_check(device);
                return r;
        }
        leg->lost_since = moment->now;
        if (member->join_until > 0)
                leg->join_until = time_of(moment, member->join_until, JOIN_DEADLINE_US);
        leg_restore_media(leg, member);
        return 0;
}

static int leg_restore(CallLeg *leg, const ExchangeNow *moment, const LiveMember *member)
{
        CallReason reason = CALL_REASON_NONE;

        (void)call_reason_from_string(member->reason, &reason);
        exchange_leg_set(leg, member->status, reason);
        STR_SET(leg->device, member->party.device);
        STR_SET(leg->merged_id, member->merged_id);
        leg->quiet = member->quiet;
        leg->blocked = member->blocked;
        leg->was_in = member->status == CALL_STATUS_ONGOING;
        leg->ringing_since = member->alerted ? leg->call->record.ringing_since : 0;

        bool party = member->status == CALL_STATUS_ONGOING ||
                     (member->status == CALL_STATUS_INITIATED &&
                      leg->direction == CALL_DIRECTION_OUTGOING);
        return party && leg->user ? leg_restore_party(leg, moment, member) : 0;
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

/* A store may hold anything; what could not have become so is not gone on with. */
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

/* Who was removed while the hub was down has left. */
static int leg_restore_anyone(CallLeg *leg, const ExchangeNow *moment, const LiveMember *stored)
{
        LiveMember member = *stored;

        if (!leg->user && !call_status_is_terminal(member.status)) {
                member.status = member.status == CALL_STATUS_ONGOING ? CALL_STATUS_ENDED
                                                                     : CALL_STATUS_CANCELLED;
                STR_SET(member.reason, call_reason_to_string(CALL_REASON_SHUTDOWN));
        }
        return leg_restore(leg, moment, &member);
}

static int call_restore(Exchange *exchange, const ExchangeNow *moment, Call *call,
                        const LiveCall *live)
{
        bool anyone = call_caller(call)->user;
        int r = leg_restore_anyone(call_caller(call), moment, &live->caller);

        for (size_t i = 0; r == 0 && i < live->n_members; i++) {
                const char *uid = live->members[i].party.uid;
                User *user = exchange_user_find(exchange, uid);
                CallLeg *leg;

                anyone = anyone || user;
                r = exchange_leg_new(call, user, uid, &leg);
                if (r == 0)
                        r = leg_restore_anyone(leg, moment, &live->members[i]);
        }
        if (r < 0)
                return r;
        if (!anyone)
                return CALL_ERROR_USER_NOT_FOUND;
        call_restore_times(call, moment, live);
        exchange_call_count_joined(call, moment->now);
        return exchange_call_link(exchange, call);
}

int exchange_restore(Exchange *exchange, const ExchangeNow *moment, const LiveCall *live)
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
        /* Whom it needs may have been removed meanwhile. */
        exchange_ending_begin(&ending, exchange, moment, call);
        if (!call_is_answered(call))
                ending.event = CALL_EVENT_CALLER_LOST;
        r = exchange_ending_finish(&ending);
        if (r < 0)
                exchange_call_free(exchange, call);
        return r;
}
