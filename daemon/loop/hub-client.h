/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The client's side of a connection to a hub: WebSocket, hello, messages as types, and back-off
 * between two tries. The owner decides whether to retry after a lost connection.
 *
 * The loop makes the callbacks, never a function of this header; each may free the client.
 */

#include "base/clock.h"
#include "loop/loop.h"
#include "model/message.h"

/* From connect to welcome: Login must reply within 10 s. */
#define HUB_CLIENT_WELCOME_US (10 * USEC_PER_SEC)
/* After an error reply to hello: for the close frame, whose code says more. */
#define HUB_CLIENT_CLOSE_US (1 * USEC_PER_SEC)

typedef struct HubClient HubClient;

typedef enum HubClientState {
        HUB_CLIENT_IDLE,       /* new, lost or disconnected, without a retry */
        HUB_CLIENT_WAITING,    /* until the next try */
        HUB_CLIENT_CONNECTING, /* until the welcome */
        HUB_CLIENT_ONLINE,
} HubClientState;

typedef struct HubClientOptions {
        const char *hub, *token; /* copied */
        bool insecure;           /* plain ws:// to other machines is allowed */
        /*
         * On this machine: whose program the hub was when it welcomed this token, or
         * PEER_OWNER_UNKNOWN. No other gets the token. NULL: decided by the first welcome.
         */
        const uid_t *owner;
        const char *owner_remedy; /* what to do if another is right, for a sentence; not copied */
} HubClientOptions;

/*
 * Why a connection was lost or could not be made. `error` is CALL_ERROR_AUTH_FAILED if the hub has
 * refused the device, CALL_ERROR_TIMEOUT if it did not answer, else CALL_ERROR_NOT_CONNECTED.
 */
typedef struct HubClientLoss {
        CallError error;
        HubRefusal refusal; /* of CALL_ERROR_AUTH_FAILED */
        const char *text;   /* a sentence */
} HubClientLoss;

typedef struct HubClientEvents {
        /* Fills in the hello, except the token. */
        void (*hello)(void *userdata, HubClient *client, Message *ret);
        void (*welcomed)(void *userdata, HubClient *client, const Message *welcome);
        void (*message)(void *userdata, HubClient *client, const Message *message);
        /* The connection was lost, or could not be made; the client is idle. */
        void (*lost)(void *userdata, HubClient *client, const HubClientLoss *loss);
} HubClientEvents;

/* The new client is idle. */
int hub_client_new(Loop *loop, const HubClientOptions *options, const HubClientEvents *events,
                   void *userdata, HubClient **ret);
HubClient *hub_client_free(HubClient *client); /* disconnects, without a callback */
DEFINE_CLEANUP(HubClient *, hub_client_free);

/* Connects at once, unless connected or connecting, and resets the back-off. */
int hub_client_connect(HubClient *client);

/* Whether plain ws:// to other machines is allowed, for connections that begin from now on. */
void hub_client_allow_insecure(HubClient *client, bool insecure);

/*
 * Disconnects if connected, and connects again after the back-off. A welcome alone does not shorten
 * the back-off: the error that ended the last connection may come next. A connection that lasted
 * BACKOFF_LASTS_US, or that hub_client_worked() was called for, resets it, unless the hub made it
 * useless.
 */
void hub_client_retry(HubClient *client);
/* An event has come by this connection, and was taken. */
void hub_client_worked(HubClient *client);
/* What the hub has sent by this connection is of no use: it is about to be ended. */
void hub_client_failed(HubClient *client);

/* Disconnects without a callback; the client is idle then. */
void hub_client_disconnect(HubClient *client);

/* Sends the queued messages, then closes the connection; `lost` follows. */
void hub_client_close(HubClient *client);

/* As HubClientOptions.owner, with the last welcome; NULL: not on this machine, or none came. */
const uid_t *hub_client_owner(const HubClient *client);

HubClientState hub_client_state(const HubClient *client);

/* Returns 0, -ENOTCONN unless online, or an error of websocket_send(). */
int hub_client_send(HubClient *client, const Message *message);
