/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdlib.h>

#include "call/exchange-internal.h"

User *exchange_user_find(const Exchange *exchange, const char *uid)
{
        User *user = NULL;

        HASH_FIND_STR(exchange->users, uid, user);
        return user;
}

int exchange_user_add(Exchange *exchange, const char *uid, const char *name, WhenBusy when_busy)
{
        User *user = exchange_user_find(exchange, uid);

        if (!user) {
                user = calloc(1, sizeof(*user));
                if (!user)
                        return -ENOMEM;
                STR_SET(user->uid, uid);
                HASH_ADD_STR(exchange->users, uid, user);
                if (!user->hh.tbl) {
                        free(user);
                        return -ENOMEM;
                }
        }
        STR_SET(user->name, name);
        user->when_busy = when_busy;
        return 0;
}

static void device_free_unused(Device *device)
{
        if (device->link || device->legs)
                return;
        DL_DELETE(device->user->devices, device);
        free(device);
}

void exchange_user_free(Exchange *exchange, User *user)
{
        Device *device, *next;

        DL_FOREACH_SAFE (user->devices, device, next) {
                if (device->link)
                        exchange_link_free(exchange, device->link);
        }
        HASH_DEL(exchange->users, user);
        free(user->starts);
        free(user);
}

Party exchange_user_party(const User *user, const char *device)
{
        Party party = {0};

        STR_SET(party.uid, user->uid);
        STR_SET(party.name, user->name);
        STR_SET(party.device, device);
        return party;
}

static int user_quit_calls(Exchange *exchange, const Moment *moment, User *user)
{
        while (user->busy || user->rings) {
                Side *side = user->busy ? user->busy : user->rings;
                int r = exchange_side_quit(exchange, moment, side, CALL_EVENT_SHUTDOWN);

                if (r < 0)
                        return r;
        }
        return 0;
}

int exchange_user_remove(Exchange *exchange, const Moment *moment, const char *uid)
{
        User *user = exchange_user_find(exchange, uid);
        Device *device;

        if (!user)
                return CALL_ERROR_USER_NOT_FOUND;

        int r = user_quit_calls(exchange, moment, user);
        if (r < 0)
                return r;
        DL_FOREACH (user->devices, device) {
                r = exchange_disconnect(exchange, device->link, "the user '%s' was removed", uid);
                if (r < 0) {
                        exchange_rollback(exchange);
                        return r;
                }
        }
        exchange_user_free(exchange, user);
        exchange_commit(exchange);
        return 0;
}

/* ---- how many calls a user starts ---- */

bool exchange_user_may_start_call(const Exchange *exchange, const User *user, usec_t now)
{
        uint32_t max = exchange->limits.calls_per_minute;

        return max == 0 || user->n_starts < max ||
               now - user->starts[user->first_start] >= USEC_PER_MINUTE;
}

int exchange_user_reserve_starts(const Exchange *exchange, User *user)
{
        if (user->starts || exchange->limits.calls_per_minute == 0)
                return 0;
        user->starts = calloc(exchange->limits.calls_per_minute, sizeof(*user->starts));
        return user->starts ? 0 : -ENOMEM;
}

void exchange_user_call_started(const Exchange *exchange, User *user, usec_t now)
{
        uint32_t max = exchange->limits.calls_per_minute;

        if (max == 0)
                return;
        if (user->n_starts < max) {
                user->starts[user->n_starts++] = now;
                return;
        }
        user->starts[user->first_start] = now;
        user->first_start = (user->first_start + 1) % max;
}

/* ---- devices and the calls on them ---- */

static Device *device_find(const User *user, const char *id)
{
        Device *device;

        DL_FOREACH (user->devices, device) {
                if (str_eq(device->id, id))
                        return device;
        }
        return NULL;
}

int exchange_user_device(User *user, const char *id, Device **ret)
{
        Device *device = device_find(user, id);

        if (!device) {
                device = calloc(1, sizeof(*device));
                if (!device)
                        return -ENOMEM;
                device->user = user;
                STR_SET(device->id, id);
                DL_APPEND(user->devices, device);
        }
        *ret = device;
        return 0;
}

