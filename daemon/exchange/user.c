/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "exchange/user.h"

#include <errno.h>

#include "base/array.h"
#include "exchange/attachment.h"
#include "exchange/group.h"
#include "exchange/rate.h"

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
        HASH_DEL(exchange->users, user);
        free(user->blocked);
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

static bool user_block_find(const User *user, const char *uid, size_t *ret)
{
        for (size_t i = 0; i < user->n_blocked; i++) {
                if (str_eq(user->blocked[i], uid)) {
                        *ret = i;
                        return true;
                }
        }
        return false;
}

bool exchange_user_blocks(const User *user, const char *uid)
{
        size_t i;

        return user_block_find(user, uid, &i);
}

int exchange_user_block_reserve(User *user)
{
        return ARRAY_GROW(&user->blocked, user->n_blocked);
}

void exchange_user_block_set(User *user, const char *uid, bool on)
{
        size_t i;

        if (on)
                STR_SET(user->blocked[user->n_blocked++], uid);
        else if (user_block_find(user, uid, &i))
                memmove(user->blocked[i], user->blocked[--user->n_blocked], sizeof(*user->blocked));
}
