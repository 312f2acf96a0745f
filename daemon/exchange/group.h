/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Groups and their members.
 */

#include "exchange/state.h"

Group *exchange_group_find(const Exchange *exchange, const char *guid);
/* Returns 0 or -ENOMEM. */
int exchange_group_new(Exchange *exchange, const char *guid, Group **ret);
/* A group without members. */
void exchange_group_free(Exchange *exchange, Group *group);
Membership *exchange_group_member(const Group *group, const User *user);
void exchange_membership_free(Membership *membership);

/*
 * All members of a group at one time: a list by group_next, which is the group's or stands by
 * itself.
 */
void exchange_memberships_free(Membership *list);
Membership *exchange_memberships_take(Group *group);
void exchange_memberships_put(Membership *list);
/* One more in `list`, if the user is not in it. Returns 0, -ENOMEM or TooMany. */
int exchange_membership_new(Membership **list, Group *group, User *user);
