/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <utlist.h>

#include "phone/internal.h"

PhoneCall *call_find(Phone *phone, const char *session_id)
{
        PhoneCall *call;

        DL_FOREACH (phone->calls, call) {
                if (str_eq(call->info.record.session_id, session_id))
                        return call;
        }
        return NULL;
}

bool call_is_live(const PhoneCall *call)
{
        return !call_status_is_terminal(call->info.record.status);
}

bool call_rings(const PhoneCall *call)
{
        return call->info.record.direction == CALL_DIRECTION_INCOMING &&
               call->info.record.status == CALL_STATUS_INITIATED;
}

bool call_alerts(const PhoneCall *call)
{
        return call_rings(call) && call->info.present;
}

size_t phone_n_live_calls(const Phone *phone)
{
        const PhoneCall *call;
        size_t n = 0;

        DL_FOREACH (phone->calls, call)
                n += call_is_live(call);
        return n;
}

bool ring_is_late(const CallSnapshot *snapshot)
{
        return snapshot->record.direction == CALL_DIRECTION_INCOMING &&
               snapshot->record.status == CALL_STATUS_INITIATED &&
               snapshot->remaining_ms < LATE_RING_MIN_US / USEC_PER_MSEC;
}

int call_new(Phone *phone, const CallSnapshot *snapshot, PhoneCall **ret)
{
        _cleanup_(call_freep) PhoneCall *call = calloc(1, sizeof(*call));
        int r;

        if (!call)
                return -ENOMEM;
        r = call_record_copy(&call->info.record, &snapshot->record);
        if (r < 0)
                return r;
        call->info.answered_here =
                snapshot->here || snapshot->record.direction == CALL_DIRECTION_OUTGOING;
        call->info.present = call_rings(call) && !phone->do_not_disturb;
        call_ring_for(phone, call, snapshot->remaining_ms);
        *ret = TAKE_PTR(call);
        return 0;
}

PhoneCall *call_free(PhoneCall *call)
{
        if (!call)
                return NULL;
        call_record_done(&call->info.record);
        free(call->info.session.participants);
        free(call->info.members);
        free(call);
        return NULL;
}

int call_anew(Phone *phone, const CallSnapshot *snapshot, PhoneCall **ret)
{
        PhoneCall *old = call_find(phone, snapshot->record.session_id), *call;
        CallSnapshot fresh = *snapshot;
        int r;

        fresh.record.status = CALL_STATUS_INITIATED;
        *fresh.record.reason = '\0';
        fresh.record.ended_at = 0;
        fresh.record.duration_s = 0;
        r = call_new(phone, &fresh, &call);
        if (r < 0)
                return r;
        if (old)
                call_remove(phone, old);
        call_add(phone, call);
        *ret = call;
        return 0;
}

void call_add(Phone *phone, PhoneCall *call)
{
        const char *session_id = call->info.record.session_id;

        DL_APPEND(phone->calls, call);
        call->unsaved = true;
        phone_act(phone, PHONE_CALL_ADDED, session_id);
        if (call->info.record.status == CALL_STATUS_ONGOING)
                session_open(phone, call);
}

void call_remove(Phone *phone, PhoneCall *call)
{
        DL_DELETE(phone->calls, call);
        phone_act(phone, PHONE_CALL_REMOVED, call->info.record.session_id);
        call_free(call);
}

void call_changed(Phone *phone, PhoneCall *call, uint32_t properties)
{
        PhoneAction *action = phone_act(phone, PHONE_CALL_CHANGED, call->info.record.session_id);

        action->properties = properties;
        call->unsaved = true;
}

void call_ring_for(Phone *phone, PhoneCall *call, uint32_t remaining_ms)
{
        bool initiated = call->info.record.status == CALL_STATUS_INITIATED;

        call->info.ring_until = initiated ? phone->instant.now + remaining_ms * USEC_PER_MSEC : 0;
        call->unknown = false;
        call->unsaved = true;
}

void call_delivered(Phone *phone, PhoneCall *call)
{
        HubRequest *request =
                hub_request_new(phone, MESSAGE_DELIVERED, call->info.record.session_id);

        request->message.delivered.quiet = phone->do_not_disturb;
        hub_request_add(phone, request);
}

