/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "phone/present.h"

#include <utlist.h>

#include "phone/action.h"
#include "phone/call.h"
#include "phone/listener.h"

Rank listener_rank(const Listener *listener)
{
        return (Rank){.priority = listener->info.priority, .age = listener->info.age};
}

bool rank_above(Rank a, Rank b)
{
        return a.priority != b.priority ? a.priority > b.priority : a.age > b.age;
}

uint64_t listener_deliver(Phone *phone, Listener *listener, const PhoneCall *call, PhoneEvent event,
                          bool present, bool resumed)
{
        const char *session_id = call->stored.record.session_id;
        ListenerCall *listener_call =
                pool_take(&phone->spare_listener_calls, sizeof(*listener_call));
        PhoneAction *action = phone_act(phone, PHONE_LISTENER_CALL, session_id);

        listener_call->listener = listener;
        listener_call->serial = ++phone->last_serial;
        listener_call->deadline = phone->instant.now + PRESENT_TIMEOUT_US;
        STR_SET(listener_call->session_id, session_id);
        DL_APPEND(phone->listener_calls, listener_call);

        action->event = event;
        action->present = present;
        action->resumed = resumed;
        action->serial = listener_call->serial;
        action->listener = listener->info;
        return listener_call->serial;
}

/* Returns the next listener to ask: the highest of those that rank below the last one asked. */
static Listener *presentation_choose(Phone *phone, const Presentation *presentation)
{
        Listener *listener, *best = NULL;

        DL_FOREACH (phone->listeners, listener) {
                Rank rank = listener_rank(listener);

                if (!listener->info.presents ||
                    (presentation->any_asked && !rank_above(presentation->asked, rank)))
                        continue;
                if (!best || rank_above(rank, listener_rank(best)))
                        best = listener;
        }
        return best;
}

void presentation_ask(Phone *phone, PhoneCall *call, Listener *listener, bool resumed)
{
        call->presentation = (Presentation){
                .listener = listener,
                .asked = listener_rank(listener),
                .any_asked = true,
        };
        call->presentation.serial = listener_deliver(
                phone, listener, call, PHONE_EVENT_INCOMING_CALL_RECEIVED, true, resumed);
}

static void presentation_next(Phone *phone, PhoneCall *call)
{
        Listener *listener = presentation_choose(phone, &call->presentation);

        presentation_stop(call);
        if (listener)
                presentation_ask(phone, call, listener, false);
}

void listeners_send(Phone *phone, PhoneCall *call, PhoneEvent event, bool resumed)
{
        bool ask = event == PHONE_EVENT_INCOMING_CALL_RECEIVED && call_alerts(call);
        Listener *listener, *presenter;
        PhoneAction *action;

        action = phone_act(phone, PHONE_BROADCAST, call->stored.record.session_id);
        action->event = event;
        action->resumed = resumed;

        presenter = ask ? presentation_choose(phone, &call->presentation) : NULL;
        if (presenter)
                presentation_ask(phone, call, presenter, resumed);
        DL_FOREACH (phone->listeners, listener) {
                if (listener != presenter && *listener->info.path)
                        listener_deliver(phone, listener, call, event, false, resumed);
        }
}

void listener_drop(Phone *phone, Listener *listener)
{
        ListenerCall *listener_call, *next;
        PhoneCall *call;

        DL_DELETE(phone->listeners, listener);
        phone->n_listeners--;
        phone->changed |= PHONE_PROPERTY_LISTENERS;
        DL_FOREACH_SAFE (phone->listener_calls, listener_call, next) {
                if (listener_call->listener != listener)
                        continue;
                DL_DELETE(phone->listener_calls, listener_call);
                free(listener_call);
        }
        DL_FOREACH (phone->calls, call) {
                if (call->presentation.listener == listener)
                        presentation_next(phone, call);
        }
        free(listener);
}

void listener_call_failed(Phone *phone, const ListenerCall *listener_call)
{
        PhoneCall *call = call_find(phone, listener_call->session_id);

        if (call && call->presentation.serial == listener_call->serial)
                presentation_next(phone, call);
}

void listener_call_expire(Phone *phone, ListenerCall *listener_call)
{
        Listener *listener = listener_call->listener;

        listener_call->deadline = USEC_NEVER;
        if (++listener->unanswered >= LISTENER_DEAF_MAX)
                listener_drop(phone, listener);
        else
                listener_call_failed(phone, listener_call);
}
