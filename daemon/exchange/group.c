/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "exchange/internal.h"

Group *exchange_group_find(const Exchange *exchange, const char *guid)
{
        Group *group = NULL;

        HASH_FIND_STR(exchange->groups, guid, group);
        return group;
}

Membership *exchange_group_member(const Group *group, const User *user)
{
        Membership *membership;

        DL_FOREACH2 (user->groups, membership, user_next) {
                if (membership->group == group)
                        return membership;
        }
        return NULL;
}

static int group_new(Exchange *exchange, const char *guid, Group **ret)
{
        Group *group = calloc(1, sizeof(*group));

        if (!group)
                return -ENOMEM;
        STR_SET(group->guid, guid);
        HASH_ADD_STR(exchange->groups, guid, group);
        if (!group->hh.tbl) {
                free(group);
                return -ENOMEM;
        }
        *ret = group;
        return 0;
}

void exchange_group_free(Exchange *exchange, Group *group)
{
        Call *call;

        assert(!group->members);
        DL_FOREACH2 (group->calls, call, group_next)
                call->group = NULL;
        HASH_DEL(exchange->groups, group);
        free(group);
}

/* ---- who is in it ---- */

static void membership_attach(Membership *membership)
{
        User *user = membership->user;
        Group *group = membership->group;

        DL_APPEND2(user->groups, membership, user_prev, user_next);
        user->n_groups++;
        DL_APPEND2(group->members, membership, group_prev, group_next);
        group->n_members++;
}

static void membership_detach(Membership *membership)
{
        User *user = membership->user;
        Group *group = membership->group;

        DL_DELETE2(user->groups, membership, user_prev, user_next);
        user->n_groups--;
        DL_DELETE2(group->members, membership, group_prev, group_next);
        group->n_members--;
}

void exchange_membership_free(Membership *membership)
{
        membership_detach(membership);
        free(membership);
}

/* All of a group's members at one time; a list by group_next that is the group's, or is not. */
static void memberships_free(Membership *list)
{
        while (list) {
                Membership *next = list->group_next;

                free(list);
                list = next;
        }
}

static Membership *memberships_take(Group *group)
{
        Membership *list = NULL, *membership;

        while ((membership = group->members)) {
                membership_detach(membership);
                DL_APPEND2(list, membership, group_prev, group_next);
        }
        return list;
}

static void memberships_put(Membership *list)
{
        while (list) {
                Membership *membership = list;

                list = list->group_next;
                membership_attach(membership);
        }
}

static int membership_new(Membership **list, Group *group, User *user)
{
        Membership *membership;

        DL_FOREACH2 (*list, membership, group_next) {
                if (membership->user == user)
                        return 0;
        }
        bool is_new = !exchange_group_member(group, user);
        if (is_new && user->n_groups >= GROUPS_PER_USER_MAX)
                return CALL_ERROR_TOO_MANY;
        membership = calloc(1, sizeof(*membership));
        if (!membership)
                return -ENOMEM;
        *membership = (Membership){.group = group, .user = user, .is_new = is_new};
        DL_APPEND2(*list, membership, group_prev, group_next);
        return 0;
}

static int memberships_new(const Exchange *exchange, Group *group, const char *const *uids,
                           size_t n, Membership **ret)
{
        Membership *list = NULL;
        int r = n > GROUP_MEMBERS_MAX ? CALL_ERROR_TOO_MANY : 0;

        for (size_t i = 0; r == 0 && i < n; i++) {
                User *user = exchange_user_find(exchange, uids[i]);

                r = user ? membership_new(&list, group, user) : CALL_ERROR_USER_NOT_FOUND;
        }
        if (r != 0) {
                memberships_free(list);
                return r;
        }
        *ret = list;
        return 0;
}

/* ---- who is told ---- */

static int user_groups(const User *user, GroupName **ret, size_t *ret_n)
{
        const Membership *membership;
        GroupName *groups = NULL;
        size_t n = 0;

        if (user->n_groups > 0) {
                groups = calloc(user->n_groups, sizeof(*groups));
                if (!groups)
                        return -ENOMEM;
        }
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

static int user_tell_groups(Exchange *exchange, const User *user)
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

static int group_tell_changed(Exchange *exchange, const Group *group, const Membership *before,
                              bool renamed)
{
        const Membership *membership;
        int r = 0;

        DL_FOREACH2 (group->members, membership, group_next) {
                if (membership->is_new || renamed)
                        r = user_tell_groups(exchange, membership->user);
                if (r < 0)
                        return r;
        }
        for (membership = before; membership; membership = membership->group_next) {
                if (!exchange_group_member(group, membership->user))
                        r = user_tell_groups(exchange, membership->user);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* ---- a group comes, changes and goes ---- */

static int group_update(Exchange *exchange, Group *group, const char *name, const char *const *uids,
                        size_t n)
{
        char name_before[NAME_MAX_BYTES + 1];
        Membership *now, *before;
        int r = memberships_new(exchange, group, uids, n, &now);

        if (r != 0)
                return r;
        before = memberships_take(group);
        memberships_put(now);
        STR_SET(name_before, group->name);
        STR_SET(group->name, name);

        r = group_tell_changed(exchange, group, before, !str_eq(name, name_before));
        if (r < 0) {
                exchange_rollback(exchange);
                STR_SET(group->name, name_before);
                now = memberships_take(group);
                memberships_put(before);
                before = now;
        } else {
                exchange_commit(exchange);
        }
        memberships_free(before);
        return r;
}

int exchange_group_put(Exchange *exchange, const ExchangeNow *moment, const char *guid,
                       const char *name, const char *const *uids, size_t n)
{
        Group *group = exchange_group_find(exchange, guid);
        bool made = !group;
        int r = exchange_tick(exchange, moment);

        if (r == 0 && made)
                r = group_new(exchange, guid, &group);
        if (r < 0)
                return r;
        r = group_update(exchange, group, name, uids, n);
        if (r != 0 && made)
                exchange_group_free(exchange, group);
        return r;
}

int exchange_group_remove(Exchange *exchange, const ExchangeNow *moment, const char *guid)
{
        Group *group = exchange_group_find(exchange, guid);
        char name[NAME_MAX_BYTES + 1];
        int r = exchange_tick(exchange, moment);

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
