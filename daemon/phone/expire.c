/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "phone/expire.h"

#include "phone/announce.h"
#include "phone/call.h"
#include "phone/decision.h"
#include "phone/end.h"
#include "phone/hub-send.h"
#include "phone/request.h"
#include "phone/session.h"

int reply_unknown_call(Phone *phone, HubRequest *request)
{
        PhoneCall *call = call_find(phone, hub_request_session_id(request));

        if (!call)
                return 0;
        return call_end_here(phone, call,
                             request->message.type == MESSAGE_END ? CALL_EVENT_HANGUP
                                                                  : CALL_EVENT_CANCEL,
                             CALL_REASON_NONE);
}

/* Cancels the call that the request may have started, until the hub confirms that (rule 15). */
static void expire_initiate(Phone *phone, HubRequest *request)
{
        if (request->state == HUB_REQUEST_QUEUED) {
                hub_request_fail(phone, request, CALL_ERROR_NOT_CONNECTED,
                                 "there is no connection to the hub");
                hub_request_free(request);
                return;
        }
        hub_request_fail(phone, request, CALL_ERROR_TIMEOUT,
                         "the hub has not confirmed the call within 10 s");
        hub_request_turn(request, MESSAGE_CANCEL);
        request->durable = true;
        hub_request_add(phone, request);
}

static int expire_stored(Phone *phone, HubRequest *request)
{
        int r;

        /* The person has cancelled or hung up, so end the call here. The hub learns that later. */
        r = reply_unknown_call(phone, request);
        if (r < 0)
                return r;
        if (request->state == HUB_REQUEST_CONFIRMED) {
                hub_request_succeed(phone, request);
                hub_request_free(request);
                return 0;
        }
        hub_request_fail(phone, request, CALL_ERROR_TIMEOUT,
                         "the hub has not confirmed it within 10 s; the call is over here");
        hub_request_put_back(phone, request);
        return 0;
}

static void expire_other(Phone *phone, HubRequest *request)
{
        PhoneCall *call = call_find(phone, hub_request_session_id(request));

        hub_request_fail(phone, request, CALL_ERROR_TIMEOUT,
                         "no confirmation from the hub within 10 s: check the call's status");
        if (request->command == PHONE_COMMAND_JOIN && call && call_is_live(call)) {
                session_fail(phone, call, CALL_ERROR_TIMEOUT,
                             "the hub has not confirmed the join within 10 s");
        } else if (request->state == HUB_REQUEST_IN_FLIGHT) {
                hub_request_set_state(request, HUB_REQUEST_EXPIRED);
                hub_request_put_back(phone, request);
                return;
        } else if (request->state == HUB_REQUEST_CONFIRMED) {
                hub_request_put_back(phone, request);
                return;
        } else if (request->message.type == MESSAGE_ACCEPT &&
                   request->state == HUB_REQUEST_QUEUED_AGAIN) {
                /* Only a snapshot shows whether it has answered the call, so do not resume. */
                *phone->link = '\0';
        }
        hub_request_free(request);
}

int hub_request_expire(Phone *phone, HubRequest *request)
{
        char session_id[UUID_LENGTH + 1];
        usec_t deadline = request->deadline;
        int r;

        STR_SET(session_id, hub_request_session_id(request));
        hub_request_take(phone, request);
        request->deadline = USEC_NEVER;
        if (request->message.type == MESSAGE_INITIATE) {
                expire_initiate(phone, request);
        } else if (request->durable) {
                r = expire_stored(phone, request);
                if (r < 0) {
                        request->deadline = deadline;
                        hub_request_put_back(phone, request);
                        return r;
                }
        } else {
                expire_other(phone, request);
        }
        decisions_continue(phone, session_id);
        return 0;
}
