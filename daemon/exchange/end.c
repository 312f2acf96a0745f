/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "exchange/end.h"

#include <assert.h>
#include <errno.h>

#include "exchange/action.h"
#include "exchange/announce.h"
#include "exchange/call.h"
#include "exchange/leg.h"
#include "exchange/marks.h"
#include "exchange/media.h"
#include "exchange/redial.h"
#include "exchange/snapshot.h"
#include "exchange/store.h"

static int leg_send_over(Exchange *exchange, const CallLeg *leg)
{
        CallRecord record = exchange_leg_record(leg);
        const Branch *branch;

        DL_FOREACH2 (leg->branches, branch, leg_next) {
                bool decided_elsewhere =
                        !str_empty(leg->device) && !str_eq(leg->device, branch->device->id);
                int r = decided_elsewhere ? exchange_branch_send_event(exchange, branch,
                                                                       CALL_EVENT_DECLINE_ELSEWHERE)
                                          : exchange_branch_send_over(exchange, branch, leg->status,
                                                                      record.reason);

                if (r < 0)
                        return r;
        }
        return leg->limited ? exchange_disconnect(exchange, leg->limited, "the call is over") : 0;
}

static int leg_log(Exchange *exchange, const CallLeg *leg, bool with_metadata)
{
        CallRecord record = exchange_leg_history(leg);
        ExchangeAction *action = exchange_push(exchange, EXCHANGE_LOG);

        if (!action)
                return -ENOMEM;
        if (!with_metadata)
                record.metadata = (Metadata){0};
        STR_SET(action->uid, leg->uid);
        STR_SET(action->session_id, record.session_id);
        return call_record_copy(&action->record, &record);
}