void call_ring(Phone *phone, PhoneCall *call, bool resumed)
{
        phone_flush(phone);
        listeners_tell(phone, call, PHONE_EVENT_INCOMING_CALL_RECEIVED, resumed);
        call_delivered(phone, call);
        phone_update_tone(phone);
        session_warm(phone, call);
        /* Where it rings already, this one is heard from the beginning. */
        call_update_alerting(phone, call);
}

void call_member_ringing(Phone *phone, PhoneCall *call, usec_t ringing_since)
{
        if (call->info.record.direction != CALL_DIRECTION_OUTGOING ||
            call->info.record.status != CALL_STATUS_INITIATED || call->info.member_ringing)
                return;
        call->info.member_ringing = true;
        call->info.record.ringing_since = ringing_since;
        call_changed(phone, call, PHONE_PROPERTY_RINGING_SINCE | PHONE_PROPERTY_MEMBERS);
}

void call_update_alerting(Phone *phone, PhoneCall *call)
{
        bool heard = phone->tone == PHONE_TONE_RING && phone->tone_heard;
        bool alerting = call_alerts(call) && (call->presentation.taken || heard);
        uint32_t properties = PHONE_PROPERTY_ALERTING;

        /* While a decision is on its way the popup's state stays as it was. */
        if (alerting == call->info.alerting || (call_alerts(call) && call_deciding(phone, call)))
                return;
        call->info.alerting = alerting;
        if (alerting && !call->info.record.ringing_since) {
                call->info.record.ringing_since = phone->instant.date;
                properties |= PHONE_PROPERTY_RINGING_SINCE | PHONE_PROPERTY_MEMBERS;
        }
        call_changed(phone, call, properties);
        if (alerting && !call->alerting_said) {
                call->alerting_said = true;
                hub_request_ask(phone, MESSAGE_ALERTING, call->info.record.session_id);
        }
}

void call_silence(Phone *phone, PhoneCall *call)
{
        call->info.silenced = true;
        call->info.present = false;
        call->unsaved = true;
        presentation_stop(call);
}

static void call_say_status(Phone *phone, const PhoneCall *call, CallStatus old)
{
        const CallRecord *record = &call->info.record;

        phone_flush(phone);
        PhoneAction *action = phone_act(phone, PHONE_STATUS_CHANGED, record->session_id);
        action->old_status = old;
        action->new_status = record->status;
        STR_SET(action->reason, record->reason);
}

static uint32_t call_stop_ringing(PhoneCall *call)
{
        uint32_t properties = call->info.alerting ? PHONE_PROPERTY_ALERTING : 0;

        call->info.alerting = false;
        call->info.present = false;
        call->info.ring_until = 0;
        presentation_stop(call);
        return properties;
}

void call_handled_by(Phone *phone, PhoneCall *call, const char *client)
{
        const Listener *listener, *handler = NULL;

        DL_FOREACH (phone->listeners, listener) {
                if (str_eq(listener->info.client, client) &&
                    (!handler || (listener->info.presents && !handler->info.presents)))
                        handler = listener;
        }
        STR_SET(call->handler, client);
        STR_SET(call->info.handled_by, handler ? handler->info.id : call->handler);
        call->info.answered_here = true;
}

void call_answered_by(Phone *phone, PhoneCall *call, const HubRequest *request)
{
        call_handled_by(phone, call, request->client);
        call->info.join_wanted = request->message.accept.join;
        call->info.session.settings = request->settings;
        call->info.session.audio_muted = request->settings.start_audio_muted;
}

/* What the answer changes beside the status: returns the properties. */
static uint32_t call_take_answer(PhoneCall *call, const CallRecord *news)
{
        CallRecord *record = &call->info.record;
        uint32_t properties = PHONE_PROPERTY_STATUS | PHONE_PROPERTY_ANSWERED_AT |
                              PHONE_PROPERTY_MEMBERS | call_stop_ringing(call);

        if (record->type != news->type)
                properties |= PHONE_PROPERTY_TYPE;
        if (!record->ringing_since && news->ringing_since) {
                record->ringing_since = news->ringing_since;
                properties |= PHONE_PROPERTY_RINGING_SINCE;
        }
        if (*call->info.handled_by)
                properties |= PHONE_PROPERTY_HANDLED_BY;
        record->type = news->type;
        record->answered_at = news->answered_at;
        record->receiver = news->receiver;
        call->info.member_ringing = false;
        return properties;
}

