/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <utlist.h>

#include "call/phone-internal.h"

Call *call_find(Phone *phone, const char *session_id)
{
        Call *call;

        DL_FOREACH (phone->calls, call) {
                if (str_eq(call->shown.record.session_id, session_id))
                        return call;
        }
        return NULL;
}

bool call_is_live(const Call *call)
{
        return !call_status_is_terminal(call->shown.record.status);
}

bool call_rings(const Call *call)
{
        return call->shown.record.direction == CALL_DIRECTION_INCOMING &&
               call->shown.record.status == CALL_STATUS_INITIATED;
}

bool call_alerts(const Call *call)
{
        return call_rings(call) && call->shown.present;
}

size_t phone_n_live_calls(const Phone *phone)
{
        const Call *call;
        size_t n = 0;

        DL_FOREACH (phone->calls, call)
                n += call_is_live(call);
        return n;
}

int call_new(Phone *phone, const CallSnapshot *snapshot, Call **ret)
{
        _cleanup_(call_freep) Call *call = calloc(1, sizeof(*call));
        int r;

        if (!call)
                return -ENOMEM;
        r = call_record_copy(&call->shown.record, &snapshot->record);
        if (r < 0)
                return r;
        call->shown.answered_here =
                snapshot->here || snapshot->record.direction == CALL_DIRECTION_OUTGOING;
        call->shown.present = call_rings(call) && !phone->do_not_disturb;
        call_ring_for(phone, call, snapshot->remaining_ms);
        *ret = TAKE_PTR(call);
        return 0;
}

Call *call_free(Call *call)
{
        if (!call)
                return NULL;
        call_record_done(&call->shown.record);
        free(call->shown.session.participants);
        free(call);
        return NULL;
}

void call_add(Phone *phone, Call *call)
{
        const char *session_id = call->shown.record.session_id;

        DL_APPEND(phone->calls, call);
        phone_act(phone, PHONE_CALL_ADDED, session_id);
        if (call->shown.record.status == CALL_STATUS_ONGOING)
                session_open(phone, call);
}

void call_remove(Phone *phone, Call *call)
{
        DL_DELETE(phone->calls, call);
        phone_act(phone, PHONE_CALL_REMOVED, call->shown.record.session_id);
        call_free(call);
}

void call_changed(Phone *phone, const Call *call, uint32_t properties)
{
        PhoneAction *action = phone_act(phone, PHONE_CALL_CHANGED, call->shown.record.session_id);

        action->properties = properties;
}

void call_ring_for(Phone *phone, Call *call, uint32_t remaining_ms)
{
        bool initiated = call->shown.record.status == CALL_STATUS_INITIATED;

        call->shown.ring_until = initiated ? phone->instant.now + remaining_ms * USEC_PER_MSEC : 0;
        call->unknown = false;
}

void call_ring(Phone *phone, Call *call, bool resumed)
{
        phone_flush(phone);
        listeners_tell(phone, call, PHONE_EVENT_INCOMING_CALL_RECEIVED, resumed);
        request_ask(phone, MESSAGE_DELIVERED, call->shown.record.session_id);
        phone_update_tone(phone);
        session_warm(phone, call);
        /* Where it rings already, this one is heard from the beginning. */
        call_update_alerting(phone, call);
}

void call_member_ringing(Phone *phone, Call *call, usec_t ringing_since)
{
        if (call->shown.record.direction != CALL_DIRECTION_OUTGOING ||
            call->shown.record.status != CALL_STATUS_INITIATED || call->shown.member_ringing)
                return;
        call->shown.member_ringing = true;
        call->shown.record.ringing_since = ringing_since;
        call_changed(phone, call, PHONE_PROPERTY_RINGING_SINCE | PHONE_PROPERTY_MEMBERS);
}

void call_update_alerting(Phone *phone, Call *call)
{
        bool heard = phone->tone == PHONE_TONE_RING && phone->tone_heard;
        bool alerting = call_alerts(call) && (call->presenting.taken || heard);
        uint32_t properties = PHONE_PROPERTY_ALERTING;

        /* While a decision is on its way the popup's state stays as it was. */
        if (alerting == call->shown.alerting || (call_alerts(call) && call_deciding(phone, call)))
                return;
        call->shown.alerting = alerting;
        if (alerting && !call->shown.record.ringing_since) {
                call->shown.record.ringing_since = phone->instant.date;
                properties |= PHONE_PROPERTY_RINGING_SINCE | PHONE_PROPERTY_MEMBERS;
        }
        call_changed(phone, call, properties);
        if (alerting && !call->alerting_said) {
                call->alerting_said = true;
                request_ask(phone, MESSAGE_ALERTING, call->shown.record.session_id);
        }
}

void call_silence(Phone *phone, Call *call)
{
        call->shown.silenced = true;
        call->shown.present = false;
        presenting_stop(call);
}

static void call_say_status(Phone *phone, const Call *call, CallStatus old)
{
        const CallRecord *record = &call->shown.record;

        phone_flush(phone);
        PhoneAction *action = phone_act(phone, PHONE_STATUS_CHANGED, record->session_id);
        action->old_status = old;
        action->new_status = record->status;
        STR_SET(action->reason, record->reason);
}

static uint32_t call_stop_ringing(Call *call)
{
        uint32_t properties = call->shown.alerting ? PHONE_PROPERTY_ALERTING : 0;

        call->shown.alerting = false;
        call->shown.present = false;
        call->shown.ring_until = 0;
        presenting_stop(call);
        return properties;
}

