/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "exchange/group.h"

#include <assert.h>
#include <errno.h>

#include "exchange/marks.h"

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

void exchange_call_mark_outsiders(Exchange *exchange, Call *call)
{
        CallLeg *leg;

        if (!call->group)
                return;
        DL_FOREACH2 (call_members(call), leg, call_next)
                leg->is_outsider = leg->user && !exchange_group_member(call->group, leg->user);
        exchange_call_touch(exchange, call);
}

int exchange_group_new(Exchange *exchange, const char *guid, Group **ret)
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

void exchange_memberships_free(Membership *list)
{
        while (list) {
                Membership *next = list->group_next;

                free(list);
                list = next;
        }
}

Membership *exchange_memberships_take(Group *group)
{
        Membership *list = NULL, *membership;

        while ((membership = group->members)) {
                membership_detach(membership);
                DL_APPEND2(list, membership, group_prev, group_next);
        }
        return list;
}

void exchange_memberships_put(Membership *list)
{
        while (list) {
                Membership *membership = list;

                list = list->group_next;
                membership_attach(membership);
        }
}

int exchange_membership_new(Membership **list, Group *group, User *user)
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
