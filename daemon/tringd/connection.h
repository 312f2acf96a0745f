/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One connection to a hub: WebSocket, hello, and messages as types. It is up once the hub has
 * welcomed it, which it must do within LINK_WELCOME_US.
 *
 * Callbacks come from the loop, never from inside a function called here; none comes after `closed`
 * or `refused`. The object may be freed in any of them.
 */

#include "loop/loop.h"
#include "model/message.h"
#include "tringd/credentials.h"

typedef struct Connection Connection;

typedef struct ConnectionEvents {
        /* Fill in the hello, all but the token. */
        void (*hello)(void *userdata, Connection *connection, Message *ret);
        void (*welcomed)(void *userdata, Connection *connection, const Message *welcome);
        void (*message)(void *userdata, Connection *connection, const Message *message);
        /* Over. `error`: CALL_ERROR_AUTH_FAILED when trying again is of no use, CALL_ERROR_TIMEOUT
         * when the hub was silent, else CALL_ERROR_NOT_CONNECTED. */
        void (*closed)(void *userdata, Connection *connection, CallError error, const char *text);
} ConnectionEvents;

/* Copies the credentials. */
int connection_new(Loop *loop, const Credentials *credentials, bool insecure,
                   const ConnectionEvents *events, void *userdata, Connection **ret);
Connection *connection_free(Connection *connection); /* closes it, without a callback */
DEFINE_CLEANUP(Connection *, connection_free);

bool connection_is_up(const Connection *connection);
const Credentials *connection_credentials(const Connection *connection);
int connection_send(Connection *connection, const Message *message);
/* Sends what is queued, then closes; `closed` follows. */
void connection_close(Connection *connection);
