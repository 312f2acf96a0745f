/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "base/secret-file.h"
#include "hub/internal.h"

int hub_user_add(Hub *hub, const char *uid, const char *name, bool *ret_new)
{
        StoredUser user;
        int r = hub_database_user_add(hub->database, uid, name, ret_new);

        if (r >= 0)
                r = hub_database_user_get(hub->database, uid, &user);
        if (r >= 0)
                r = exchange_user_add(hub->exchange, uid, user.name, user.when_busy);
        hub_drain(hub);
        return r;
}

int hub_user_remove(Hub *hub, const char *uid)
{
        StoredUser user;
        int r = hub_database_user_get(hub->database, uid, &user);

        if (r >= 0)
                r = hub_lanes_finish(hub);
        if (r < 0)
                return r;
        hub->removes_user = true;
        r = exchange_user_remove(hub->exchange, hub_now(hub), uid);
        hub_drain(hub);
        hub->removes_user = false;
        if (r < 0)
                return r;
        /*
         * Writes the ends of the user's calls, which stay in the history of the other parties,
         * before the user's own history is removed. If that cannot be stored, the operator tries
         * again, and only the rows of the user are left to be removed then.
         */
        r = hub_lanes_finish(hub);
        if (r < 0)
                return r;
        hub_work_drop(hub, uid);
        r = hub_flush(hub);
        return r < 0 ? r : hub_database_user_remove(hub->database, uid);
}

int hub_put_group(Hub *hub, const StoredGroup *group)
{
        _cleanup_free_ const char **uids = calloc(group->n_uids + 1, sizeof(*uids));

        if (!uids)
                return -ENOMEM;
        for (size_t i = 0; i < group->n_uids; i++)
                uids[i] = group->uids[i];
        return exchange_group_put(hub->exchange, hub_now(hub), group->guid, group->name, uids,
                                  group->n_uids);
}

int hub_group_changed(Hub *hub, const char *guid)
{
        StoredGroup group;
        int r = hub_groups_get(hub_database_groups(hub->database), guid, &group);

        if (r < 0)
                return r;
        r = hub_put_group(hub, &group);
        stored_group_done(&group);
        hub_drain(hub);
        return r > 0 ? -EUCLEAN : r; /* groups.c enforces the same limits */
}

int hub_group_removed(Hub *hub, const char *guid)
{
        int r = exchange_group_remove(hub->exchange, hub_now(hub), guid);

        hub_drain(hub);
        return MIN_OF(r, 0);
}

int hub_token_revoke(Hub *hub, int64_t id)
{
        HubUser *user, *next_user;
        DeviceSession *session, *next;
        int r = hub_database_token_revoke(hub->database, id);

        if (r < 0)
                return r;
        HASH_ITER (hh, hub->users, user, next_user) {
                for (session = user->sessions; session; session = next) {
                        next = session->next;
                        if (session->token_id != id)
                                continue;
                        if (session->connection)
                                ws_connection_close(session->connection, WIRE_CLOSE_REVOKED,
                                                    "the token was revoked");
                        else
                                device_session_give_up(hub, session);
                }
        }
        hub_drain(hub);
        return 0;
}

int hub_each_call(Hub *hub, int (*each)(const CallRecord *, void *), void *userdata)
{
        return exchange_each_call(hub->exchange, each, userdata);
}

int hub_ice_servers(Hub *hub, const IceServer *servers, size_t n, char *secret, usec_t until)
{
        secret_free(hub->turn_secret);
        hub->turn_secret = secret;
        hub->ice_until = until;
        return exchange_ice_servers(hub->exchange, servers, n);
}
