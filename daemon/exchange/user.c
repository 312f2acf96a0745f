/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "exchange/user.h"

#include <errno.h>

#include "exchange/attachment.h"
#include "exchange/cancelled.h"
#include "exchange/group.h"
#include "exchange/rate.h"
#include "exchange/uids.h"
#include "model/retention.h"

#define BYTES_PER_MB (1024.0 * 1024.0)

User *exchange_user_find(const Exchange *exchange, const char *uid)
{
        User *user = NULL;

        HASH_FIND_STR(exchange->users, uid, user);
        return user;
}

int exchange_user_new(Exchange *exchange, const char *uid, User **ret)
{
        User *user = calloc(1, sizeof(*user));

        if (!user)
                return -ENOMEM;
        STR_SET(user->uid, uid);
        HASH_ADD_STR(exchange->users, uid, user);
        if (!user->hh.tbl) {
                free(user);
                return -ENOMEM;
        }
        *ret = user;
        return 0;
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
        exchange_forget_cancels_of(exchange, user);
        HASH_DEL(exchange->users, user);
        exchange_uids_done(&user->blocked);
        exchange_uids_done(&user->called);
        exchange_rate_done(&user->starts);
        exchange_rate_done(&user->failed_lookups);
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

static double stored_max(const Exchange *exchange)
{
        return (double)exchange->limits.stored_mb_per_day * BYTES_PER_MB;
}

/* What counts drains away at the rate of the limit, so a day after the last call nothing counts. */
static double stored_now(const Exchange *exchange, const User *user, usec_t now)
{
        double drained =
                stored_max(exchange) * (double)(now - user->stored_at) / (double)USEC_PER_DAY;

        return MAX_OF(user->stored - drained, 0.0);
}

bool exchange_user_may_store(const Exchange *exchange, const User *user, size_t bytes, usec_t now)
{
        double max = stored_max(exchange);

        return max == 0 || stored_now(exchange, user, now) + (double)bytes <= max;
}

void exchange_user_has_stored(const Exchange *exchange, User *user, size_t bytes, usec_t now)
{
        if (stored_max(exchange) == 0)
                return;
        user->stored = stored_now(exchange, user, now) + (double)bytes;
        user->stored_at = now;
}

void exchange_user_note_called(User *user, const char *uid)
{
        exchange_uids_remove(&user->called, uid);
        if (user->called.n >= CALLED_MAX)
                exchange_uids_remove(&user->called, user->called.uids[0]);
        exchange_uids_add(&user->called, uid);
}

bool exchange_user_blocks(const User *user, const char *uid)
{
        return exchange_uids_have(&user->blocked, uid);
}

bool exchange_user_bars(const User *user, const char *uid)
{
        return user->who_may_ring == WHO_MAY_RING_NOBODY ||
               (user->who_may_ring == WHO_MAY_RING_CALLED &&
                !exchange_uids_have(&user->called, uid));
}
