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

/* One who was removed and is there again takes up the legs that were left behind. */
static void user_adopt_calls(const Exchange *exchange, User *user)
{
        Call *call;
        CallLeg *leg;

        DL_FOREACH (exchange->live, call) {
                DL_FOREACH2 (call->legs, leg, call_next) {
                        if (leg->user || !str_eq(leg->uid, user->uid))
                                continue;
                        leg->user = user;
                        exchange_leg_enlist(leg);
                        user->n_placed += leg == call_caller(call);
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
        if (device->attachment || device->branches)
                return;
        DL_DELETE(device->user->devices, device);
        free(device);
}

void exchange_user_free(Exchange *exchange, User *user)
{
        Device *device, *next;

        DL_FOREACH_SAFE (user->devices, device, next) {
                if (device->attachment)
                        exchange_attachment_free(exchange, device->attachment);
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

static CallLeg *user_live_leg(const User *user)
{
        CallLeg *leg = user->busy ? user->busy : user->rings;

        if (leg)
                return leg;
        /* One of a blocked caller is rung as far as anybody else knows. */
        DL_FOREACH2 (user->apart, leg, list_next) {
                if (leg->status == CALL_STATUS_INITIATED)
                        return leg;
        }
        return NULL;
}

/* What has ended for the user goes on for others, without anybody behind this leg. */
static void user_forsake_calls(User *user)
{
        CallLeg *leg, *next;

        DL_FOREACH_SAFE2 (user->apart, leg, next, list_next) {
                if (leg->direction == CALL_DIRECTION_OUTGOING)
                        user->n_placed--;
                leg->user = NULL;
                leg->list = NULL;
        }
        user->apart = NULL;
}

static int user_quit_calls(Exchange *exchange, const ExchangeNow *moment, User *user)
{
        CallLeg *leg;

        while ((leg = user_live_leg(user))) {
                int r = exchange_leg_quit(exchange, moment, leg, CALL_EVENT_SHUTDOWN);

                if (r < 0)
                        return r;
        }
        return 0;
}

int exchange_user_remove(Exchange *exchange, const ExchangeNow *moment, const char *uid)
{
        User *user = exchange_user_find(exchange, uid);
        Device *device;

        if (!user)
                return CALL_ERROR_USER_NOT_FOUND;

        int r = user_quit_calls(exchange, moment, user);
        if (r < 0)
                return r;
        DL_FOREACH (user->devices, device) {
                r = exchange_disconnect(exchange, device->attachment, "the user '%s' was removed",
                                        uid);
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

int exchange_branch_new(CallLeg *leg, Device *device, Branch **ret)
{
        Branch *branch = calloc(1, sizeof(*branch));

        if (!branch)
                return -ENOMEM;
        branch->leg = leg;
        branch->device = device;
        DL_APPEND2(leg->branches, branch, leg_prev, leg_next);
        DL_APPEND2(device->branches, branch, device_prev, device_next);
        if (ret)
                *ret = branch;
        return 0;
}

Branch *exchange_branch_find(const CallLeg *leg, const Device *device)
{
        Branch *branch;

        DL_FOREACH2 (device->branches, branch, device_next) {
                if (branch->leg == leg)
                        return branch;
        }
        return NULL;
}

void exchange_branch_free(Branch *branch)
{
        Device *device = branch->device;

        DL_DELETE2(branch->leg->branches, branch, leg_prev, leg_next);
        DL_DELETE2(device->branches, branch, device_prev, device_next);
        free(branch);
        exchange_device_check(device);
}
