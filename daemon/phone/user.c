/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "phone/user.h"

#include <errno.h>

#include "base/array.h"
#include "phone/request.h"

const Party *phone_user(const Phone *phone)
{
        return &phone->user;
}

bool phone_do_not_disturb(const Phone *phone)
{
        return phone->do_not_disturb;
}

void user_when_busy(Phone *phone, WhenBusy when_busy)
{
        if (phone->when_busy == when_busy)
                return;
        phone->when_busy = when_busy;
        phone->changed |= PHONE_PROPERTY_WHEN_BUSY;
}

void user_who_may_ring(Phone *phone, bool known, WhoMayRing who)
{
        if (phone->knows_who_may_ring == known && phone->who_may_ring == who)
                return;
        phone->knows_who_may_ring = known;
        phone->who_may_ring = who;
        phone->changed |= PHONE_PROPERTY_WHO_MAY_RING;
}

/* Takes ownership of `groups`. */
static void user_take_groups(Phone *phone, GroupName *groups, size_t n)
{
        bool same = n == phone->n_groups;

        for (size_t i = 0; same && i < n; i++)
                same = str_eq(groups[i].guid, phone->groups[i].guid) &&
                       str_eq(groups[i].name, phone->groups[i].name);
        free(phone->groups);
        phone->groups = groups;
        phone->n_groups = n;
        if (!same)
                phone->changed |= PHONE_PROPERTY_GROUPS;
}

/* Takes ownership of `blocked`. */
static void user_take_blocked(Phone *phone, char (*blocked)[UID_MAX + 1], size_t n)
{
        bool same = n == phone->n_blocked;

        for (size_t i = 0; same && i < n; i++)
                same = str_eq(blocked[i], phone->blocked[i]);
        free(phone->blocked);
        phone->blocked = blocked;
        phone->n_blocked = n;
        if (!same)
                phone->changed |= PHONE_PROPERTY_BLOCKED;
}

int user_welcome(Phone *phone, const ReplyWelcome *welcome)
{
        size_t n_groups = MIN_OF(welcome->n_groups, (size_t)GROUPS_PER_USER_MAX);
        size_t n_blocked = MIN_OF(welcome->n_blocked, (size_t)BLOCKED_MAX);
        GroupName *groups;
        char(*blocked)[UID_MAX + 1];
        int r = ARRAY_COPY(&groups, welcome->groups, n_groups);

        if (r < 0)
                return r;
        r = ARRAY_COPY(&blocked, welcome->blocked, n_blocked);
        if (r < 0) {
                free(groups);
                return r;
        }
        phone->user = welcome->user;
        phone->changed |= PHONE_PROPERTY_USER;
        user_take_groups(phone, groups, n_groups);
        user_take_blocked(phone, blocked, n_blocked);
        user_who_may_ring(phone, welcome->has_who_may_ring, welcome->who_may_ring);
        /* A pending change of this device is newer than the hub's value. */
        if (!hub_request_find(phone, MESSAGE_SETTINGS, ""))
                user_when_busy(phone, welcome->when_busy);
        return 0;
}

void user_forget(Phone *phone)
{
        phone->user = (Party){};
        phone->changed |= PHONE_PROPERTY_USER;
        user_take_groups(phone, NULL, 0);
        user_take_blocked(phone, NULL, 0);
        user_who_may_ring(phone, false, WHO_MAY_RING_EVERYBODY);
}

static size_t blocked_find(const Phone *phone, const char *uid)
{
        size_t i;

        for (i = 0; i < phone->n_blocked; i++) {
                if (str_eq(phone->blocked[i], uid))
                        break;
        }
        return i;
}

int user_block(Phone *phone, const MessageBlock *block)
{
        size_t i = blocked_find(phone, block->uid);
        char(*more)[UID_MAX + 1];

        if (block->on == (i < phone->n_blocked) || (block->on && i >= BLOCKED_MAX))
                return 0;
        if (block->on) {
                more = reallocarray(phone->blocked, i + 1, sizeof(*more));
                if (!more)
                        return -ENOMEM;
                phone->blocked = more;
                STR_SET(more[i], block->uid);
                phone->n_blocked++;
        } else {
                phone->n_blocked--;
                memmove(phone->blocked[i], phone->blocked[i + 1],
                        (phone->n_blocked - i) * sizeof(*phone->blocked));
        }
        phone->changed |= PHONE_PROPERTY_BLOCKED;
        return 0;
}

int user_groups(Phone *phone, const MessageGroups *news)
{
        size_t n = MIN_OF(news->n_groups, (size_t)GROUPS_PER_USER_MAX);
        GroupName *groups;
        int r = ARRAY_COPY(&groups, news->groups, n);

        if (r < 0)
                return r;
        user_take_groups(phone, groups, n);
        return 0;
}

void user_settings(Phone *phone, const MessageSettings *news)
{
        if (!str_empty(news->name) && !str_eq(news->name, phone->user.name)) {
                STR_SET(phone->user.name, news->name);
                phone->changed |= PHONE_PROPERTY_USER;
        }
        if (news->has_who_may_ring)
                user_who_may_ring(phone, true, news->who_may_ring);
        /* A pending change of this device is newer than this one of another device. */
        if (news->has_when_busy && !hub_request_find(phone, MESSAGE_SETTINGS, ""))
                user_when_busy(phone, news->when_busy);
}

WhenBusy phone_when_busy(const Phone *phone)
{
        return phone->when_busy;
}

const char *phone_who_may_ring(const Phone *phone)
{
        return phone->knows_who_may_ring ? who_may_ring_to_string(phone->who_may_ring) : "";
}

const GroupName *phone_group_at(const Phone *phone, size_t index)
{
        return index < phone->n_groups ? &phone->groups[index] : NULL;
}

const char *phone_blocked_at(const Phone *phone, size_t index)
{
        return index < phone->n_blocked ? phone->blocked[index] : NULL;
}
