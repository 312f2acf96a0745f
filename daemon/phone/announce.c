/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "phone/announce.h"

#include <utlist.h>

#include "phone/action.h"
#include "phone/call.h"
#include "phone/request.h"

void phone_flush(Phone *phone)
{
        const PhoneCallInfo *active = phone_active_call(phone);
        const char *active_id = active ? active->stored.record.session_id : "";

        if (!str_eq(active_id, phone->announced_active)) {
                STR_SET(phone->announced_active, active_id);
                phone->changed |= PHONE_PROPERTY_ACTIVE_CALL;
        }
        if (phone_is_ringing(phone) != phone->announced_ringing) {
                phone->announced_ringing = !phone->announced_ringing;
                phone->changed |= PHONE_PROPERTY_RINGING;
        }
        if (!phone->changed)
                return;
        phone_act(phone, PHONE_MANAGER_CHANGED, NULL)->properties = phone->changed;
        phone->changed = 0;
}

void call_add(Phone *phone, PhoneCall *call)
{
        const char *session_id = call->stored.record.session_id;

        DL_APPEND(phone->calls, call);
        call_touch(call);
        phone_act(phone, PHONE_CALL_ADDED, session_id);
        if (call->stored.record.status == CALL_STATUS_ONGOING)
                session_open(phone, call);
}

void call_remove(Phone *phone, PhoneCall *call)
{
        DL_DELETE(phone->calls, call);
        phone_act(phone, PHONE_CALL_REMOVED, call->stored.record.session_id);
        call_free(call);
}

void call_changed(Phone *phone, PhoneCall *call, uint32_t properties)
{
        PhoneAction *action = phone_act(phone, PHONE_CALL_CHANGED, call->stored.record.session_id);

        action->properties = properties;
        call_touch(call);
}

void call_announce_status(Phone *phone, const PhoneCall *call, CallStatus old)
{
        const CallRecord *record = &call->stored.record;

        phone_flush(phone);
        PhoneAction *action = phone_act(phone, PHONE_STATUS_CHANGED, record->session_id);
        action->old_status = old;
        action->new_status = record->status;
        STR_SET(action->reason, record->reason);
}

void members_due(Phone *phone, PhoneCall *call)
{
        usec_t now = phone->instant.now, next = call->members_announced + MEMBERS_CHANGED_US;

        if (call->info.n_members > SMALL_GROUP_MAX && now < next) {
                call->members_due = next;
                return;
        }
        call->members_due = 0;
        call->members_announced = now;
        phone_act(phone, PHONE_CALL_CHANGED, call->stored.record.session_id)->properties =
                PHONE_PROPERTY_MEMBERS;
}

void hub_request_succeed(Phone *phone, HubRequest *request)
{
        if (request->has_ticket)
                phone_done(phone, request->ticket, hub_request_session_id(request));
        request->has_ticket = false;
}

void hub_request_fail(Phone *phone, HubRequest *request, CallError error, const char *text)
{
        if (request->has_ticket)
                phone_refuse(phone, request->ticket, hub_request_session_id(request), error, "%s",
                             text);
        request->has_ticket = false;
}

void hub_request_left(Phone *phone, HubRequest *request)
{
        hub_request_fail(phone, request, CALL_ERROR_MEDIA_FAILED,
                         "the session was left before it was joined");
        hub_request_remove(phone, request);
}

const char *call_id(const PhoneCall *call)
{
        return call->stored.record.session_id;
}

void session_changed(Phone *phone, PhoneCall *call, uint32_t properties)
{
        call_touch(call);
        if (call->info.has_session)
                phone_act(phone, PHONE_SESSION_CHANGED, call_id(call))->properties = properties;
}

void session_open(Phone *phone, PhoneCall *call)
{
        call->info.has_session = true;
        phone_act(phone, PHONE_SESSION_ADDED, call_id(call));
}
