/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "phone/persist.h"

#include <errno.h>
#include <utlist.h>

#include "base/boot-date.h"
#include "phone/action.h"
#include "phone/call.h"
#include "phone/consent.h"
#include "phone/request.h"

/* Stores an accept in flight with the call: it may reach the hub after this process has died. */
static void state_of_accept(StoredCall *state, const HubRequest *accept)
{
        consent_give(state, &accept->consent, &accept->settings);
        STR_SET(state->handler, accept->client);
}

static const HubRequest *accept_of(Phone *phone, const PhoneCall *call)
{
        return call_rings(call)
                       ? hub_request_find(phone, MESSAGE_ACCEPT, call->stored.record.session_id)
                       : NULL;
}

static int call_state(Phone *phone, const PhoneCall *call, StoredCall *ret)
{
        const HubRequest *accept = accept_of(phone, call);
        usec_t until = call->info.ring_until;
        int r = stored_call_copy(ret, &call->stored);

        if (r < 0)
                return r;
        ret->ring_until_date = until ? boot_date_store(phone->instant.boot_date, until) : 0;
        if (accept)
                state_of_accept(ret, accept);
        /* What is ordered is what the person wants, even if it is not in force yet. */
        ret->session.audio_muted |= call->waits[SESSION_SWITCH_MUTE].serial != 0;
        ret->session.video_paused |= call->waits[SESSION_SWITCH_PAUSE].serial != 0;
        return 0;
}

static int call_keep(Phone *phone, PhoneCall *call)
{
        StoredCall *state = calloc(1, sizeof(*state));
        int r;

        if (!state)
                return -ENOMEM;
        r = call_state(phone, call, state);
        if (r >= 0)
                r = phone_reserve(phone);
        if (r < 0) {
                stored_call_done(state);
                free(state);
                return r;
        }
        phone_act(phone, PHONE_CALL_STORE, call->stored.record.session_id)->state = state;
        call_set_copy(call, STORED_COPY_CURRENT);
        call->copy_accepts = accept_of(phone, call);
        return 0;
}

/*
 * Whether the next daemon has to send the request if this one dies. For a call that is being placed
 * it sends a cancel, because no program has got a reply yet.
 */
bool hub_request_survives(const HubRequest *request)
{
        MessageType type = request->message.type;

        if (type == MESSAGE_CANCEL || type == MESSAGE_END)
                return request->durable && request->state != HUB_REQUEST_HELD;
        if (type == MESSAGE_INITIATE)
                return request->has_ticket && request->state != HUB_REQUEST_QUEUED;
        return type == MESSAGE_SETTINGS || type == MESSAGE_SEEN || type == MESSAGE_FORGET;
}

static int hub_request_keep(Phone *phone, HubRequest *request)
{
        Message message = {.type = MESSAGE_CANCEL, .id = request->message.id};
        StoredRequest *saved;
        int r;

        r = phone_reserve(phone);
        if (r < 0)
                return r;
        saved = calloc(1, sizeof(*saved));
        if (!saved)
                return -ENOMEM;
        if (request->message.type == MESSAGE_INITIATE)
                STR_SET(message.session.session_id, hub_request_session_id(request));
        else
                r = hub_request_copy(request, &message);
        if (r < 0) {
                free(saved);
                return r;
        }
        saved->number = message.id;
        DL_APPEND(phone->stored_requests, saved);
        request->saved = saved;

        PhoneAction *action =
                phone_act(phone, PHONE_REQUEST_STORE, hub_request_session_id(request));
        action->serial = saved->number;
        action->message = message;
        return 0;
}

static int hub_requests_keep(Phone *phone)
{
        StoredRequest *saved, *next;
        HubRequest *request;
        int r;

        DL_FOREACH_SAFE (phone->stored_requests, saved, next) {
                if (!saved->gone)
                        continue;
                r = phone_reserve(phone);
                if (r < 0)
                        return r;
                phone_act(phone, PHONE_REQUEST_FORGET, NULL)->serial = saved->number;
                DL_DELETE(phone->stored_requests, saved);
                free(saved);
        }
        DL_FOREACH (phone->requests, request) {
                if (request->saved || !hub_request_survives(request))
                        continue;
                r = hub_request_keep(phone, request);
                if (r < 0)
                        return r;
        }
        return 0;
}

void phone_keep(Phone *phone)
{
        PhoneCall *call;

        DL_FOREACH (phone->calls, call) {
                /* An accept that has failed must not count for the next daemon. */
                if (call->copy_accepts && !accept_of(phone, call))
                        call_touch(call);
                if (call->copy != STORED_COPY_CURRENT && call_is_live(call) &&
                    call_keep(phone, call) < 0)
                        return;
        }
        (void)hub_requests_keep(phone);
}
