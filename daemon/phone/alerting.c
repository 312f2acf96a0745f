/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "phone/alerting.h"

#include <utlist.h>

#include "phone/action.h"
#include "phone/announce.h"
#include "phone/call.h"
#include "phone/hub-send.h"
#include "phone/request.h"

static PhoneTone phone_wanted_tone(const Phone *phone)
{
        bool ring = false, ring_back = false, ongoing = false;
        const PhoneCall *call;

        DL_FOREACH (phone->calls, call) {
                const CallRecord *record = &call->stored.record;

                if (record->status == CALL_STATUS_ONGOING)
                        ongoing = true;
                /*
                 * The ring stops when a person has pressed a button, before the hub confirms that.
                 */
                else if (call_alerts(call) && !call_deciding(phone, call))
                        ring = true;
                else if (record->status == CALL_STATUS_INITIATED && call->stored.member_ringing &&
                         !call->stored.unwanted)
                        ring_back = true;
        }
        /* A ring makes no sound while a call is ongoing (rule 8). */
        if (phone->test_ring_until || (ring && !ongoing))
                return PHONE_TONE_RING;
        return ring_back && !ongoing ? PHONE_TONE_RING_BACK : PHONE_TONE_NONE;
}

void phone_update_tone(Phone *phone)
{
        PhoneTone tone = phone_wanted_tone(phone);

        if (tone == phone->tone)
                return;
        phone->tone = tone;
        phone->tone_heard = false;
        phone_act(phone, PHONE_TONE, NULL)->tone = tone;
}

void call_update_alerting(Phone *phone, PhoneCall *call)
{
        bool heard = phone->tone == PHONE_TONE_RING && phone->tone_heard;
        bool alerting = call_alerts(call) && (call->presentation.taken || heard);
        uint32_t properties = PHONE_PROPERTY_ALERTING;

        /* While a decision waits for the hub, Alerting stays as it was, and so do popups. */
        if (alerting == call->info.alerting || (call_alerts(call) && call_deciding(phone, call)))
                return;
        call->info.alerting = alerting;
        if (alerting && !call->stored.record.ringing_since) {
                call->stored.record.ringing_since = phone->instant.date;
                properties |= PHONE_PROPERTY_RINGING_SINCE | PHONE_PROPERTY_MEMBERS;
        }
        call_changed(phone, call, properties);
        if (alerting && !call->stored.alerting_said) {
                call->stored.alerting_said = true;
                hub_request_ask(phone, MESSAGE_ALERTING, call->stored.record.session_id);
        }
}
