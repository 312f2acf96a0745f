/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "exchange/handlers.h"

#include <errno.h>

#include "base/array.h"
#include "exchange/action.h"
#include "exchange/end.h"
#include "exchange/leg.h"
#include "exchange/redial.h"
#include "exchange/uids.h"
#include "exchange/user.h"

/* A user who was removed and added again gets back the legs left in live calls. */
static void user_reclaim_legs(const Exchange *exchange, User *user)
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

static int user_send_name(Exchange *exchange, const User *user, const char *name)
{
        const Device *device;

        DL_FOREACH (user->devices, device) {
                Message *message;
                int r = exchange_send(exchange, device->attachment, MESSAGE_CHANGED, &message);

                if (r < 0)
                        return r;
                if (r > 0)
                        STR_SET(message->settings.name, name);
        }
        return 0;
}

int exchange_user_add(Exchange *exchange, const char *uid, const char *name, WhenBusy when_busy)
{
        User *user = exchange_user_find(exchange, uid);
        int r = 0;

        if (!user) {
                r = exchange_user_new(exchange, uid, &user);
                if (r < 0)
                        return r;
                user_reclaim_legs(exchange, user);
        } else if (!str_eq(user->name, name)) {
                r = user_send_name(exchange, user, name);
                if (r < 0) {
                        exchange_rollback(exchange);
                        return r;
                }
                exchange_commit(exchange);
        }
        STR_SET(user->name, name);
        user->when_busy = when_busy;
        return 0;
}

static CallLeg *user_live_leg(const User *user)
{
        CallLeg *leg = user->busy ? user->busy : user->rings;

        if (leg)
                return leg;
        /* To everybody else, a blocked caller's call is still ringing here. */
        DL_FOREACH2 (user->apart, leg, list_next) {
                if (leg->status == CALL_STATUS_INITIATED)
                        return leg;
        }
        return NULL;
}

/* A leg that has ended for the user stays, without a user, in a call that continues. */
static void user_drop_calls(User *user)
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

/* Lifts the blocks of a removed user: the uid can be given again, to somebody else. */
static int user_send_unblocked(Exchange *exchange, const char *uid)
{
        const Device *device;

        for (const User *user = exchange->users; user; user = user->hh.next) {
                if (!exchange_user_blocks(user, uid))
                        continue;
                DL_FOREACH (user->devices, device) {
                        Message *message;
                        int r = exchange_send(exchange, device->attachment, MESSAGE_BLOCKED,
                                              &message);

                        if (r < 0)
                                return r;
                        if (r > 0)
                                STR_SET(message->block.uid, uid);
                }
        }
        return 0;
}

static void users_forget(Exchange *exchange, const char *uid)
{
        for (User *user = exchange->users; user; user = user->hh.next) {
                exchange_uids_remove(&user->called, uid);
                exchange_uids_remove(&user->blocked, uid);
        }
}

int exchange_take_user_remove(Exchange *exchange, const ExchangeNow *moment, const char *uid)
{
        User *user = exchange_user_find(exchange, uid);
        Device *device;

        if (!user)
                return CALL_ERROR_USER_NOT_FOUND;

        int r = user_quit_calls(exchange, moment, user);
        if (r < 0)
                return r;
        r = user_send_unblocked(exchange, uid);
        DL_FOREACH (user->devices, device) {
                if (r >= 0)
                        r = exchange_disconnect(exchange, device->attachment,
                                                "the user '%s' was removed", uid);
        }
        if (r < 0) {
                exchange_rollback(exchange);
                return r;
        }
        users_forget(exchange, uid);
        exchange_redial_forget_user(exchange, uid);
        user_drop_calls(user);
        exchange_user_free(exchange, user);
        exchange_commit(exchange);
        return 0;
}

int exchange_user_block(Exchange *exchange, const char *uid, const char *blocked)
{
        User *user = exchange_user_find(exchange, uid);

        if (!user)
                return CALL_ERROR_USER_NOT_FOUND;
        if (exchange_user_blocks(user, blocked))
                return 0;
        if (user->blocked.n >= BLOCKED_MAX)
                return CALL_ERROR_TOO_MANY;
        int r = exchange_uids_reserve(&user->blocked);
        if (r == 0)
                exchange_uids_add(&user->blocked, blocked);
        return r;
}

int exchange_user_called(Exchange *exchange, const char *uid, const char *called)
{
        User *user = exchange_user_find(exchange, uid);

        if (!user)
                return CALL_ERROR_USER_NOT_FOUND;
        int r = user->called.n < CALLED_MAX ? exchange_uids_reserve(&user->called) : 0;
        if (r == 0)
                exchange_user_note_called(user, called);
        return r;
}

int exchange_user_set_who_may_ring(Exchange *exchange, const char *uid, WhoMayRing who)
{
        User *user = exchange_user_find(exchange, uid);

        if (!user)
                return CALL_ERROR_USER_NOT_FOUND;
        user->who_may_ring = who;
        return 0;
}

WhoMayRing exchange_user_who_may_ring(const Exchange *exchange, const char *uid)
{
        const User *user = exchange_user_find(exchange, uid);

        return user ? user->who_may_ring : WHO_MAY_RING_EVERYBODY;
}

int exchange_user_blocked(const Exchange *exchange, const char *uid, char (**ret)[UID_MAX + 1],
                          size_t *ret_n)
{
        const User *user = exchange_user_find(exchange, uid);

        if (!user)
                return CALL_ERROR_USER_NOT_FOUND;
        int r = ARRAY_COPY(ret, user->blocked.uids, user->blocked.n);
        if (r == 0)
                *ret_n = user->blocked.n;
        return r;
}