void call_answered_by(Phone *phone, Call *call, const Request *request)
{
        const Listener *listener, *handler = NULL;

        DL_FOREACH (phone->listeners, listener) {
                if (str_eq(listener->shown.owner, request->owner) &&
                    (!handler || (listener->shown.presents && !handler->shown.presents)))
                        handler = listener;
        }
        STR_SET(call->handler, request->owner);
        STR_SET(call->shown.handled_by, handler ? handler->shown.id : request->owner);
        call->shown.answered_here = true;
        call->shown.join_wanted = request->message.accept.join;
        call->shown.session.settings = request->settings;
        call->shown.session.audio_muted = request->settings.start_audio_muted;
        call->shown.session.video_paused = request->settings.start_video_paused;
}

void call_answered(Phone *phone, Call *call, const CallSnapshot *snapshot, bool event)
{
        CallRecord *record = &call->shown.record;
        const CallRecord *news = &snapshot->record;
        CallStatus old = record->status;
        CallReason reason;

        if (rules_transition(record->direction, old, CALL_EVENT_ACCEPT, &record->status, &reason) !=
            RULES_MOVES)
                return;

        uint32_t properties = PHONE_PROPERTY_STATUS | PHONE_PROPERTY_ANSWERED_AT |
                              PHONE_PROPERTY_MEMBERS | call_stop_ringing(call);
        if (record->type != news->type)
                properties |= PHONE_PROPERTY_TYPE;
        if (!record->ringing_since && news->ringing_since) {
                record->ringing_since = news->ringing_since;
                properties |= PHONE_PROPERTY_RINGING_SINCE;
        }
        if (*call->shown.handled_by)
                properties |= PHONE_PROPERTY_HANDLED_BY;
        STR_SET(record->reason, call_reason_to_string(reason));
        record->type = news->type;
        record->answered_at = news->answered_at;
        record->receiver = news->receiver;
        call->shown.member_ringing = false;

        bool join = call->shown.join_wanted && !call->unwanted && *snapshot->join_token;
        if (join)
                call->shown.session.state = SESSION_JOINING;
        call_changed(phone, call, properties);
        session_open(phone, call);
        call_say_status(phone, call, old);
        if (event)
                listeners_tell(phone, call, PHONE_EVENT_OUTGOING_CALL_ACCEPTED, false);
        if (join)
                session_begin(phone, call, snapshot->join_token, NULL);
        else if (call->worker)
                session_close(phone, call);
        if (call->unwanted)
                decision_overtaken(phone, record->session_id);
}

PhoneEvent call_end_event(const CallRecord *record)
{
        bool elsewhere = str_eq(record->reason, "answered-elsewhere") ||
                         str_eq(record->reason, "declined-elsewhere");

        if (record->direction == CALL_DIRECTION_INCOMING)
                return record->status == CALL_STATUS_CANCELLED ||
                                       record->status == CALL_STATUS_MISSED || elsewhere
                               ? PHONE_EVENT_INCOMING_CALL_CANCELLED
                               : PHONE_EVENT_CALL_ENDED_MESSAGE_RECEIVED;
        return record->status == CALL_STATUS_REJECTED || record->status == CALL_STATUS_BUSY ||
                               record->status == CALL_STATUS_UNANSWERED
                       ? PHONE_EVENT_OUTGOING_CALL_REJECTED
                       : PHONE_EVENT_CALL_ENDED_MESSAGE_RECEIVED;
}

static void call_finish(Phone *phone, Call *call, const MessageOver *over)
{
        CallRecord *record = &call->shown.record;
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
        call->shown.member_ringing = false;
        call->shown_until = phone->instant.now + FINISHED_SHOWN_US;

        session_close(phone, call);
        call_changed(phone, call, properties);
        call_say_status(phone, call, old);
        listeners_tell(phone, call, call_end_event(record), false);
        requests_call_over(phone, call);
        calls_limit_finished(phone);
}

/* Whether anything that can happen to a call makes `to` of it. */
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

void call_over(Phone *phone, Call *call, const MessageOver *over)
{
        if (call_status_is_terminal(over->status) &&
            call_can_become(&call->shown.record, over->status))
                call_finish(phone, call, over);
}

void call_over_by_record(Phone *phone, Call *call, const CallRecord *record)
{
        MessageOver over = {
                .status = record->status,
                .answered_at = record->answered_at,
                .ended_at = record->ended_at,
                .duration_s = record->duration_s,
        };

        STR_SET(over.session_id, record->session_id);
        STR_SET(over.reason, record->reason);
        call_over(phone, call, &over);
}

int call_end_here(Phone *phone, Call *call, CallEvent event, CallReason reason)
{
        CallRecord *record = &call->shown.record;
        CallReason of_rules;
        MessageOver over = {.ended_at = phone->instant.date};
        int r;

        if (rules_transition(record->direction, record->status, event, &over.status, &of_rules) !=
            RULES_MOVES)
                return 0;
        STR_SET(over.reason, call_reason_to_string(reason ? reason : of_rules));
        if (record->answered_at && record->answered_at < over.ended_at)
                over.duration_s = (uint32_t)((over.ended_at - record->answered_at) / USEC_PER_SEC);

        /* Answered elsewhere is not ours to tell: that device's record is the user's. */
        if (event != CALL_EVENT_ANSWER_ELSEWHERE && event != CALL_EVENT_DECLINE_ELSEWHERE) {
                r = phone_history_put_over(phone, record, &over);
                if (r < 0)
                        return r;
        }
        call_finish(phone, call, &over);
        return 0;
}