int exchange_leg_new(Side *side, Device *device, Leg **ret)
{
        Leg *leg = calloc(1, sizeof(*leg));

        if (!leg)
                return -ENOMEM;
        leg->side = side;
        leg->device = device;
        DL_APPEND2(side->legs, leg, side_prev, side_next);
        DL_APPEND2(device->legs, leg, device_prev, device_next);
        if (ret)
                *ret = leg;
        return 0;
}

Leg *exchange_leg_find(const Side *side, const Device *device)
{
        Leg *leg;

        DL_FOREACH2 (device->legs, leg, device_next) {
                if (leg->side == side)
                        return leg;
        }
        return NULL;
}

void exchange_leg_free(Leg *leg)
{
        Device *device = leg->device;

        DL_DELETE2(leg->side->legs, leg, side_prev, side_next);
        DL_DELETE2(device->legs, leg, device_prev, device_next);
        free(leg);
        device_free_unused(device);
}

/* The connection of a device has come or gone: so has the party of each call that it is one of. */
static void device_set_lost(Exchange *exchange, Device *device, usec_t since)
{
        Leg *leg;

        DL_FOREACH2 (device->legs, leg, device_next) {
                if (!str_eq(leg->side->device, device->id))
                        continue;
                leg->side->lost_since = since;
                exchange_call_reschedule(exchange, leg->side->call);
        }
}

/* ---- what a user asks for themselves ---- */

static int user_tell_changed(Exchange *exchange, const User *user, const Device *but)
{
        const Device *device;

        DL_FOREACH (user->devices, device) {
                Message *message;
                int r = device == but
                                ? 0
                                : exchange_send(exchange, device->link, MESSAGE_CHANGED, &message);

                if (r < 0)
                        return r;
                if (r > 0)
                        message->settings = (MessageSettings){true, user->when_busy};
        }
        return 0;
}

int exchange_request_settings(Request *request)
{
        const MessageSettings *settings = &request->message->settings;
        User *user = request->device->user;
        WhenBusy before = user->when_busy;

        if (!settings->has_when_busy || settings->when_busy == before)
                return 0;

        ExchangeAction *action = exchange_push(request->exchange, EXCHANGE_USER);
        if (!action)
                return -ENOMEM;
        STR_SET(action->uid, user->uid);
        action->settings = *settings;
        user->when_busy = settings->when_busy;
        int r = user_tell_changed(request->exchange, user, request->device);
        if (r < 0)
                user->when_busy = before;
        return r;
}

int exchange_request_logout(Request *request)
{
        Exchange *exchange = request->exchange;
        Leg *leg;

        while ((leg = request->device->legs)) {
                bool party = str_eq(leg->side->device, request->device->id);
                int r = party ? exchange_side_quit(exchange, request->moment, leg->side,
                                                   CALL_EVENT_SHUTDOWN)
                              : exchange_leg_send_event(exchange, leg, CALL_EVENT_SHUTDOWN);

                if (r < 0)
                        return r;
                if (!party) {
                        exchange_commit(exchange);
                        exchange_leg_free(leg);
                }
        }
        return 0;
}

/* ---- links ---- */

Link *exchange_link_find(const Exchange *exchange, uint64_t id)
{
        Link *link = NULL;

        HASH_FIND(hh, exchange->links, &id, sizeof(id), link);
        return link;
}

static int link_new(Exchange *exchange, uint64_t id, Link **ret)
{
        Link *link = calloc(1, sizeof(*link));

        if (!link)
                return -ENOMEM;
        link->id = id;
        HASH_ADD(hh, exchange->links, id, sizeof(link->id), link);
        if (!link->hh.tbl) {
                free(link);
                return -ENOMEM;
        }
        *ret = link;
        return 0;
}

void exchange_link_free(Exchange *exchange, Link *link)
{
        if (link->side && link->side->limited == link)
                link->side->limited = NULL;
        if (link->device && link->device->link == link) {
                link->device->link = NULL;
                device_free_unused(link->device);
        }
        HASH_DEL(exchange->links, link);
        free(link);
}

