/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Sessions whose connection is lost (rule 17). Their events wait until the device comes back, until
 * it has been away for too long, or until too many events have piled up.
 */

#include <errno.h>

#include "base/log.h"
#include "hub/internal.h"

void device_session_suspend(Hub *hub, DeviceSession *session)
{
        hub_work_leave(hub, session);
        exchange_suspend(hub->exchange, hub_now(hub), session->number);
        session->outbox = ws_connection_take_outbox(session->connection);
        outbox_suspend(&session->outbox, hub->now.now);
        ws_connection_set_userdata(session->connection, NULL);
        session->connection = NULL;
        DL_APPEND2(hub->suspended, session, waits_prev, waits_next);
}

void device_session_give_up(Hub *hub, DeviceSession *session)
{
        exchange_detach(hub->exchange, hub_now(hub), session->number);
        device_session_free(hub, session);
}

usec_t hub_next_expiry(const Hub *hub)
{
        return hub->suspended ? outbox_resume_until(&hub->suspended->outbox) : USEC_NEVER;
}

void hub_expire_sessions(Hub *hub, usec_t now)
{
        while (hub_next_expiry(hub) <= now)
                device_session_give_up(hub, hub->suspended);
}

static DeviceSession *find_session(Hub *hub, const StoredToken *token, const MessageHello *hello)
{
        HubUser *user = hub_user_find(hub, token->uid);
        DeviceSession *session;

        if (!user)
                return NULL;
        DL_FOREACH (user->sessions, session) {
                if (str_eq(session->name, hello->resume) && str_eq(session->device, hello->device))
                        return session;
        }
        return NULL;
}

/* The device noticed before the hub that its old connection is dead. */
static void leave_old_connection(Hub *hub, DeviceSession *session)
{
        WsConnection *connection = session->connection;

        if (!connection)
                return;
        device_session_suspend(hub, session);
        ws_connection_close(connection, WIRE_CLOSE_REPLACED,
                            "this device has come back on another connection");
}

static int resume(Hub *hub, DeviceSession *session, WsConnection *connection, const Message *hello,
                  const StoredUser *user)
{
        Party party = {0};
        int r = outbox_resume(&session->outbox, hello->hello.resume_seq, clock_boottime());

        if (r >= 0)
                r = exchange_resume(hub->exchange, hub_now(hub), session->number);
        if (r < 0)
                return r;
        DL_DELETE2(hub->suspended, session, waits_prev, waits_next);
        session->connection = connection;
        device_session_own(session);
        ws_connection_welcome(connection);
        STR_SET(party.uid, user->uid);
        STR_SET(party.name, user->name);
        STR_SET(party.device, session->device);
        Outbox outbox = session->outbox;
        session->outbox = (Outbox){0};
        r = hub_welcome(hub, session, hello, &party, user->when_busy, true);
        if (r < 0)
                outbox_done(&outbox);
        else
                ws_connection_put_outbox(connection, &outbox);
        return r;
}

bool device_session_resume(Hub *hub, WsConnection *connection, const Message *hello,
                           const StoredToken *token, const StoredUser *user)
{
        DeviceSession *session = find_session(hub, token, &hello->hello);

        if (!session)
                return false;
        leave_old_connection(hub, session);
        session->token_id = token->id;
        int r = resume(hub, session, connection, hello, user);
        if (r >= 0) {
                log_fields(LOG_INFO, "a device has resumed its session", "PEER=%s", user->uid,
                           "DEVICE=%s", session->device, NULL);
        } else if (session->connection) {
                log_error("cannot send device %s the events that it missed: %s", session->device,
                          strerror(-r));
                ws_connection_close(connection, WIRE_CLOSE_GOING_AWAY, "the hub is out of memory");
                r = 0;
        } else {
                device_session_give_up(hub, session);
        }
        hub_drain(hub);
        return r >= 0;
}
