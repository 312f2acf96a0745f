/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "phone/answer.h"

#include <utlist.h>

#include "phone/announce.h"
#include "phone/consent.h"
#include "phone/decision.h"
#include "phone/end.h"
#include "phone/present.h"
#include "phone/session.h"

void call_handled_by(Phone *phone, PhoneCall *call, const char *client)
{
        const Listener *listener, *handler = NULL;

        DL_FOREACH (phone->listeners, listener) {
                if (str_eq(listener->info.client, client) &&
                    (!handler || (listener->info.presents && !handler->info.presents)))
                        handler = listener;
        }
        STR_SET(call->stored.handler, client);
        STR_SET(call->stored.handled_by, handler ? handler->info.id : call->stored.handler);
        call->stored.answered_here = true;
}

void call_answered_by(Phone *phone, PhoneCall *call, const HubRequest *request)
{
        call_handled_by(phone, call, request->client);
        consent_give(&call->stored, &request->consent, &request->settings);
}

/* Takes the data of the answer, except the status. Returns the changed properties. */
static uint32_t call_take_answer(PhoneCall *call, const CallRecord *news)
{
        CallRecord *record = &call->stored.record;
        uint32_t properties = PHONE_PROPERTY_STATUS | PHONE_PROPERTY_ANSWERED_AT |
                              PHONE_PROPERTY_MEMBERS | call_stop_ringing(call);

        if (record->type != news->type)
                properties |= PHONE_PROPERTY_TYPE;
        if (!record->ringing_since && news->ringing_since) {
                record->ringing_since = news->ringing_since;
                properties |= PHONE_PROPERTY_RINGING_SINCE;
        }
        if (*call->stored.handled_by)
                properties |= PHONE_PROPERTY_HANDLED_BY;
        record->type = news->type;
        record->answered_at = news->answered_at;
        record->receiver = news->receiver;
        call->stored.member_ringing = false;
        return properties;
}

void call_answered(Phone *phone, PhoneCall *call, const CallSnapshot *snapshot, bool event)
{
        CallRecord *record = &call->stored.record;
        CallStatus old = record->status;
        CallReason reason;

        if (rules_transition(record->direction, old, CALL_EVENT_ACCEPT, &record->status, &reason) !=
            RULES_MOVES)
                return;
        STR_SET(record->reason, call_reason_to_string(reason));
        uint32_t properties = call_take_answer(call, &snapshot->record);

        bool join = call->stored.consent.join && !call->stored.unwanted && *snapshot->join_token;
        if (join)
                call->stored.session.state = SESSION_JOINING;
        call_changed(phone, call, properties);
        consent_limit(&call->stored, snapshot->record.type);
        session_open(phone, call);
        call_announce_status(phone, call, old);
        if (event)
                listeners_send(phone, call, PHONE_EVENT_OUTGOING_CALL_ACCEPTED, false);
        if (join)
                session_begin(phone, call, snapshot->join_token, NULL);
        else if (call->media != CALL_MEDIA_NONE)
                session_close(phone, call);
        if (call->stored.unwanted)
                cancel_to_hangup(phone, record->session_id);
}
