/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdlib.h>

#include "exchange/internal.h"

User *exchange_user_find(const Exchange *exchange, const char *uid)
{
        User *user = NULL;

        HASH_FIND_STR(exchange->users, uid, user);
        return user;
}

/* One who was removed and is there again takes up the sides that were left behind. */
static void user_adopt_calls(const Exchange *exchange, User *user)
{
        Call *call;
        Side *side;

        DL_FOREACH (exchange->live, call) {
                DL_FOREACH2 (call->sides, side, call_next) {
                        if (side->user || !str_eq(side->uid, user->uid))
                                continue;
                        side->user = user;
                        exchange_side_enlist(side);
                        user->n_placed += side == call_caller(call);
                }
        }
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
                user_adopt_calls(exchange, user);
        }
        STR_SET(user->name, name);
        user->when_busy = when_busy;
        return 0;
}

void exchange_device_check(Device *device)
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
        while (user->groups)
                exchange_membership_free(user->groups);
        HASH_DEL(exchange->users, user);
        free(user->blocked);
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

static Side *user_live_side(const User *user)
{
        Side *side = user->busy ? user->busy : user->rings;

        if (side)
                return side;
        /* One of a blocked caller is rung as far as anybody else knows. */
        DL_FOREACH2 (user->apart, side, list_next) {
                if (side->status == CALL_STATUS_INITIATED)
                        return side;
        }
        return NULL;
}

/* What has ended for the user goes on for others, without anybody behind this side. */
static void user_forsake_calls(User *user)
{
        Side *side, *next;

        DL_FOREACH_SAFE2 (user->apart, side, next, list_next) {
                if (side->direction == CALL_DIRECTION_OUTGOING)
                        user->n_placed--;
                side->user = NULL;
                side->list = NULL;
        }
        user->apart = NULL;
}

static int user_quit_calls(Exchange *exchange, const Moment *moment, User *user)
{
        Side *side;

        while ((side = user_live_side(user))) {
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
        user_forsake_calls(user);
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
        exchange_device_check(device);
}
