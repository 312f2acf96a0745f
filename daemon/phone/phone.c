/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "phone/state.h"

#include <errno.h>
#include <utlist.h>

#include "phone/action.h"
#include "phone/call.h"
#include "phone/handlers.h"
#include "phone/listener.h"
#include "phone/request.h"

int phone_new(Phone **ret)
{
        Phone *phone = calloc(1, sizeof(*phone));

        if (!phone)
                return -ENOMEM;
        phone->ack_at = phone->connect_at = USEC_NEVER;
        phone->next_id = HELLO_ID + 1;
        *ret = phone;
        return 0;
}

Phone *phone_free(Phone *phone)
{
        HubRequest *request, *next_request;
        StoredRequest *saved, *next_saved;
        PhoneCall *call, *next;

        if (!phone)
                return NULL;
        DL_FOREACH_SAFE (phone->requests, request, next_request)
                hub_request_free(request);
        DL_FOREACH_SAFE (phone->calls, call, next)
                call_free(call);
        DL_FOREACH_SAFE (phone->stored_requests, saved, next_saved)
                free(saved);
        listeners_free(phone);
        free(phone->groups);
        free(phone->blocked);
        phone_actions_free(phone);
        free(phone);
        return NULL;
}

void phone_take_tone_playing(Phone *phone, PhoneTone tone, bool playing)
{
        /* A report about an earlier tone is outdated. */
        if (tone == phone->tone)
                phone->tone_heard = playing;
}
