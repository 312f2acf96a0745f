/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Groups and their members.
 */

#include "exchange/state.h"

Group *exchange_group_find(const Exchange *exchange, const char *guid);
/* Returns 0 or -ENOMEM. */
int exchange_group_new(Exchange *exchange, const char *guid, Group **ret);
/* The group must have no members. */
void exchange_group_free(Exchange *exchange, Group *group);
Membership *exchange_group_member(const Group *group, const User *user);
/*
 * Marks who in a live call is no member of its group, or is one again. A ring of theirs is due to
 * end (rule 11).
 */
void exchange_call_mark_outsiders(Exchange *exchange, Call *call);
void exchange_membership_free(Membership *membership);

/*
 * A list of memberships, linked by group_next, that may be detached from group and users.
 * exchange_memberships_take() detaches the list of a group, exchange_memberships_put() attaches a
 * list, and exchange_memberships_free() frees a detached one.
 */
void exchange_memberships_free(Membership *list);
Membership *exchange_memberships_take(Group *group);
void exchange_memberships_put(Membership *list);
/* Adds the user's membership to `list`, unless it is there. Returns 0, -ENOMEM or TooMany. */
int exchange_membership_new(Membership **list, Group *group, User *user);
