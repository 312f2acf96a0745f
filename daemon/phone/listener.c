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
        Delivery *delivery = pool_take(&phone->spare_deliveries, sizeof(*delivery));
        PhoneAction *action = phone_act(phone, PHONE_LISTENER_CALL, session_id);

        delivery->listener = listener;
        delivery->serial = ++phone->last_serial;
        delivery->deadline = phone->instant.now + PRESENT_TIMEOUT_US;
        STR_SET(delivery->session_id, session_id);
        DL_APPEND(phone->deliveries, delivery);

        action->event = event;
        action->present = present;
        action->resumed = resumed;
        action->serial = delivery->serial;
        action->listener = listener->info;
        return delivery->serial;
}

/* The next one to be asked: the first in rank of those below who was asked last. */
static Listener *presenting_choose(Phone *phone, const Presenting *presenting)
{
        Listener *listener, *best = NULL;

        DL_FOREACH (phone->listeners, listener) {
                Rank rank = listener_rank(listener);

                if (!listener->info.presents ||
                    (presenting->any_asked && !rank_above(presenting->asked, rank)))
                        continue;
                if (!best || rank_above(rank, listener_rank(best)))
                        best = listener;
        }
        return best;
}

static void presenting_ask(Phone *phone, PhoneCall *call, Listener *listener, bool resumed)
{
        call->presenting = (Presenting){
                .listener = listener,
                .asked = listener_rank(listener),
                .any_asked = true,
        };
        call->presenting.serial = listener_deliver(
                phone, listener, call, PHONE_EVENT_INCOMING_CALL_RECEIVED, true, resumed);
}

void presenting_stop(PhoneCall *call)
{
        call->presenting.listener = NULL;
        call->presenting.serial = 0;
        call->presenting.taken = false;
}

static void presenting_next(Phone *phone, PhoneCall *call)
{
        Listener *listener = presenting_choose(phone, &call->presenting);

        presenting_stop(call);
        if (listener)
                presenting_ask(phone, call, listener, false);
}

void listeners_tell(Phone *phone, PhoneCall *call, PhoneEvent event, bool resumed)
{
        bool ask = event == PHONE_EVENT_INCOMING_CALL_RECEIVED && call_alerts(call);
        Listener *listener, *presenter;
        PhoneAction *action;

        action = phone_act(phone, PHONE_BROADCAST, call->info.record.session_id);
        action->event = event;
        action->resumed = resumed;

        presenter = ask ? presenting_choose(phone, &call->presenting) : NULL;
        if (presenter)
                presenting_ask(phone, call, presenter, resumed);
        DL_FOREACH (phone->listeners, listener) {
                if (listener != presenter && *listener->info.path)
                        listener_deliver(phone, listener, call, event, false, resumed);
        }
}

static Listener *listener_find(Phone *phone, const char *owner, const char *id)
{
        Listener *listener;

        DL_FOREACH (phone->listeners, listener) {
                if (str_eq(listener->info.id, id) &&
                    (!owner || str_eq(listener->info.owner, owner)))
                        return listener;
        }
        return NULL;
}

static void listener_drop(Phone *phone, Listener *listener)
{
        Delivery *delivery, *next;
        PhoneCall *call;

        DL_DELETE(phone->listeners, listener);
        phone->n_listeners--;
        phone->changed |= PHONE_PROPERTY_LISTENERS;
        DL_FOREACH_SAFE (phone->deliveries, delivery, next) {
                if (delivery->listener != listener)
                        continue;
                DL_DELETE(phone->deliveries, delivery);
                free(delivery);
        }
        DL_FOREACH (phone->calls, call) {
                if (call->presenting.listener == listener)
                        presenting_next(phone, call);
        }
        free(listener);
}

static void delivery_failed(Phone *phone, const Delivery *delivery)
{
        PhoneCall *call = call_find(phone, delivery->session_id);

        if (call && call->presenting.serial == delivery->serial)
                presenting_next(phone, call);
}

void delivery_expire(Phone *phone, Delivery *delivery)
{
        Listener *listener = delivery->listener;

        delivery->deadline = USEC_NEVER;
        if (++listener->unanswered >= LISTENER_DEAF_MAX)
                listener_drop(phone, listener);
        else
                delivery_failed(phone, delivery);
}

int phone_listener_answered(Phone *phone, const Instant *instant, uint64_t serial, bool taken)
{
        Delivery *delivery;
        int r;

        phone->instant = *instant;
        r = phone_reserve(phone, 1, 0);
        if (r < 0)
                return r;
        DL_SEARCH_SCALAR(phone->deliveries, delivery, serial, serial);
        if (delivery) {
                PhoneCall *call = call_find(phone, delivery->session_id);

                DL_DELETE(phone->deliveries, delivery);
                if (delivery->deadline == USEC_NEVER)
                        delivery->listener->unanswered--;
                else if (!taken)
                        delivery_failed(phone, delivery);
                else if (call && call->presenting.serial == serial)
                        call->presenting.taken = true;
                free(delivery);
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
        if (other && str_eq(other->info.owner, asked->owner))
                return 0;
        if (other) {
                snprintf(text, size, "the listener id '%s' is in use by %.64s", id,
                         other->info.owner);
                return CALL_ERROR_LISTENER_EXISTS;
        }
        DL_FOREACH (phone->listeners, listener)
                n += str_eq(listener->info.owner, asked->owner);
        if (n >= LISTENERS_PER_OWNER_MAX || phone->n_listeners >= LISTENERS_MAX) {
                snprintf(text, size,
                         "no room for listener '%s': %.64s has %zu of %d, all have %zu of %d", id,
                         asked->owner, n, LISTENERS_PER_OWNER_MAX, phone->n_listeners,
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
                const Presenting *presenting = &call->presenting;
                bool first = !presenting->listener ||
                             rank_above(listener_rank(listener), presenting->asked);

                if (listener->info.presents && call_alerts(call) && first)
                        presenting_ask(phone, call, listener, restored);
                else if (restored && *listener->info.path)
                        listener_deliver(phone, listener, call, PHONE_EVENT_INCOMING_CALL_RECEIVED,
                                         false, true);
        }
}

int phone_listener_add(Phone *phone, const Instant *instant, const PhoneListener *listener,
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
        added = listener_find(phone, listener->owner, listener->id);
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

int phone_listener_remove(Phone *phone, const Instant *instant, const char *owner, const char *id)
{
        Listener *listener = listener_find(phone, owner, id);
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

static int listeners_drop_of(Phone *phone, const char *owner)
{
        Listener *listener, *next;
        int r;

        DL_FOREACH_SAFE (phone->listeners, listener, next) {
                if (!str_eq(listener->info.owner, owner))
                        continue;
                r = phone_reserve(phone, 1, 0);
                if (r < 0)
                        return r;
                listener_drop(phone, listener);
        }
        return 0;
}

int phone_owner_gone(Phone *phone, const Instant *instant, const char *owner)
{
        PhoneCall *call;
        int r;

        phone->instant = *instant;
        r = listeners_drop_of(phone, owner);
        if (r < 0)
                return r;
        DL_FOREACH (phone->calls, call) {
                if (!call_is_live(call) || !str_eq(call->tied_to, owner))
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
        Delivery *delivery, *next_delivery;
        Listener *listener, *next;

        DL_FOREACH_SAFE (phone->deliveries, delivery, next_delivery)
                free(delivery);
        DL_FOREACH_SAFE (phone->listeners, listener, next)
                free(listener);
        phone->deliveries = NULL;
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
