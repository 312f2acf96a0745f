/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "exchange/snapshot.h"

#include "exchange/leg.h"
#include "exchange/media.h"
#include "exchange/token.h"

/*
 * The reason of a missed call that nobody was alerted to is the filter that kept it quiet (rule 9).
 */
static CallReason leg_reason_of(const CallLeg *leg, CallStatus status)
{
        if (status != CALL_STATUS_MISSED || leg->reason == CALL_REASON_BUSY)
                return leg->reason;
        return leg->blocked                        ? CALL_REASON_FILTERED_BLOCKED
               : leg->barred                       ? CALL_REASON_FILTERED_BARRED
               : leg->quiet && !leg->ringing_since ? CALL_REASON_FILTERED_DND
                                                   : leg->reason;
}

static CallRecord leg_record_as(const CallLeg *leg, CallStatus status)
{
        CallRecord record = leg->call->record;

        record.direction = leg->direction;
        record.status = status;
        STR_SET(record.reason, call_reason_to_string(leg_reason_of(leg, status)));
        if (leg->direction == CALL_DIRECTION_INCOMING)
                record.ringing_since = leg->ringing_since;
        if (!leg->was_in)
                record.answered_at = 0;
        record.ended_at = leg->ended_at;
        record.duration_s = leg->duration_s;
        record.seen = status != CALL_STATUS_MISSED || exchange_leg_is_hidden(leg);
        return record;
}

CallRecord exchange_leg_record(const CallLeg *leg)
{
        CallRecord record = leg_record_as(leg, leg->status);

        record.seen = true;
        return record;
}

CallRecord exchange_call_record(const Call *call)
{
        CallRecord record = exchange_leg_record(call_caller(call));

        /* A group's call continues after its caller has left. */
        if (call->live && call_is_answered(call)) {
                record.status = CALL_STATUS_ONGOING;
                record.answered_at = call->record.answered_at;
                record.reason[0] = '\0';
                record.ended_at = record.duration_s = 0;
        }
        return record;
}

CallRecord exchange_leg_history(const CallLeg *leg)
{
        return leg_record_as(leg, rules_history_status(leg->direction, leg->status));
}

int exchange_leg_snapshot(const CallLeg *leg, const ExchangeNow *moment, const Device *device,
                          CallSnapshot *ret)
{
        const Call *call = leg->call;
        CallRecord record = exchange_leg_record(leg);
        CallSnapshot snapshot = {.here = str_eq(leg->device, device->id)};
        int r = call_record_copy(&snapshot.record, &record);

        if (r == 0 && snapshot.here && leg->media.joined && !leg->media.by_token) {
                STR_SET(snapshot.participant, leg->media.participant);
                r = exchange_leg_other_participants(leg, &snapshot.others, &snapshot.n_others);
        }
        if (r < 0) {
                call_snapshot_done(&snapshot);
                return r;
        }
        if (leg->status == CALL_STATUS_INITIATED && call->ring_until > moment->now)
                snapshot.remaining_ms =
                        (uint32_t)((call->ring_until - moment->now) / USEC_PER_MSEC);
        const Token *token = snapshot.here ? exchange_leg_token(leg, moment->now) : NULL;
        if (token)
                STR_SET(snapshot.join_token, token->token);
        *ret = snapshot;
        return 0;
}