void call_answered(Phone *phone, PhoneCall *call, const CallSnapshot *snapshot, bool event)
{
        CallRecord *record = &call->info.record;
        CallStatus old = record->status;
        CallReason reason;

        if (rules_transition(record->direction, old, CALL_EVENT_ACCEPT, &record->status, &reason) !=
            RULES_MOVES)
                return;
        STR_SET(record->reason, call_reason_to_string(reason));
        uint32_t properties = call_take_answer(call, &snapshot->record);

        bool join = call->info.join_wanted && !call->unwanted && *snapshot->join_token;
        if (join)
                call->info.session.state = SESSION_JOINING;
        call_changed(phone, call, properties);
        session_choose_video(call);
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

static void call_finish(Phone *phone, PhoneCall *call, const MessageOver *over)
{
        CallRecord *record = &call->info.record;
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
        call->info.member_ringing = false;
        call->shown_until = phone->instant.now + FINISHED_SHOWN_US;
        call->members_due = 0;

        session_close(phone, call);
        call_changed(phone, call, properties);
        call_say_status(phone, call, old);
        listeners_tell(phone, call, call_end_event(record), false);
        hub_requests_call_over(phone, call);
        if (call->saved)
                phone_act(phone, PHONE_CALL_FORGET, record->session_id);
        call->saved = false;
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

/* It was answered, and that could not be said here: nothing ends that was not ongoing. */
static void call_answered_unsaid(Phone *phone, PhoneCall *call, usec_t answered_at)
{
        CallSnapshot snapshot = {.record = call->info.record};

        snapshot.record.answered_at = answered_at;
        call_answered(phone, call, &snapshot, snapshot.record.direction == CALL_DIRECTION_OUTGOING);
}

void call_over(Phone *phone, PhoneCall *call, const MessageOver *over)
{
        if (over->status == CALL_STATUS_ENDED)
                call_answered_unsaid(phone, call, over->answered_at);
        if (call_status_is_terminal(over->status) &&
            call_can_become(&call->info.record, over->status))
                call_finish(phone, call, over);
}

static bool caller_gave_up(const char *reason)
{
        return str_eq(reason, call_reason_to_string(CALL_REASON_CALLER_CANCELLED)) ||
               str_eq(reason, call_reason_to_string(CALL_REASON_CALLER_LOST));
}

/* By hand, and not by whoever is about to do so here. */
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
        int r;

        r = phone_reserve(phone, 2, 2);
        if (r < 0)
                return r;
        if (record->status == CALL_STATUS_ENDED && elsewhere)
                return call_end_here(phone, call, CALL_EVENT_ANSWER_ELSEWHERE, CALL_REASON_NONE);
        if (declined_elsewhere(phone, call, record))
                return call_end_here(phone, call, CALL_EVENT_DECLINE_ELSEWHERE, CALL_REASON_NONE);
        if (record->status == CALL_STATUS_ENDED)
                call->info.record.receiver = record->receiver;
        STR_SET(over.session_id, record->session_id);
        /* Their history has a missed call, the object that rang was cancelled. */
        if (record->status == CALL_STATUS_MISSED && caller_gave_up(record->reason))
                over.status = CALL_STATUS_CANCELLED;
        STR_SET(over.reason, record->reason);
        call_over(phone, call, &over);
        return 0;
}

static int call_end(Phone *phone, PhoneCall *call, CallEvent event, CallReason reason,
                    bool recorded)
{
        CallRecord *record = &call->info.record;
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
        /* Answered elsewhere is not ours to tell: that device's record is the user's. */
        bool elsewhere =
                event == CALL_EVENT_ANSWER_ELSEWHERE || event == CALL_EVENT_DECLINE_ELSEWHERE;

        return call_end(phone, call, event, reason, !elsewhere);
}

int call_end_unrecorded(Phone *phone, PhoneCall *call, CallEvent event)
{
        return call_end(phone, call, event, CALL_REASON_NONE, false);
}
