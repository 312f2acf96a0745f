/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "phone/ring.h"

#include "phone/alerting.h"
#include "phone/announce.h"
#include "phone/call.h"
#include "phone/hub-send.h"
#include "phone/listener.h"
#include "phone/present.h"
#include "phone/request.h"
#include "phone/session.h"

int call_recreate(Phone *phone, const CallSnapshot *snapshot, PhoneCall **ret)
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

void call_delivered(Phone *phone, PhoneCall *call)
{
        HubRequest *request =
                hub_request_new(phone, MESSAGE_DELIVERED, call->stored.record.session_id);

        request->message.delivered.quiet = phone->do_not_disturb;
        hub_request_add(phone, request);
}

void call_ring(Phone *phone, PhoneCall *call, bool resumed)
{
        phone_flush(phone);
        listeners_send(phone, call, PHONE_EVENT_INCOMING_CALL_RECEIVED, resumed);
        call_delivered(phone, call);
        phone_update_tone(phone);
        session_warm(phone, call);
        /* If another call rings already, the tone is heard, so this call alerts at once. */
        call_update_alerting(phone, call);
}

void call_member_ringing(Phone *phone, PhoneCall *call, usec_t ringing_since)
{
        if (call->stored.record.direction != CALL_DIRECTION_OUTGOING ||
            call->stored.record.status != CALL_STATUS_INITIATED || call->stored.member_ringing)
                return;
        call->stored.member_ringing = true;
        call->stored.record.ringing_since = ringing_since;
        call_changed(phone, call, PHONE_PROPERTY_RINGING_SINCE | PHONE_PROPERTY_MEMBERS);
}

void call_silence(Phone *phone, PhoneCall *call)
{
        call->stored.silenced = true;
        call->stored.present = false;
        call_touch(call);
        presentation_stop(call);
}
