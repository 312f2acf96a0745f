/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "phone/listener.h"

#include <utlist.h>

#include "base/words.h"

static const char *const phone_events[PHONE_EVENT_COUNT] = {
        [PHONE_EVENT_INCOMING_CALL_RECEIVED] = "IncomingCallReceived",
        [PHONE_EVENT_OUTGOING_CALL_ACCEPTED] = "OutgoingCallAccepted",
        [PHONE_EVENT_OUTGOING_CALL_REJECTED] = "OutgoingCallRejected",
        [PHONE_EVENT_INCOMING_CALL_CANCELLED] = "IncomingCallCancelled",
        [PHONE_EVENT_CALL_ENDED_MESSAGE_RECEIVED] = "CallEndedMessageReceived",
};
DEFINE_WORDS_TO_STRING(phone_event, PhoneEvent, phone_events);

void presentation_stop(PhoneCall *call)
{
        call->presentation.listener = NULL;
        call->presentation.serial = 0;
        call->presentation.taken = false;
}

Listener *listener_find(Phone *phone, const char *client, const char *id)
{
        Listener *listener;

        DL_FOREACH (phone->listeners, listener) {
                if (str_eq(listener->info.id, id) &&
                    (!client || str_eq(listener->info.client, client)))
                        return listener;
        }
        return NULL;
}

void listeners_free(Phone *phone)
{
        ListenerCall *listener_call, *next_delivery;
        Listener *listener, *next;

        DL_FOREACH_SAFE (phone->listener_calls, listener_call, next_delivery)
                free(listener_call);
        DL_FOREACH_SAFE (phone->listeners, listener, next)
                free(listener);
        phone->listener_calls = NULL;
        phone->listeners = NULL;
}

const PhoneListener *phone_listener_at(const Phone *phone, size_t index)
{
        const Listener *listener;

        DL_FOREACH (phone->listeners, listener) {
                if (index-- == 0)
                        return &listener->info;
        }
        return NULL;
}
