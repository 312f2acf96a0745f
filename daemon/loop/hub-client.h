/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The client's side of a connection to a hub: WebSocket, hello, messages as types, and back-off
 * between two tries. The owner decides whether a lost connection is tried again.
 *
 * Callbacks come from the loop, never from inside a function called here. Each of them may free the
 * client.
 */

#include "base/clock.h"
#include "loop/loop.h"
#include "model/message.h"

/* From connect to welcome: Login must reply within 10 s. */
#define HUB_CLIENT_WELCOME_US (10 * USEC_PER_SEC)

typedef struct HubClient HubClient;

typedef enum HubClientState {
        HUB_CLIENT_IDLE,       /* new, or lost and not tried again */
        HUB_CLIENT_WAITING,    /* for the next try */
        HUB_CLIENT_CONNECTING, /* until the welcome */
        HUB_CLIENT_ONLINE,
} HubClientState;

typedef struct HubClientOptions {
        const char *hub, *token; /* copied */
        bool insecure;           /* plain ws:// to other machines is allowed */
} HubClientOptions;

typedef struct HubClientEvents {
        /* Fill in the hello, all but the token. */
        void (*hello)(void *userdata, HubClient *client, Message *ret);
        void (*welcomed)(void *userdata, HubClient *client, const Message *welcome);
        void (*message)(void *userdata, HubClient *client, const Message *message);
        /*
         * The connection is lost, or could not be made; the client is idle. `error` is
         * CALL_ERROR_AUTH_FAILED when another try with this token is useless, CALL_ERROR_TIMEOUT
         * when the hub did not answer, else CALL_ERROR_NOT_CONNECTED.
         */
        void (*lost)(void *userdata, HubClient *client, CallError error, const char *text);
} HubClientEvents;

/* The new client is idle. */
int hub_client_new(Loop *loop, const HubClientOptions *options, const HubClientEvents *events,
                   void *userdata, HubClient **ret);
HubClient *hub_client_free(HubClient *client); /* disconnects, without a callback */
DEFINE_CLEANUP(HubClient *, hub_client_free);

/* Connects at once, unless connected or connecting, and resets the back-off. */
int hub_client_connect(HubClient *client);

/* Disconnects if connected, and connects again after a wait. */
void hub_client_retry(HubClient *client);

/* The client is idle afterwards; without a callback. */
void hub_client_disconnect(HubClient *client);

/* Sends what is queued, then closes; `lost` follows. */
void hub_client_close(HubClient *client);

HubClientState hub_client_state(const HubClient *client);

/* Returns 0, -ENOTCONN unless online, or what websocket_send() returns. */
int hub_client_send(HubClient *client, const Message *message);
