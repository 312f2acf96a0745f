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

typedef struct HubConnection HubConnection;

typedef struct HubConnectionEvents {
        /* Fill in the hello, all but the token. */
        void (*hello)(void *userdata, HubConnection *connection, Message *ret);
        void (*welcomed)(void *userdata, HubConnection *connection, const Message *welcome);
        void (*message)(void *userdata, HubConnection *connection, const Message *message);
        /* Over. `error`: CALL_ERROR_AUTH_FAILED when trying again is of no use, CALL_ERROR_TIMEOUT
         * when the hub was silent, else CALL_ERROR_NOT_CONNECTED. */
        void (*closed)(void *userdata, HubConnection *connection, CallError error,
                       const char *text);
} HubConnectionEvents;

/* Copies the credentials. */
int hub_connection_new(Loop *loop, const Credentials *credentials, bool insecure,
                       const HubConnectionEvents *events, void *userdata, HubConnection **ret);
HubConnection *hub_connection_free(HubConnection *connection); /* closes it, without a callback */
DEFINE_CLEANUP(HubConnection *, hub_connection_free);

bool hub_connection_is_up(const HubConnection *connection);
const Credentials *hub_connection_credentials(const HubConnection *connection);
int hub_connection_send(HubConnection *connection, const Message *message);
/* Sends what is queued, then closes; `closed` follows. */
void hub_connection_close(HubConnection *connection);