static int leg_send_logged(Exchange *exchange, const CallLeg *leg)
{
        CallRecord record = exchange_leg_history(leg);
        const Device *device;

        DL_FOREACH (leg->user->devices, device) {
                Message *message;
                int r = exchange_send(exchange, device->attachment, MESSAGE_LOGGED, &message);

                if (r > 0)
                        r = call_record_copy(&message->logged, &record);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int call_drop(Exchange *exchange, const Call *call)
{
        ExchangeAction *action = exchange_push(exchange, EXCHANGE_DROP);

        if (!action)
                return -ENOMEM;
        STR_SET(action->session_id, call->record.session_id);
        return 0;
}

/* Storage comes first in the queue, because the messages confirm it. */
static int ending_store(const Ending *ending)
{
        bool logged = ending->call->metadata_logged;
        int r = 0;

        for (const CallLeg *leg = ending->ended; r == 0 && leg; leg = leg->changed_next) {
                r = leg_log(ending->exchange, leg, !logged);
                logged = true;
        }
        if (r < 0)
                return r;
        return ending->over ? call_drop(ending->exchange, ending->call)
                            : exchange_save(ending->exchange, ending->moment, ending->call,
                                            ending->ended);
}

static int ending_announce(const Ending *ending)
{
        int r = 0;

        for (const CallLeg *leg = ending->ended; r == 0 && leg; leg = leg->changed_next)
                r = leg_send_over(ending->exchange, leg);
        for (const CallLeg *leg = ending->ended; r == 0 && leg; leg = leg->changed_next) {
                if (!ending->over && leg->media.joined)
                        r = exchange_leg_send_others(ending->exchange, leg, MESSAGE_LEFT);
        }
        for (const CallLeg *leg = ending->ended; r == 0 && leg; leg = leg->changed_next)
                r = leg_send_logged(ending->exchange, leg);
        return r;
}

/* ---- which legs end together ---- */

static bool call_lives_on(const Call *call)
{
        if (!call_is_answered(call))
                return call_caller(call)->status == CALL_STATUS_INITIATED && call->n_rings > 0;
        /* Either party ends a call to a user for both; in a group, ending is leaving. */
        return call->n_parties >= (call_is_to_group(call) ? 1 : 2);
}

/* The event that the caller sees when nobody is left who could answer (rules 2, 11). */
static CallEvent call_unanswered_by(const Call *call)
{
        bool missed = false, rejected = false, busy = false;
        const CallLeg *leg;

        DL_FOREACH2 (call_members(call), leg, call_next) {
                bool is_busy = leg->reason == CALL_REASON_BUSY;

                missed |= leg->status == CALL_STATUS_MISSED && !is_busy;
                rejected |= leg->status == CALL_STATUS_REJECTED;
                busy |= is_busy;
        }
        return missed     ? CALL_EVENT_TIMEOUT
               : rejected ? CALL_EVENT_REJECT
               : busy     ? CALL_EVENT_BUSY
                          : CALL_EVENT_SHUTDOWN;
}

/* The event that the other parties see when the call ends because `event` happened to one leg. */
static CallEvent event_seen(CallEvent event, bool answered)
{
        switch (event) {
        case CALL_EVENT_HANGUP:
                return CALL_EVENT_REMOTE_HANGUP;
        case CALL_EVENT_REPLACED:
        case CALL_EVENT_SHUTDOWN:
                return answered ? CALL_EVENT_REMOTE_HANGUP : CALL_EVENT_CANCEL;
        case CALL_EVENT_ACCEPT:
        case CALL_EVENT_REJECT:
        case CALL_EVENT_BUSY:
        case CALL_EVENT_BUSY_BY_POLICY:
        case CALL_EVENT_CANCEL:
        case CALL_EVENT_TIMEOUT:
        case CALL_EVENT_ANSWER_ELSEWHERE:
        case CALL_EVENT_DECLINE_ELSEWHERE:
        case CALL_EVENT_CALLER_LOST:
        case CALL_EVENT_REMOTE_HANGUP:
        case CALL_EVENT_CONNECTION_LOST:
        case CALL_EVENT_NO_MEDIA:
        case CALL_EVENT_IDLE:
                return event;
        case CALL_EVENT_COUNT:
                break;
        }
        assert(!"an unknown event");
        return event;
}

static void ending_add_status(Ending *ending, CallStatus status, CallEvent event)
{
        CallLeg *leg;

        DL_FOREACH2 (ending->call->legs, leg, call_next) {
                if (leg->status == status)
                        exchange_ending_add(ending, leg, event);
        }
}

static void ending_conclude(Ending *ending)
{
        Call *call = ending->call;
        bool answered = call_is_answered(call);
        CallEvent seen = event_seen(ending->event, answered);

        if (call_lives_on(call))
                return;
        ending->over = true;
        if (!answered && call_caller(call)->status == CALL_STATUS_INITIATED)
                exchange_ending_add(ending, call_caller(call), call_unanswered_by(call));
        ending_add_status(ending, CALL_STATUS_ONGOING, seen);
        ending_add_status(ending, CALL_STATUS_INITIATED,
                          answered ? CALL_EVENT_REMOTE_HANGUP : seen);
}

/* ---- an ending ---- */

void exchange_ending_begin(Ending *ending, Exchange *exchange, const ExchangeNow *moment,
                           Call *call)
{
        *ending = (Ending){
                .exchange = exchange,
                .moment = moment,
                .call = call,
                .event = CALL_EVENT_CONNECTION_LOST, /* if no leg is added: see restore.c */
        };
}

void exchange_ending_add(Ending *ending, CallLeg *leg, CallEvent event)
{
        Call *call = ending->call;

        if (!ending->ended)
                ending->event = event;
        leg->status_before = leg->status;
        exchange_leg_move(leg, event);
        leg->ended_at = ending->moment->date;
        if (leg->status_before == CALL_STATUS_ONGOING)
                leg->duration_s = (uint32_t)((ending->moment->now - call->answered) / USEC_PER_SEC);

        if (leg == call_caller(call) || !ending->ended) {
                leg->changed_next = ending->ended;
                ending->ended = leg;
                ending->last = ending->last ? ending->last : leg;
        } else {
                leg->changed_next = NULL;
                ending->last->changed_next = leg;
                ending->last = leg;
        }
}

static void ending_undo(Ending *ending)
{
        exchange_rollback(ending->exchange);
        for (CallLeg *leg = ending->ended; leg; leg = leg->changed_next) {
                exchange_leg_set(leg, leg->status_before, CALL_REASON_NONE);
                leg->ended_at = leg->duration_s = 0;
        }
}

static void ending_apply(Ending *ending)
{
        Call *call = ending->call;

        exchange_commit(ending->exchange);
        call->metadata_logged = call->metadata_logged || ending->ended;
        if (ending->over && !call_is_to_group(call) && !call_is_answered(call))
                exchange_redial_unanswered(ending->exchange, call_caller(call)->uid,
                                           call_members(call)->uid, ending->moment->now);
        if (ending->over) {
                exchange_call_retire(ending->exchange, ending->moment, call);
                return;
        }
        for (CallLeg *leg = ending->ended; leg; leg = leg->changed_next) {
                exchange_leg_release(ending->exchange, leg);
                exchange_leg_enlist(leg);
        }
        exchange_call_count_joined(call, ending->moment->now);
        exchange_call_touch(ending->exchange, call);
}

int exchange_ending_finish(Ending *ending)
{
        ending_conclude(ending);
        if (!ending->ended && !ending->over)
                return 0;

        int r = ending_store(ending);
        if (r == 0)
                r = ending_announce(ending);
        if (r < 0)
                ending_undo(ending);
        else
                ending_apply(ending);
        return r;
}

int exchange_leg_quit(Exchange *exchange, const ExchangeNow *moment, CallLeg *leg, CallEvent event)
{
        Ending ending;

        exchange_ending_begin(&ending, exchange, moment, leg->call);
        exchange_ending_add(&ending, leg, event);
        return exchange_ending_finish(&ending);
}

int exchange_call_end(Exchange *exchange, const ExchangeNow *moment, Call *call, CallStatus status,
                      CallEvent event)
{
        Ending ending;
        CallLeg *leg;

        exchange_ending_begin(&ending, exchange, moment, call);
        DL_FOREACH2 (call->legs, leg, call_next) {
                if (leg->status == status &&
                    (status == CALL_STATUS_ONGOING || leg != call_caller(call)))
                        exchange_ending_add(&ending, leg, event);
        }
        return exchange_ending_finish(&ending);
}
