/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "base/secret-file.h"
#include "hub/hub-internal.h"

int hub_user_add(Hub *hub, const char *uid, const char *name, bool *ret_new)
{
        KeeperUser user;
        int r = keeper_user_add(hub->keeper, uid, name, ret_new);

        if (r >= 0)
                r = keeper_user_get(hub->keeper, uid, &user);
        return r < 0 ? r : exchange_user_add(hub->exchange, uid, user.name, user.when_busy);
}

int hub_user_remove(Hub *hub, const char *uid)
{
        KeeperUser user;
        Moment moment;
        int r = keeper_user_get(hub->keeper, uid, &user);

        if (r < 0)
                return r;
        hub_moment(&moment);
        hub->removes_user = true;
        r = exchange_user_remove(hub->exchange, &moment, uid);
        hub_drain(hub);
        hub->removes_user = false;
        if (r < 0)
                return r;
        /* The ends of their calls belong to the others' history; their own goes at once. */
        hub_flush(hub);
        return keeper_user_remove(hub->keeper, uid);
}

int hub_put_group(Hub *hub, const RosterGroup *group)
{
        _cleanup_free_ const char **uids = calloc(group->n_uids + 1, sizeof(*uids));
        Moment moment;

        if (!uids)
                return -ENOMEM;
        for (size_t i = 0; i < group->n_uids; i++)
                uids[i] = group->uids[i];
        hub_moment(&moment);
        return exchange_group_put(hub->exchange, &moment, group->guid, group->name, uids,
                                  group->n_uids);
}

int hub_group_changed(Hub *hub, const char *guid)
{
        RosterGroup group;
        int r = roster_get(keeper_roster(hub->keeper), guid, &group);

        if (r < 0)
                return r;
        r = hub_put_group(hub, &group);
        roster_group_done(&group);
        hub_drain(hub);
        return r > 0 ? -EUCLEAN : r; /* the roster has the same limits */
}

int hub_group_removed(Hub *hub, const char *guid)
{
        Moment moment;

        hub_moment(&moment);
        int r = exchange_group_remove(hub->exchange, &moment, guid);
        hub_drain(hub);
        return MIN_OF(r, 0);
}

int hub_token_revoke(Hub *hub, int64_t id)
{
        HubUser *user, *next_user;
        HubLink *link, *next;
        int r = keeper_token_revoke(hub->keeper, id);

        if (r < 0)
                return r;
        HASH_ITER (hh, hub->users, user, next_user) {
                for (link = user->links; link; link = next) {
                        next = link->next;
                        if (link->token_id != id)
                                continue;
                        if (link->edge_link)
                                edge_close(link->edge_link, WIRE_CLOSE_REVOKED,
                                           "the token was revoked");
                        else
                                hub_link_give_up(hub, link);
                }
        }
        hub_drain(hub);
        return 0;
}

int hub_each_call(Hub *hub, int (*each)(const CallRecord *, void *), void *userdata)
{
        return exchange_each_call(hub->exchange, each, userdata);
}

int hub_ice_servers(Hub *hub, const IceServer *servers, size_t n, char *secret)
{
        secret_free(hub->turn_secret);
        hub->turn_secret = secret;
        return exchange_ice_servers(hub->exchange, servers, n);
}