/* Rings a device that comes while its user is being rung. */
static int device_ring(Exchange *exchange, const Moment *moment, Device *device, Side *side)
{
        usec_t ring_until = side->call->ring_until;
        Message *message;
        Leg *leg;

        if (ring_until < moment->now + LATE_RING_MIN_US || exchange_leg_find(side, device))
                return 0;

        int r = exchange_leg_new(side, device, &leg);
        if (r < 0)
                return r;
        leg->announced_to = device->link->id;
        r = exchange_send(exchange, device->link, MESSAGE_INCOMING, &message);
        if (r < 0)
                return r;
        return exchange_side_snapshot(side, moment, device, &message->call);
}

static int device_catch_up(Exchange *exchange, const Moment *moment, Device *device)
{
        Side *side;

        DL_FOREACH (device->user->rings, side) {
                int r = device_ring(exchange, moment, device, side);

                if (r < 0)
                        return r;
        }
        return 0;
}

/* Takes back what device_catch_up() did. */
static void device_unring(Device *device)
{
        Leg *leg, *next;

        DL_FOREACH_SAFE2 (device->legs, leg, next, device_next) {
                if (leg->announced_to == device->link->id)
                        exchange_leg_free(leg);
        }
}

static int device_connect(Exchange *exchange, const Moment *moment, Device *device, Link *link,
                          const char *device_name)
{
        Link *before = device->link;
        int r = 0;

        link->device = device;
        device->link = link;
        if (before)
                r = exchange_disconnect(exchange, before, "'%s' connected as this device anew",
                                        device_name);
        if (r == 0)
                r = device_catch_up(exchange, moment, device);
        if (r < 0) {
                exchange_rollback(exchange);
                device_unring(device);
                device->link = before;
                link->device = NULL;
                return r;
        }
        if (before)
                exchange_link_free(exchange, before);
        exchange_commit(exchange);
        device_set_lost(exchange, device, USEC_NEVER);
        return 0;
}

int exchange_attach(Exchange *exchange, const Moment *moment, uint64_t link_id, const char *uid,
                    const char *device_id, const char *device_name)
{
        User *user = exchange_user_find(exchange, uid);
        Device *device;
        Link *link;

        if (!user)
                return CALL_ERROR_USER_NOT_FOUND;

        int r = exchange_tick(exchange, moment);
        if (r < 0)
                return r;
        r = link_new(exchange, link_id, &link);
        if (r < 0)
                return r;
        r = exchange_user_device(user, device_id, &device);
        if (r == 0) {
                r = device_connect(exchange, moment, device, link, device_name);
                if (r < 0)
                        device_free_unused(device);
        }
        if (r < 0)
                exchange_link_free(exchange, link);
        return r;
}

int exchange_attach_session(Exchange *exchange, const Moment *moment, uint64_t link_id,
                            const char *join_token, Party *ret_user)
{
        int r = exchange_tick(exchange, moment);
        Link *link;

        if (r < 0)
                return r;
        Token *token = exchange_token_find(exchange, join_token, moment->now);
        if (!token)
                return CALL_ERROR_AUTH_FAILED;
        r = link_new(exchange, link_id, &link);
        if (r < 0)
                return r;

        Side *side = token->side;
        if (side->limited) {
                r = exchange_disconnect(exchange, side->limited,
                                        "the join token was used by a newer connection");
                if (r == 0 && side->joined_limited)
                        r = exchange_side_leave(exchange, moment, side);
                if (r < 0) {
                        exchange_rollback(exchange);
                        exchange_link_free(exchange, link);
                        return r;
                }
                exchange_link_free(exchange, side->limited);
        }
        link->side = side;
        side->limited = link;
        token->unused_until = USEC_NEVER;
        exchange_commit(exchange);
        *ret_user = exchange_user_party(side->user, side->device);
        return 0;
}

void exchange_detach(Exchange *exchange, const Moment *moment, uint64_t link_id)
{
        Link *link = exchange_link_find(exchange, link_id);

        if (!link)
                return;
        if (link->side && link->side->joined_limited)
                exchange_side_gone(exchange, moment, link->side);
        if (link->device)
                device_set_lost(exchange, link->device, moment->now);
        exchange_link_free(exchange, link);
}

bool exchange_link_in_call(const Exchange *exchange, uint64_t link_id)
{
        const Link *link = exchange_link_find(exchange, link_id);

        return link && (link->side || link->device->legs);
}
