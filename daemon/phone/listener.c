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
        return (Rank){.priority = listener->shown.priority, .age = listener->shown.age};
}

static bool rank_above(Rank a, Rank b)
{
        return a.priority != b.priority ? a.priority > b.priority : a.age > b.age;
}

static uint64_t listener_deliver(Phone *phone, Listener *listener, const Line *line,
                                 PhoneEvent event, bool present, bool resumed)
{
        const char *session_id = line->shown.record.session_id;
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
        action->listener = listener->shown;
        return delivery->serial;
}

/* The next one to be asked: the first in rank of those below who was asked last. */
static Listener *presenting_choose(Phone *phone, const Presenting *presenting)
{
        Listener *listener, *best = NULL;

        DL_FOREACH (phone->listeners, listener) {
                Rank rank = listener_rank(listener);

                if (!listener->shown.presents ||
                    (presenting->any_asked && !rank_above(presenting->asked, rank)))
                        continue;
                if (!best || rank_above(rank, listener_rank(best)))
                        best = listener;
        }
        return best;
}

static void presenting_ask(Phone *phone, Line *line, Listener *listener, bool resumed)
{
        line->presenting = (Presenting){
                .listener = listener,
                .asked = listener_rank(listener),
                .any_asked = true,
        };
        line->presenting.serial = listener_deliver(
                phone, listener, line, PHONE_EVENT_INCOMING_CALL_RECEIVED, true, resumed);
}

void presenting_stop(Line *line)
{
        line->presenting.listener = NULL;
        line->presenting.serial = 0;
        line->presenting.taken = false;
}

static void presenting_next(Phone *phone, Line *line)
{
        Listener *listener = presenting_choose(phone, &line->presenting);

        presenting_stop(line);
        if (listener)
                presenting_ask(phone, line, listener, false);
}

void listeners_tell(Phone *phone, Line *line, PhoneEvent event, bool resumed)
{
        bool ask = event == PHONE_EVENT_INCOMING_CALL_RECEIVED && line_alerts(line);
        Listener *listener, *presenter;
        PhoneAction *action;

        action = phone_act(phone, PHONE_BROADCAST, line->shown.record.session_id);
        action->event = event;
        action->resumed = resumed;

        presenter = ask ? presenting_choose(phone, &line->presenting) : NULL;
        if (presenter)
                presenting_ask(phone, line, presenter, resumed);
        DL_FOREACH (phone->listeners, listener) {
                if (listener != presenter && *listener->shown.path)
                        listener_deliver(phone, listener, line, event, false, resumed);
        }
}

static Listener *listener_find(Phone *phone, const char *owner, const char *id)
{
        Listener *listener;

        DL_FOREACH (phone->listeners, listener) {
                if (str_eq(listener->shown.id, id) &&
                    (!owner || str_eq(listener->shown.owner, owner)))
                        return listener;
        }
        return NULL;
}

static void listener_drop(Phone *phone, Listener *listener)
{
        Delivery *delivery, *next;
        Line *line;

        DL_DELETE(phone->listeners, listener);
        phone->n_listeners--;
        phone->changed |= PHONE_PROPERTY_LISTENERS;
        DL_FOREACH_SAFE (phone->deliveries, delivery, next) {
                if (delivery->listener != listener)
                        continue;
                DL_DELETE(phone->deliveries, delivery);
                free(delivery);
        }
        DL_FOREACH (phone->lines, line) {
                if (line->presenting.listener == listener)
                        presenting_next(phone, line);
        }
        free(listener);
}

static void delivery_failed(Phone *phone, const Delivery *delivery)
{
        Line *line = line_find(phone, delivery->session_id);

        if (line && line->presenting.serial == delivery->serial)
                presenting_next(phone, line);
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
                Line *line = line_find(phone, delivery->session_id);

                DL_DELETE(phone->deliveries, delivery);
                if (delivery->deadline == USEC_NEVER)
                        delivery->listener->unanswered--;
                else if (!taken)
                        delivery_failed(phone, delivery);
                else if (line && line->presenting.serial == serial)
                        line->presenting.taken = true;
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
        if (other && str_eq(other->shown.owner, asked->owner))
                return 0;
        if (other) {
                snprintf(text, size, "the listener id '%s' is in use by %.64s", id,
                         other->shown.owner);
                return CALL_ERROR_LISTENER_EXISTS;
        }
        DL_FOREACH (phone->listeners, listener)
                n += str_eq(listener->shown.owner, asked->owner);
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
        Line *line;

        DL_FOREACH (phone->lines, line) {
                if (!line_rings(line))
                        continue;
                const Presenting *presenting = &line->presenting;
                bool first = !presenting->listener ||
                             rank_above(listener_rank(listener), presenting->asked);

                if (listener->shown.presents && line_alerts(line) && first)
                        presenting_ask(phone, line, listener, restored);
                else if (restored && *listener->shown.path)
                        listener_deliver(phone, listener, line, PHONE_EVENT_INCOMING_CALL_RECEIVED,
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
        added->shown = *listener;
        added->shown.age = ++phone->last_age;
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
static void line_untie(Phone *phone, Line *line)
{
        Errand *errand;

        errand = errand_new(phone,
                            line->shown.record.status == CALL_STATUS_INITIATED ? MESSAGE_CANCEL
                                                                               : MESSAGE_END,
                            line->shown.record.session_id);
        decision_add(phone, errand);
}

static int listeners_drop_of(Phone *phone, const char *owner)
{
        Listener *listener, *next;
        int r;

        DL_FOREACH_SAFE (phone->listeners, listener, next) {
                if (!str_eq(listener->shown.owner, owner))
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
        Line *line;
        int r;

        phone->instant = *instant;
        r = listeners_drop_of(phone, owner);
        if (r < 0)
                return r;
        DL_FOREACH (phone->lines, line) {
                if (!line_is_live(line) || !str_eq(line->tied_to, owner))
                        continue;
                r = phone_reserve(phone, 1, 0);
                if (r < 0)
                        return r;
                line_untie(phone, line);
                *line->tied_to = '\0';
                line->unsaved = true;
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
                        return &listener->shown;
        }
        return NULL;
}
