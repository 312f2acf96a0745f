/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "phone/due.h"

#include <errno.h>
#include <utlist.h>

#include "phone/action.h"
#include "phone/announce.h"
#include "phone/call.h"
#include "phone/end.h"
#include "phone/expire.h"
#include "phone/hub-send.h"
#include "phone/participant.h"
#include "phone/picture.h"
#include "phone/present.h"
#include "phone/request.h"
#include "phone/session.h"
#include "phone/switches.h"

/* When something becomes due for the call, or USEC_NEVER. */
static usec_t call_deadline(const Phone *phone, const PhoneCall *call)
{
        usec_t at = call->info.ring_until;

        if (!call_is_live(call))
                return call->shown_until;
        if (!at)
                return USEC_NEVER;
        /* The hub ends the ring of a call that it knows; this device steps in only later. */
        if (phone->connection == PHONE_ONLINE && !call->unknown)
                at += RING_WITHOUT_HUB_GRACE_US;
        /* The hub may confirm a pending decision for COMMAND_TIMEOUT_US more. */
        return call_deciding(phone, call) ? at + COMMAND_TIMEOUT_US : at;
}

usec_t phone_next_deadline(const Phone *phone)
{
        usec_t next = MIN_OF(phone->ack_at, phone->connect_at);
        const HubRequest *request;
        const PhoneCall *call;
        const ListenerCall *listener_call;

        if (phone->test_ring_until)
                next = MIN_OF(next, phone->test_ring_until);
        DL_FOREACH (phone->requests, request)
                next = MIN_OF(next, request->deadline);
        DL_FOREACH (phone->calls, call) {
                next = MIN_OF(next, call_deadline(phone, call));
                next = MIN_OF(next, pictures_deadline(call));
                next = MIN_OF(next, participants_deadline(call));
                next = MIN_OF(next, session_answer_deadline(call));
                if (call->members_due)
                        next = MIN_OF(next, call->members_due);
                if (call->relays_due)
                        next = MIN_OF(next, call->relays_due);
        }
        DL_FOREACH (phone->listener_calls, listener_call)
                next = MIN_OF(next, listener_call->deadline);
        return next;
}

static int call_due(Phone *phone, PhoneCall *call)
{
        CallEvent event = call->unknown ? CALL_EVENT_CALLER_LOST : CALL_EVENT_TIMEOUT;
        char session_id[UUID_LENGTH + 1];
        HubRequest *request;
        int r;

        if (!call_is_live(call)) {
                call_remove(phone, call);
                return 0;
        }
        STR_SET(session_id, call->stored.record.session_id);
        r = call_end_here(phone, call, event, CALL_REASON_NONE);
        if (r < 0 || call->stored.record.direction == CALL_DIRECTION_INCOMING)
                return r;
        /* The hub may have an answer that it could not report, so cancel the call there. */
        request = hub_request_new(phone, MESSAGE_CANCEL, session_id);
        request->durable = true;
        hub_request_add(phone, request);
        return 0;
}

/* Handles one deadline that has passed. Returns 1, 0 if none has, or -ENOMEM. */
static int phone_tick_one(Phone *phone)
{
        usec_t now = phone->instant.now;
        HubRequest *request;
        ListenerCall *listener_call;
        PhoneCall *call;
        int r;

        if (phone_next_deadline(phone) > now)
                return 0;
        if (phone->connect_at <= now) {
                phone->connect_at = USEC_NEVER;
                phone_act(phone, PHONE_CONNECT, NULL);
                return 1;
        }
        DL_FOREACH (phone->requests, request) {
                if (request->deadline <= now) {
                        r = hub_request_expire(phone, request);
                        return r < 0 ? r : 1;
                }
        }
        DL_FOREACH (phone->calls, call) {
                if (call->members_due && call->members_due <= now) {
                        members_due(phone, call);
                        return 1;
                }
                if (participants_due(phone, call) || pictures_report(phone, call))
                        return 1;
                if (session_answer_deadline(call) <= now) {
                        session_answer_late(phone, call);
                        return 1;
                }
                if (call->relays_due && call->relays_due <= now) {
                        session_renew_relays(phone, call);
                        return 1;
                }
                if (call_deadline(phone, call) <= now) {
                        r = call_due(phone, call);
                        return r < 0 ? r : 1;
                }
        }
        DL_FOREACH (phone->listener_calls, listener_call) {
                if (listener_call->deadline <= now) {
                        listener_call_expire(phone, listener_call);
                        return 1;
                }
        }
        return 0;
}

int phone_take_tick(Phone *phone)
{
        int r;

        if (phone->test_ring_until && phone->test_ring_until <= phone->instant.now)
                phone->test_ring_until = 0;
        while ((r = phone_tick_one(phone)) > 0) {
                r = phone_reserve(phone);
                if (r < 0)
                        break;
        }
        return r;
}
