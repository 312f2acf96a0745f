/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "exchange/handlers.h"

#include <errno.h>

#include "base/array.h"
#include "exchange/action.h"
#include "exchange/due.h"
#include "exchange/group.h"
#include "exchange/user.h"

static int memberships_new(const Exchange *exchange, Group *group, const char *const *uids,
                           size_t n, Membership **ret)
{
        Membership *list = NULL;
        int r = n > GROUP_MEMBERS_MAX ? CALL_ERROR_TOO_MANY : 0;

        for (size_t i = 0; r == 0 && i < n; i++) {
                User *user = exchange_user_find(exchange, uids[i]);

                r = user ? exchange_membership_new(&list, group, user) : CALL_ERROR_USER_NOT_FOUND;
        }
        if (r != 0) {
                exchange_memberships_free(list);
                return r;
        }
        *ret = list;
        return 0;
}

static int user_groups(const User *user, GroupName **ret, size_t *ret_n)
{
        const Membership *membership;
        GroupName *groups;
        size_t n = 0;
        int r = ARRAY_NEW(&groups, user->n_groups);

        if (r < 0)
                return r;
        DL_FOREACH2 (user->groups, membership, user_next) {
                STR_SET(groups[n].guid, membership->group->guid);
                STR_SET(groups[n].name, membership->group->name);
                n++;
        }
        *ret = groups;
        *ret_n = n;
        return 0;
}

int exchange_user_groups(const Exchange *exchange, const char *uid, GroupName **ret, size_t *ret_n)
{
        const User *user = exchange_user_find(exchange, uid);

        return user ? user_groups(user, ret, ret_n) : CALL_ERROR_USER_NOT_FOUND;
}

static int user_send_groups(Exchange *exchange, const User *user)
{
        const Device *device;

        DL_FOREACH (user->devices, device) {
                Message *message;
                int r = exchange_send(exchange, device->attachment, MESSAGE_GROUPS, &message);

                if (r > 0)
                        r = user_groups(user, &message->groups.groups, &message->groups.n_groups);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int group_send_changed(Exchange *exchange, const Group *group, const Membership *before,
                              bool renamed)
{
        const Membership *membership;
        int r = 0;

        DL_FOREACH2 (group->members, membership, group_next) {
                if (membership->is_new || renamed)
                        r = user_send_groups(exchange, membership->user);
                if (r < 0)
                        return r;
        }
        for (membership = before; membership; membership = membership->group_next) {
                if (!exchange_group_member(group, membership->user))
                        r = user_send_groups(exchange, membership->user);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int group_update(Exchange *exchange, Group *group, const char *name, const char *const *uids,
                        size_t n)
{
        char name_before[NAME_MAX_BYTES + 1];
        Membership *now, *before;
        int r = memberships_new(exchange, group, uids, n, &now);

        if (r != 0)
                return r;
        before = exchange_memberships_take(group);
        exchange_memberships_put(now);
        STR_SET(name_before, group->name);
        STR_SET(group->name, name);

        r = group_send_changed(exchange, group, before, !str_eq(name, name_before));
        if (r < 0) {
                exchange_rollback(exchange);
                STR_SET(group->name, name_before);
                now = exchange_memberships_take(group);
                exchange_memberships_put(before);
                before = now;
        } else {
                exchange_commit(exchange);
        }
        exchange_memberships_free(before);
        return r;
}

int exchange_take_group_put(Exchange *exchange, const ExchangeNow *moment, const ExchangeGroup *put)
{
        Group *group = exchange_group_find(exchange, put->guid);
        bool made = !group;
        Call *call;
        int r = exchange_take_tick(exchange, moment);

        if (r == 0 && made)
                r = exchange_group_new(exchange, put->guid, &group);
        if (r < 0)
                return r;
        r = group_update(exchange, group, put->name, put->uids, put->n_uids);
        if (r != 0) {
                if (made)
                        exchange_group_free(exchange, group);
                return r;
        }
        DL_FOREACH2 (group->calls, call, group_next)
                exchange_call_mark_outsiders(exchange, call);
        /* Ends their rings. What memory does not suffice for stays due. */
        (void)exchange_take_tick(exchange, moment);
        return 0;
}

int exchange_take_group_remove(Exchange *exchange, const ExchangeNow *moment, const char *guid)
{
        Group *group = exchange_group_find(exchange, guid);
        char name[NAME_MAX_BYTES + 1];
        int r = exchange_take_tick(exchange, moment);

        if (r < 0)
                return r;
        if (!group)
                return CALL_ERROR_GROUP_NOT_FOUND;
        STR_SET(name, group->name);
        r = group_update(exchange, group, name, NULL, 0);
        if (r == 0)
                exchange_group_free(exchange, group);
        return r;
}
