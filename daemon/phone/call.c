/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <utlist.h>

#include "phone/internal.h"

Line *line_find(Phone *phone, const char *session_id)
{
        Line *line;

        DL_FOREACH (phone->lines, line) {
                if (str_eq(line->shown.record.session_id, session_id))
                        return line;
        }
        return NULL;
}

bool line_is_live(const Line *line)
{
        return !call_status_is_terminal(line->shown.record.status);
}

bool line_rings(const Line *line)
{
        return line->shown.record.direction == CALL_DIRECTION_INCOMING &&
               line->shown.record.status == CALL_STATUS_INITIATED;
}

bool line_alerts(const Line *line)
{
        return line_rings(line) && line->shown.present;
}

size_t phone_n_live_calls(const Phone *phone)
{
        const Line *line;
        size_t n = 0;

        DL_FOREACH (phone->lines, line)
                n += line_is_live(line);
        return n;
}

bool ring_is_late(const CallSnapshot *snapshot)
{
        return snapshot->record.direction == CALL_DIRECTION_INCOMING &&
               snapshot->record.status == CALL_STATUS_INITIATED &&
               snapshot->remaining_ms < LATE_RING_MIN_US / USEC_PER_MSEC;
}

int line_new(Phone *phone, const CallSnapshot *snapshot, Line **ret)
{
        _cleanup_(line_freep) Line *line = calloc(1, sizeof(*line));
        int r;

        if (!line)
                return -ENOMEM;
        r = call_record_copy(&line->shown.record, &snapshot->record);
        if (r < 0)
                return r;
        line->shown.answered_here =
                snapshot->here || snapshot->record.direction == CALL_DIRECTION_OUTGOING;
        line->shown.present = line_rings(line) && !phone->do_not_disturb;
        line_ring_for(phone, line, snapshot->remaining_ms);
        *ret = TAKE_PTR(line);
        return 0;
}

Line *line_free(Line *line)
{
        if (!line)
                return NULL;
        call_record_done(&line->shown.record);
        free(line->shown.session.participants);
        free(line->shown.members);
        free(line);
        return NULL;
}

int line_anew(Phone *phone, const CallSnapshot *snapshot, Line **ret)
{
        Line *old = line_find(phone, snapshot->record.session_id), *line;
        CallSnapshot fresh = *snapshot;
        int r;

        fresh.record.status = CALL_STATUS_INITIATED;
        *fresh.record.reason = '\0';
        fresh.record.ended_at = 0;
        fresh.record.duration_s = 0;
        r = line_new(phone, &fresh, &line);
        if (r < 0)
                return r;
        if (old)
                line_remove(phone, old);
        line_add(phone, line);
        *ret = line;
        return 0;
}

void line_add(Phone *phone, Line *line)
{
        const char *session_id = line->shown.record.session_id;

        DL_APPEND(phone->lines, line);
        line->unsaved = true;
        phone_act(phone, PHONE_CALL_ADDED, session_id);
        if (line->shown.record.status == CALL_STATUS_ONGOING)
                session_open(phone, line);
}

void line_remove(Phone *phone, Line *line)
{
        DL_DELETE(phone->lines, line);
        phone_act(phone, PHONE_CALL_REMOVED, line->shown.record.session_id);
        line_free(line);
}

void line_changed(Phone *phone, Line *line, uint32_t properties)
{
        PhoneAction *action = phone_act(phone, PHONE_CALL_CHANGED, line->shown.record.session_id);

        action->properties = properties;
        line->unsaved = true;
}

void line_ring_for(Phone *phone, Line *line, uint32_t remaining_ms)
{
        bool initiated = line->shown.record.status == CALL_STATUS_INITIATED;

        line->shown.ring_until = initiated ? phone->instant.now + remaining_ms * USEC_PER_MSEC : 0;
        line->unknown = false;
        line->unsaved = true;
}

void line_delivered(Phone *phone, Line *line)
{
        Errand *errand = errand_new(phone, MESSAGE_DELIVERED, line->shown.record.session_id);

        errand->message.delivered.quiet = phone->do_not_disturb;
        errand_add(phone, errand);
}

void line_ring(Phone *phone, Line *line, bool resumed)
{
        phone_flush(phone);
        listeners_tell(phone, line, PHONE_EVENT_INCOMING_CALL_RECEIVED, resumed);
        line_delivered(phone, line);
        phone_update_tone(phone);
        session_warm(phone, line);
        /* Where it rings already, this one is heard from the beginning. */
        line_update_alerting(phone, line);
}

