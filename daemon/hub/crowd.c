/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Memory for messages that nobody takes. An outbox is bounded, but a user has many devices and the
 * hub many users. When they have too much in line together, the device with the most of it goes:
 * it is the furthest behind, and finds out all that it has missed when it comes back.
 */

#include "base/log.h"
#include "hub/internal.h"

static size_t session_queued(const DeviceSession *session)
{
        return session->connection ? ws_connection_queued(session->connection)
                                   : session->outbox.n_bytes;
}

/* Of this user's devices; NULL: of all. */
static DeviceSession *fullest(Hub *hub, const HubUser *user)
{
        DeviceSession *session = user ? user->sessions : hub->sessions, *most = session;

        for (; session; session = user ? session->next : session->hh.next) {
                if (session_queued(session) > session_queued(most))
                        most = session;
        }
        return most;
}

/* Gives up a device of this user; NULL: of any. May free the user. */
static void give_up_fullest(Hub *hub, const HubUser *user)
{
        DeviceSession *session = fullest(hub, user);

        log_fields(LOG_NOTICE, "too many messages wait for a device, which is given up", "PEER=%s",
                   session->user ? session->user->uid : "", "DEVICE=%s", session->device, NULL);
        if (session->connection)
                ws_connection_drop(session->connection, "too many messages wait for this device");
        else
                device_session_give_up(hub, session);
}

void hub_shed(Hub *hub)
{
        if (!hub->queued.over && hub->queued.n <= hub->queued.max)
                return;
        while (hub->queued.over)
                give_up_fullest(hub, CONTAINER_OF(hub->queued.over, HubUser, queued));
        while (hub->queued.n > hub->queued.max)
                give_up_fullest(hub, NULL);
        hub_drain(hub);
}
