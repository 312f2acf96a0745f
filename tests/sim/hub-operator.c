/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>

#include "sim.h"

/* Users, blocked users and groups: as the hub has stored them, and as they change. */

bool hub_has_member(const World *world, unsigned group, unsigned user)
{
        const Disk *disk = &world->hub.disk;

        return disk->member[group][user] && !disk->removed[user];
}

static int put_group(World *world, unsigned group)
{
        const char *members[USERS_MAX];
        char guid[UID_MAX + 1];
        ExchangeNow moment = hub_moment(world);
        size_t n = 0;

        for (unsigned user = 0; user < world->weather.users; user++) {
                if (hub_has_member(world, group, user))
                        members[n++] = user_uid(user);
        }
        snprintf(guid, sizeof(guid), "group-%u", group);
        return exchange_group_put(world->hub.exchange, &moment, guid, guid, members, n);
}

int hub_load(World *world)
{
        HubParty *hub = &world->hub;
        const Disk *disk = &hub->disk;
        unsigned users = world->weather.users;
        int r = 0;

        for (unsigned u = 0; r == 0 && u < users; u++) {
                if (!disk->removed[u])
                        r = exchange_user_add(hub->exchange, user_uid(u), user_uid(u),
                                              disk->when_busy[u]);
                if (r == 0 && !disk->removed[u])
                        r = exchange_user_set_who_may_ring(hub->exchange, user_uid(u),
                                                           disk->who_may_ring[u]);
        }
        for (unsigned u = 0; r == 0 && u < users * users; u++) {
                if (disk->blocked[u / users][u % users] && !disk->removed[u / users])
                        r = exchange_user_block(hub->exchange, user_uid(u / users),
                                                user_uid(u % users));
                if (r == 0 && disk->called[u / users][u % users] && !disk->removed[u / users])
                        r = exchange_user_called(hub->exchange, user_uid(u / users),
                                                 user_uid(u % users));
        }
        for (unsigned g = 0; r == 0 && g < world->weather.groups; g++)
                r = put_group(world, g);
        return r;
}

void hub_change_member(World *world, unsigned group, unsigned user)
{
        HubParty *hub = &world->hub;
        Disk *disk = &hub->disk;

        disk->member[group][user] = !disk->member[group][user];
        disk->member_changed_at[group] = world->now;
        trace(world, "hub: user-%u is %s group-%u", user,
              disk->member[group][user] ? "now in" : "no longer in", group);
        if (!hub->up)
                return;
        if (put_group(world, group) != 0)
                abort();
        hub_drain(world);
}

void hub_remove_user(World *world, unsigned user)
{
        HubParty *hub = &world->hub;

        if (hub->disk.removed[user])
                return;
        trace(world, "hub: user-%u is removed", user);
        hub->disk.removed[user] = true;
        disk_remove_user(world, user);
        for (unsigned group = 0; group < GROUPS; group++)
                hub->disk.member_changed_at[group] = world->now;
        /* As the database: whoever gets that uid later is somebody else. */
        for (unsigned other = 0; other < USERS_MAX; other++)
                hub->disk.blocked[user][other] = hub->disk.blocked[other][user] =
                        hub->disk.called[user][other] = hub->disk.called[other][user] = false;
        if (!hub->up)
                return;
        ExchangeNow moment = hub_moment(world);
        if (exchange_user_remove(hub->exchange, &moment, user_uid(user)) != 0)
                abort();
        hub_drain(world);
}