void line_member_ringing(Phone *phone, Line *line, usec_t ringing_since)
{
        if (line->shown.record.direction != CALL_DIRECTION_OUTGOING ||
            line->shown.record.status != CALL_STATUS_INITIATED || line->shown.member_ringing)
                return;
        line->shown.member_ringing = true;
        line->shown.record.ringing_since = ringing_since;
        line_changed(phone, line, PHONE_PROPERTY_RINGING_SINCE | PHONE_PROPERTY_MEMBERS);
}

void line_update_alerting(Phone *phone, Line *line)
{
        bool heard = phone->tone == PHONE_TONE_RING && phone->tone_heard;
        bool alerting = line_alerts(line) && (line->presenting.taken || heard);
        uint32_t properties = PHONE_PROPERTY_ALERTING;

        /* While a decision is on its way the popup's state stays as it was. */
        if (alerting == line->shown.alerting || (line_alerts(line) && line_deciding(phone, line)))
                return;
        line->shown.alerting = alerting;
        if (alerting && !line->shown.record.ringing_since) {
                line->shown.record.ringing_since = phone->instant.date;
                properties |= PHONE_PROPERTY_RINGING_SINCE | PHONE_PROPERTY_MEMBERS;
        }
        line_changed(phone, line, properties);
        if (alerting && !line->alerting_said) {
                line->alerting_said = true;
                errand_ask(phone, MESSAGE_ALERTING, line->shown.record.session_id);
        }
}

void line_silence(Phone *phone, Line *line)
{
        line->shown.silenced = true;
        line->shown.present = false;
        line->unsaved = true;
        presenting_stop(line);
}

static void line_say_status(Phone *phone, const Line *line, CallStatus old)
{
        const CallRecord *record = &line->shown.record;

        phone_flush(phone);
        PhoneAction *action = phone_act(phone, PHONE_STATUS_CHANGED, record->session_id);
        action->old_status = old;
        action->new_status = record->status;
        STR_SET(action->reason, record->reason);
}

static uint32_t line_stop_ringing(Line *line)
{
        uint32_t properties = line->shown.alerting ? PHONE_PROPERTY_ALERTING : 0;

        line->shown.alerting = false;
        line->shown.present = false;
        line->shown.ring_until = 0;
        presenting_stop(line);
        return properties;
}

void line_handled_by(Phone *phone, Line *line, const char *owner)
{
        const Listener *listener, *handler = NULL;

        DL_FOREACH (phone->listeners, listener) {
                if (str_eq(listener->shown.owner, owner) &&
                    (!handler || (listener->shown.presents && !handler->shown.presents)))
                        handler = listener;
        }
        STR_SET(line->handler, owner);
        STR_SET(line->shown.handled_by, handler ? handler->shown.id : line->handler);
        line->shown.answered_here = true;
}

void line_answered_by(Phone *phone, Line *line, const Errand *errand)
{
        line_handled_by(phone, line, errand->owner);
        line->shown.join_wanted = errand->message.accept.join;
        line->shown.session.settings = errand->settings;
        line->shown.session.audio_muted = errand->settings.start_audio_muted;
}

/* What the answer changes beside the status: returns the properties. */
static uint32_t line_take_answer(Line *line, const CallRecord *news)
{
        CallRecord *record = &line->shown.record;
        uint32_t properties = PHONE_PROPERTY_STATUS | PHONE_PROPERTY_ANSWERED_AT |
                              PHONE_PROPERTY_MEMBERS | line_stop_ringing(line);

        if (record->type != news->type)
                properties |= PHONE_PROPERTY_TYPE;
        if (!record->ringing_since && news->ringing_since) {
                record->ringing_since = news->ringing_since;
                properties |= PHONE_PROPERTY_RINGING_SINCE;
        }
        if (*line->shown.handled_by)
                properties |= PHONE_PROPERTY_HANDLED_BY;
        record->type = news->type;
        record->answered_at = news->answered_at;
        record->receiver = news->receiver;
        line->shown.member_ringing = false;
        return properties;
}

void line_answered(Phone *phone, Line *line, const CallSnapshot *snapshot, bool event)
{
        CallRecord *record = &line->shown.record;
        CallStatus old = record->status;
        CallReason reason;

        if (rules_transition(record->direction, old, CALL_EVENT_ACCEPT, &record->status, &reason) !=
            RULES_MOVES)
                return;
        STR_SET(record->reason, call_reason_to_string(reason));
        uint32_t properties = line_take_answer(line, &snapshot->record);

        bool join = line->shown.join_wanted && !line->unwanted && *snapshot->join_token;
        if (join)
                line->shown.session.state = SESSION_JOINING;
        line_changed(phone, line, properties);
        session_choose_video(line);
        session_open(phone, line);
        line_say_status(phone, line, old);
        if (event)
                listeners_tell(phone, line, PHONE_EVENT_OUTGOING_CALL_ACCEPTED, false);
        if (join)
                session_begin(phone, line, snapshot->join_token, NULL);
        else if (line->worker)
                session_close(phone, line);
        if (line->unwanted)
                decision_overtaken(phone, record->session_id);
}

