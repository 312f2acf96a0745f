/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "phone/end.h"

#include "phone/action.h"
#include "phone/announce.h"
#include "phone/answer.h"
#include "phone/call.h"
#include "phone/decision.h"
#include "phone/history.h"
#include "phone/listener.h"
#include "phone/present.h"
#include "phone/request.h"
#include "phone/session.h"

uint32_t call_stop_ringing(PhoneCall *call)
{
        uint32_t properties = call->info.alerting ? PHONE_PROPERTY_ALERTING : 0;

        call->info.alerting = false;
        call->stored.present = false;
        call->info.ring_until = 0;
        presentation_stop(call);
        return properties;
}

static void call_finish(Phone *phone, PhoneCall *call, const MessageOver *over)
{
        CallRecord *record = &call->stored.record;
        CallStatus old = record->status;
        uint32_t properties =
                PHONE_PROPERTY_STATUS | PHONE_PROPERTY_ENDED_AT | PHONE_PROPERTY_MEMBERS;

        properties |= call_stop_ringing(call);
        if (over->answered_at && !record->answered_at) {
                record->answered_at = over->answered_at;
                properties |= PHONE_PROPERTY_ANSWERED_AT;
        }
        record->status = over->status;
        STR_SET(record->reason, over->reason);
        record->ended_at = over->ended_at;
        record->duration_s = over->duration_s;
        call->stored.member_ringing = false;
        call->shown_until = phone->instant.now + FINISHED_SHOWN_US;
        call->members_due = 0;

        session_close(phone, call);
        call_changed(phone, call, properties);
        call_announce_status(phone, call, old);
        listeners_send(phone, call, call_end_event(record), false);
        hub_requests_call_over(phone, call);
        if (call->copy != STORED_COPY_ABSENT)
                phone_act(phone, PHONE_CALL_FORGET, record->session_id);
        call_set_copy(call, STORED_COPY_ABSENT);
        calls_limit_finished(phone);
}

/* Whether any event can lead from the status of `record` to `to`. */
static bool call_can_become(const CallRecord *record, CallStatus to)
{
        for (CallEvent event = 0; event < CALL_EVENT_COUNT; event++) {
                CallStatus status;
                CallReason reason;

                if (rules_transition(record->direction, record->status, event, &status, &reason) ==
                            RULES_MOVES &&
                    status == to)
                        return true;
        }
        return false;
}

/* Announces the answer that this device has missed: only an ongoing call can become ended. */
static void call_infer_answer(Phone *phone, PhoneCall *call, usec_t answered_at)
{
        CallSnapshot snapshot = {.record = call->stored.record};

        snapshot.record.answered_at = answered_at;
        call_answered(phone, call, &snapshot, snapshot.record.direction == CALL_DIRECTION_OUTGOING);
}

void call_over(Phone *phone, PhoneCall *call, const MessageOver *over)
{
        if (over->status == CALL_STATUS_ENDED)
                call_infer_answer(phone, call, over->answered_at);
        if (call_status_is_terminal(over->status) &&
            call_can_become(&call->stored.record, over->status))
                call_finish(phone, call, over);
}

static bool caller_gave_up(const char *reason)
{
        return str_eq(reason, call_reason_to_string(CALL_REASON_CALLER_CANCELLED)) ||
               str_eq(reason, call_reason_to_string(CALL_REASON_CALLER_LOST));
}

/* Whether the record shows a decline on another device, not this device's pending reject. */
static bool declined_elsewhere(Phone *phone, const PhoneCall *call, const CallRecord *record)
{
        const HubRequest *reject = hub_request_find(phone, MESSAGE_REJECT, record->session_id);

        return (record->status == CALL_STATUS_REJECTED || record->status == CALL_STATUS_BUSY) &&
               call_rings(call) && !(reject && reject->message.reject.status == record->status);
}

int call_over_by_record(Phone *phone, PhoneCall *call, const CallRecord *record)
{
        bool elsewhere = call_rings(call) && !str_eq(record->receiver.device, phone->user.device);
        MessageOver over = {
                .status = record->status,
                .answered_at = record->answered_at,
                .ended_at = record->ended_at,
                .duration_s = record->duration_s,
        };

        if (record->status == CALL_STATUS_ENDED && elsewhere)
                return call_end_here(phone, call, CALL_EVENT_ANSWER_ELSEWHERE, CALL_REASON_NONE);
        if (declined_elsewhere(phone, call, record))
                return call_end_here(phone, call, CALL_EVENT_DECLINE_ELSEWHERE, CALL_REASON_NONE);
        if (record->status == CALL_STATUS_ENDED)
                call->stored.record.receiver = record->receiver;
        STR_SET(over.session_id, record->session_id);
        /* If the caller gave up, the record is missed, but the call object becomes cancelled. */
        if (record->status == CALL_STATUS_MISSED && caller_gave_up(record->reason))
                over.status = CALL_STATUS_CANCELLED;
        STR_SET(over.reason, record->reason);
        call_over(phone, call, &over);
        return 0;
}

static int call_end(Phone *phone, PhoneCall *call, CallEvent event, CallReason reason,
                    bool recorded)
{
        CallRecord *record = &call->stored.record;
        CallReason of_rules;
        MessageOver over = {.ended_at = phone->instant.date};
        int r;

        if (rules_transition(record->direction, record->status, event, &over.status, &of_rules) !=
            RULES_MOVES)
                return 0;
        STR_SET(over.reason, call_reason_to_string(reason ? reason : of_rules));
        if (record->answered_at && record->answered_at < over.ended_at)
                over.duration_s = (uint32_t)((over.ended_at - record->answered_at) / USEC_PER_SEC);
        if (recorded) {
                r = phone_history_put_over(phone, record, &over);
                if (r < 0)
                        return r;
        }
        call_finish(phone, call, &over);
        return 0;
}

int call_end_here(Phone *phone, PhoneCall *call, CallEvent event, CallReason reason)
{
        /* The record of the device that answered or declined counts, so make none here. */
        bool elsewhere =
                event == CALL_EVENT_ANSWER_ELSEWHERE || event == CALL_EVENT_DECLINE_ELSEWHERE;

        return call_end(phone, call, event, reason, !elsewhere);
}

int call_end_unrecorded(Phone *phone, PhoneCall *call, CallEvent event)
{
        return call_end(phone, call, event, CALL_REASON_NONE, false);
}
