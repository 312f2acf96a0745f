/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "phone/state.h"

#include <errno.h>
#include <stdio.h>
#include <utlist.h>

#include "phone/action.h"
#include "phone/call.h"
#include "phone/decision.h"
#include "phone/handlers.h"
#include "phone/listener.h"
#include "phone/present.h"
#include "phone/request.h"

void phone_take_listener_answered(Phone *phone, uint64_t serial, bool taken)
{
        ListenerCall *listener_call;
        DL_SEARCH_SCALAR(phone->listener_calls, listener_call, serial, serial);
        if (listener_call) {
                PhoneCall *call = call_find(phone, listener_call->session_id);

                DL_DELETE(phone->listener_calls, listener_call);
                if (listener_call->deadline == USEC_NEVER)
                        listener_call->listener->unanswered--;
                else if (!taken)
                        listener_call_failed(phone, listener_call);
                else if (call && call->presentation.serial == serial)
                        call->presentation.taken = true;
                free(listener_call);
        }
}

/* Whether the listener may register. Returns 0, or a CallError with phone->listener_text set. */
static int listener_judge(Phone *phone, const PhoneListener *asked)
{
        const Listener *other = listener_find(phone, NULL, asked->id);
        char *text = phone->listener_text;
        size_t size = sizeof(phone->listener_text), n = 0;
        char id[LISTENER_ID_MAX + 1];
        const Listener *listener;

        str_printable(id, sizeof(id), asked->id);
        if (!*asked->id || !text_is_valid(asked->id, LISTENER_ID_MAX)) {
                snprintf(text, size, "'%s' is not a listener id: use 1 to %d bytes of text", id,
                         LISTENER_ID_MAX);
                return CALL_ERROR_INVALID_ARGUMENT;
        }
        if (asked->presents && !*asked->path) {
                snprintf(text, size, "listener '%s' presents calls and so needs a path", id);
                return CALL_ERROR_INVALID_ARGUMENT;
        }
        if (other && str_eq(other->info.client, asked->client))
                return 0;
        if (other) {
                snprintf(text, size, "the listener id '%s' is in use by %.64s", id,
                         other->info.client);
                return CALL_ERROR_LISTENER_EXISTS;
        }
        DL_FOREACH (phone->listeners, listener)
                n += str_eq(listener->info.client, asked->client);
        if (n >= LISTENERS_PER_CLIENT_MAX || phone->n_listeners >= LISTENERS_MAX) {
                snprintf(text, size,
                         "no room for listener '%s': %.64s has %zu of %d, all have %zu of %d", id,
                         asked->client, n, LISTENERS_PER_CLIENT_MAX, phone->n_listeners,
                         LISTENERS_MAX);
                return CALL_ERROR_TOO_MANY;
        }
        return 0;
}

/*
 * Sends the calls that ring to a restored listener. Asks a new listener to present each of them
 * that has no presenter, or one of lower rank.
 */
static void listener_catch_up(Phone *phone, Listener *listener, bool restored)
{
        PhoneCall *call;

        DL_FOREACH (phone->calls, call) {
                if (!call_rings(call))
                        continue;
                const Presentation *presentation = &call->presentation;
                bool first = !presentation->listener ||
                             rank_above(listener_rank(listener), presentation->asked);

                if (listener->info.presents && call_alerts(call) && first)
                        presentation_ask(phone, call, listener, restored);
                else if (restored && *listener->info.path)
                        listener_deliver(phone, listener, call, PHONE_EVENT_INCOMING_CALL_RECEIVED,
                                         false, true);
        }
}

int phone_take_listener_add(Phone *phone, const PhoneListener *listener, bool restored,
                            const char **ret_text)
{
        Listener *added;
        int r;

        r = listener_judge(phone, listener);
        if (r > 0) {
                *ret_text = phone->listener_text;
                return r;
        }
        added = listener_find(phone, listener->client, listener->id);
        if (!added) {
                added = calloc(1, sizeof(*added));
                if (!added)
                        return -ENOMEM;
                DL_APPEND(phone->listeners, added);
                phone->n_listeners++;
                phone->changed |= PHONE_PROPERTY_LISTENERS;
        }
        added->info = *listener;
        added->info.age = ++phone->last_age;
        listener_catch_up(phone, added, restored);
        return 0;
}

int phone_take_listener_remove(Phone *phone, const char *client, const char *id)
{
        Listener *listener = listener_find(phone, client, id);
        if (!listener)
                return CALL_ERROR_NO_SUCH_LISTENER;
        listener_drop(phone, listener);
        return 0;
}

/* Cancels or ends a call that is tied to a program that has left the bus. */
static void call_client_gone(Phone *phone, PhoneCall *call)
{
        bool rings = call->stored.record.status == CALL_STATUS_INITIATED;
        HubRequest *request;

        if (call->stored.ring_tied && !rings)
                return;
        request = hub_request_new(phone, rings ? MESSAGE_CANCEL : MESSAGE_END,
                                  call->stored.record.session_id);
        decision_add(phone, request);
}

static int listeners_drop_of(Phone *phone, const char *client)
{
        Listener *listener, *next;
        int r;

        DL_FOREACH_SAFE (phone->listeners, listener, next) {
                if (!str_eq(listener->info.client, client))
                        continue;
                listener_drop(phone, listener);
                r = phone_reserve(phone);
                if (r < 0)
                        return r;
        }
        return 0;
}

int phone_take_client_gone(Phone *phone, const char *client)
{
        PhoneCall *call;
        int r;

        r = listeners_drop_of(phone, client);
        if (r < 0)
                return r;
        DL_FOREACH (phone->calls, call) {
                if (!call_is_live(call) || !str_eq(call->stored.tied_to, client))
                        continue;
                call_client_gone(phone, call);
                *call->stored.tied_to = '\0';
                call_touch(call);
                r = phone_reserve(phone);
                if (r < 0)
                        return r;
        }
        return 0;
}
