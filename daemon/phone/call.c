/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "phone/call.h"

#include <assert.h>
#include <errno.h>
#include <utlist.h>

#include "base/log.h"
#include "phone/consent.h"

PhoneCall *call_find(Phone *phone, const char *session_id)
{
        PhoneCall *call;

        DL_FOREACH (phone->calls, call) {
                if (str_eq(call->stored.record.session_id, session_id))
                        return call;
        }
        return NULL;
}

bool call_is_live(const PhoneCall *call)
{
        return !call_status_is_terminal(call->stored.record.status);
}

bool call_rings(const PhoneCall *call)
{
        return call->stored.record.direction == CALL_DIRECTION_INCOMING &&
               call->stored.record.status == CALL_STATUS_INITIATED;
}

bool call_alerts(const PhoneCall *call)
{
        return call_rings(call) && call->stored.present;
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
        r = call_record_copy(&call->stored.record, &snapshot->record);
        if (r < 0)
                return r;
        call->stored.answered_here =
                snapshot->here || snapshot->record.direction == CALL_DIRECTION_OUTGOING;
        call->stored.present = call_rings(call) && !phone->do_not_disturb;
        consent_none(&call->stored);
        call->ring_limit = phone->instant.now + RING_TIMEOUT_MAX_S * USEC_PER_SEC;
        call_ring_for(phone, call, snapshot->remaining_ms);
        *ret = TAKE_PTR(call);
        return 0;
}

PhoneCall *call_free(PhoneCall *call)
{
        if (!call)
                return NULL;
        stored_call_done(&call->stored);
        free(call->info.members);
        free(call);
        return NULL;
}

void call_ring_for(Phone *phone, PhoneCall *call, uint32_t remaining_ms)
{
        bool initiated = call->stored.record.status == CALL_STATUS_INITIATED;

        call->info.ring_until = initiated ? phone->instant.now + remaining_ms * USEC_PER_MSEC : 0;
        if (call_rings(call))
                call->info.ring_until = MIN_OF(call->info.ring_until, call->ring_limit);
        call->unknown = false;
        call_touch(call);
}

void call_set_media(PhoneCall *call, CallMedia media)
{
        static const char *const words[CALL_MEDIA_COUNT] = {
                [CALL_MEDIA_NONE] = "no worker",
                [CALL_MEDIA_WARM] = "warm",
                [CALL_MEDIA_JOINED] = "joined",
                [CALL_MEDIA_ADOPTED] = "adopted",
        };

        if (media == call->media)
                return;
        /* Only a restored call adopts a worker. */
        assert(media != CALL_MEDIA_ADOPTED || call->media == CALL_MEDIA_NONE);
        log_debug("media of call %s: %s, was %s", call->stored.record.session_id, words[media],
                  words[call->media]);
        call->media = media;
}

void call_set_copy(PhoneCall *call, StoredCopy copy)
{
        static const char *const words[STORED_COPY_COUNT] = {
                [STORED_COPY_ABSENT] = "absent",
                [STORED_COPY_STALE] = "stale",
                [STORED_COPY_CURRENT] = "current",
        };

        if (copy == call->copy)
                return;
        assert(copy != STORED_COPY_STALE || call->copy == STORED_COPY_CURRENT);
        log_debug("stored copy of call %s: %s, was %s", call->stored.record.session_id, words[copy],
                  words[call->copy]);
        call->copy = copy;
}

void call_touch(PhoneCall *call)
{
        if (call->copy == STORED_COPY_CURRENT)
                call_set_copy(call, STORED_COPY_STALE);
}

bool call_has_joined(const PhoneCall *call)
{
        return call->media == CALL_MEDIA_JOINED || call->media == CALL_MEDIA_ADOPTED;
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

void calls_limit_finished(Phone *phone)
{
        PhoneCall *call, *oldest = NULL;
        size_t n = 0;

        DL_FOREACH (phone->calls, call) {
                if (call_is_live(call))
                        continue;
                n++;
                if (!oldest || call->shown_until < oldest->shown_until)
                        oldest = call;
        }
        /* At most one finished call exceeds the limit. The next tick removes the oldest. */
        if (n > FINISHED_CALLS_MAX)
                oldest->shown_until = phone->instant.now;
}

bool phone_is_ringing(const Phone *phone)
{
        const PhoneCall *call;

        DL_FOREACH (phone->calls, call) {
                if (call->info.alerting)
                        return true;
        }
        return phone->test_ring_until != 0;
}

const PhoneCallInfo *phone_call_find(const Phone *phone, const char *session_id)
{
        const PhoneCall *call;

        DL_FOREACH (phone->calls, call) {
                if (str_eq(call->stored.record.session_id, session_id))
                        return &call->info;
        }
        return NULL;
}

static int call_activity(const PhoneCall *call)
{
        CallStatus status = call->stored.record.status;

        return status == CALL_STATUS_ONGOING ? 3 : status == CALL_STATUS_INITIATED ? 2 : 1;
}

const PhoneCallInfo *phone_active_call(const Phone *phone)
{
        const PhoneCall *call, *active = NULL;

        DL_FOREACH (phone->calls, call) {
                if (!active || call_activity(call) >= call_activity(active))
                        active = call;
        }
        return active ? &active->info : NULL;
}

const PhoneCallInfo *phone_call_at(const Phone *phone, size_t index)
{
        const PhoneCall *call;

        DL_FOREACH (phone->calls, call) {
                if (index-- == 0)
                        return &call->info;
        }
        return NULL;
}