PhoneEvent line_end_event(const CallRecord *record)
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

static void line_finish(Phone *phone, Line *line, const MessageOver *over)
{
        CallRecord *record = &line->shown.record;
        CallStatus old = record->status;
        uint32_t properties =
                PHONE_PROPERTY_STATUS | PHONE_PROPERTY_ENDED_AT | PHONE_PROPERTY_MEMBERS;

        properties |= line_stop_ringing(line);
        if (over->answered_at && !record->answered_at) {
                record->answered_at = over->answered_at;
                properties |= PHONE_PROPERTY_ANSWERED_AT;
        }
        record->status = over->status;
        STR_SET(record->reason, over->reason);
        record->ended_at = over->ended_at;
        record->duration_s = over->duration_s;
        line->shown.member_ringing = false;
        line->shown_until = phone->instant.now + FINISHED_SHOWN_US;
        line->members_due = 0;

        session_close(phone, line);
        line_changed(phone, line, properties);
        line_say_status(phone, line, old);
        listeners_tell(phone, line, line_end_event(record), false);
        errands_call_over(phone, line);
        if (line->saved)
                phone_act(phone, PHONE_CALL_FORGET, record->session_id);
        line->saved = false;
        lines_limit_finished(phone);
}

/* Whether anything that can happen to a call makes `to` of it. */
static bool line_can_become(const CallRecord *record, CallStatus to)
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
static void line_answered_unsaid(Phone *phone, Line *line, usec_t answered_at)
{
        CallSnapshot snapshot = {.record = line->shown.record};

        snapshot.record.answered_at = answered_at;
        line_answered(phone, line, &snapshot, snapshot.record.direction == CALL_DIRECTION_OUTGOING);
}

void line_over(Phone *phone, Line *line, const MessageOver *over)
{
        if (over->status == CALL_STATUS_ENDED)
                line_answered_unsaid(phone, line, over->answered_at);
        if (call_status_is_terminal(over->status) &&
            line_can_become(&line->shown.record, over->status))
                line_finish(phone, line, over);
}

static bool caller_gave_up(const char *reason)
{
        return str_eq(reason, call_reason_to_string(CALL_REASON_CALLER_CANCELLED)) ||
               str_eq(reason, call_reason_to_string(CALL_REASON_CALLER_LOST));
}

/* By hand, and not by whoever is about to do so here. */
static bool declined_elsewhere(Phone *phone, const Line *line, const CallRecord *record)
{
        const Errand *reject = errand_find(phone, MESSAGE_REJECT, record->session_id);

        return (record->status == CALL_STATUS_REJECTED || record->status == CALL_STATUS_BUSY) &&
               line_rings(line) && !(reject && reject->message.reject.status == record->status);
}

int line_over_by_record(Phone *phone, Line *line, const CallRecord *record)
{
        bool elsewhere = line_rings(line) && !str_eq(record->receiver.device, phone->user.device);
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
                return line_end_here(phone, line, CALL_EVENT_ANSWER_ELSEWHERE, CALL_REASON_NONE);
        if (declined_elsewhere(phone, line, record))
                return line_end_here(phone, line, CALL_EVENT_DECLINE_ELSEWHERE, CALL_REASON_NONE);
        if (record->status == CALL_STATUS_ENDED)
                line->shown.record.receiver = record->receiver;
        STR_SET(over.session_id, record->session_id);
        /* Their history has a missed call, the object that rang was cancelled. */
        if (record->status == CALL_STATUS_MISSED && caller_gave_up(record->reason))
                over.status = CALL_STATUS_CANCELLED;
        STR_SET(over.reason, record->reason);
        line_over(phone, line, &over);
        return 0;
}

static int line_end(Phone *phone, Line *line, CallEvent event, CallReason reason, bool recorded)
{
        CallRecord *record = &line->shown.record;
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
        line_finish(phone, line, &over);
        return 0;
}

int line_end_here(Phone *phone, Line *line, CallEvent event, CallReason reason)
{
        /* Answered elsewhere is not ours to tell: that device's record is the user's. */
        bool elsewhere =
                event == CALL_EVENT_ANSWER_ELSEWHERE || event == CALL_EVENT_DECLINE_ELSEWHERE;

        return line_end(phone, line, event, reason, !elsewhere);
}

int line_end_unrecorded(Phone *phone, Line *line, CallEvent event)
{
        return line_end(phone, line, event, CALL_REASON_NONE, false);
}
