/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <utlist.h>

#include "base/words.h"
#include "phone/internal.h"

static const char *const phone_events[PHONE_EVENT_COUNT] = {
        [PHONE_EVENT_INCOMING_CALL_RECEIVED] = "IncomingCallReceived",
        [PHONE_EVENT_OUTGOING_CALL_ACCEPTED] = "OutgoingCallAccepted",
        [PHONE_EVENT_OUTGOING_CALL_REJECTED] = "OutgoingCallRejected",
        [PHONE_EVENT_INCOMING_CALL_CANCELLED] = "IncomingCallCancelled",
        [PHONE_EVENT_CALL_ENDED_MESSAGE_RECEIVED] = "CallEndedMessageReceived",
};
DEFINE_WORDS_TO_STRING(phone_event, PhoneEvent, phone_events);

static Rank listener_rank(const Listener *listener)
{
        return (Rank){.priority = listener->info.priority, .age = listener->info.age};
}

static bool rank_above(Rank a, Rank b)
{
        return a.priority != b.priority ? a.priority > b.priority : a.age > b.age;
}

static uint64_t listener_deliver(Phone *phone, Listener *listener, const PhoneCall *call,
                                 PhoneEvent event, bool present, bool resumed)
{
        const char *session_id = call->info.record.session_id;
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

/* The next one to be asked: the first in rank of those below who was asked last. */
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

static void presentation_ask(Phone *phone, PhoneCall *call, Listener *listener, bool resumed)
{
        call->presentation = (Presentation){
                .listener = listener,
                .asked = listener_rank(listener),
                .any_asked = true,
        };
        call->presentation.serial = listener_deliver(
                phone, listener, call, PHONE_EVENT_INCOMING_CALL_RECEIVED, true, resumed);
}

void presentation_stop(PhoneCall *call)
{
        call->presentation.listener = NULL;
        call->presentation.serial = 0;
        call->presentation.taken = false;
}

static void presentation_next(Phone *phone, PhoneCall *call)
{
        Listener *listener = presentation_choose(phone, &call->presentation);

        presentation_stop(call);
        if (listener)
                presentation_ask(phone, call, listener, false);
}

void listeners_tell(Phone *phone, PhoneCall *call, PhoneEvent event, bool resumed)
{
        bool ask = event == PHONE_EVENT_INCOMING_CALL_RECEIVED && call_alerts(call);
        Listener *listener, *presenter;
        PhoneAction *action;

        action = phone_act(phone, PHONE_BROADCAST, call->info.record.session_id);
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

static Listener *listener_find(Phone *phone, const char *client, const char *id)
{
        Listener *listener;

        DL_FOREACH (phone->listeners, listener) {
                if (str_eq(listener->info.id, id) &&
                    (!client || str_eq(listener->info.client, client)))
                        return listener;
        }
        return NULL;
}

static void listener_drop(Phone *phone, Listener *listener)
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

static void listener_call_failed(Phone *phone, const ListenerCall *listener_call)
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

int phone_listener_answered(Phone *phone, const Now *instant, uint64_t serial, bool taken)
{
        ListenerCall *listener_call;
        int r;

        phone->instant = *instant;
        r = phone_reserve(phone, 1, 0);
        if (r < 0)
                return r;
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
        phone_settle(phone);
        return 0;
}

/* Returns 0 or a CallError, which it explains. */
static int listener_judge(Phone *phone, const PhoneListener *asked)
{
        const Listener *other = listener_find(phone, NULL, asked->id);
        char *text = phone->listener_text;
        size_t size = sizeof(phone->listener_text), n = 0;
        char id[LISTENER_ID_MAX + 1];
        const Listener *listener;

        str_printable(id, sizeof(id), asked->id);
        if (!*asked->id || !text_is_valid(asked->id, LISTENER_ID_MAX)) {
                snprintf(text, size, "'%s' is not a listener id: 1 to %d bytes of text are", id,
                         LISTENER_ID_MAX);
                return CALL_ERROR_INVALID_ARGUMENT;
        }
        if (asked->presents && !*asked->path) {
                snprintf(text, size, "Listener '%s' presents calls, and so needs a path", id);
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

/* What rings now: a newcomer that comes before who presents is asked in its place. */
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

int phone_listener_add(Phone *phone, const Now *instant, const PhoneListener *listener,
                       bool restored, const char **ret_text)
{
        Listener *added;
        int r;

        phone->instant = *instant;
        r = listener_judge(phone, listener);
        if (r > 0) {
                *ret_text = phone->listener_text;
                return r;
        }
        r = phone_reserve(phone, 1, 0);
        if (r < 0)
                return r;
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
        phone_settle(phone);
        return 0;
}

int phone_listener_remove(Phone *phone, const Now *instant, const char *client, const char *id)
{
        Listener *listener = listener_find(phone, client, id);
        int r;

        if (!listener)
                return CALL_ERROR_NO_SUCH_LISTENER;
        phone->instant = *instant;
        r = phone_reserve(phone, 1, 0);
        if (r < 0)
                return r;
        listener_drop(phone, listener);
        phone_settle(phone);
        return 0;
}

/* A call that was tied to a program which is gone is given up. */
static void call_untie(Phone *phone, PhoneCall *call)
{
        HubRequest *request;

        request = hub_request_new(phone,
                                  call->info.record.status == CALL_STATUS_INITIATED ? MESSAGE_CANCEL
                                                                                    : MESSAGE_END,
                                  call->info.record.session_id);
        decision_add(phone, request);
}

static int listeners_drop_of(Phone *phone, const char *client)
{
        Listener *listener, *next;
        int r;

        DL_FOREACH_SAFE (phone->listeners, listener, next) {
                if (!str_eq(listener->info.client, client))
                        continue;
                r = phone_reserve(phone, 1, 0);
                if (r < 0)
                        return r;
                listener_drop(phone, listener);
        }
        return 0;
}

int phone_client_gone(Phone *phone, const Now *instant, const char *client)
{
        PhoneCall *call;
        int r;

        phone->instant = *instant;
        r = listeners_drop_of(phone, client);
        if (r < 0)
                return r;
        DL_FOREACH (phone->calls, call) {
                if (!call_is_live(call) || !str_eq(call->tied_to, client))
                        continue;
                r = phone_reserve(phone, 1, 0);
                if (r < 0)
                        return r;
                call_untie(phone, call);
                *call->tied_to = '\0';
                call->unsaved = true;
        }
        r = phone_reserve(phone, 1, 0);
        if (r < 0)
                return r;
        phone_settle(phone);
        return 0;
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
