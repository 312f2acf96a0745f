/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The hub's face to the devices: WebSocket by libwebsockets on the libuv loop. Accepts, upgrades,
 * puts frames together to messages of bounded size, keeps connections alive, and writes what stands
 * in each connection's outbox. What messages mean is the handler's business.
 */

#include <libwebsockets.h>
#include <uv.h>

#include "hub/outbox.h"
#include "hub/web-files.h"
#include "wire/wire.h"

#define HELLO_DEADLINE_US (10 * USEC_PER_SEC) /* a connection without a user is nobody's */
#define PING_IN_CALL_US (5 * USEC_PER_SEC)    /* rule 17 */
#define PING_IDLE_US (30 * USEC_PER_SEC)      /* rule 17 */
#define PINGS_MISSED_IN_CALL 2                /* rule 17 */
#define PINGS_MISSED_IDLE 3                   /* PROTOCOL.md, Transport */
#define CLOSE_DEADLINE_S 5                    /* for the last words to be written */
#define WS_ADDRESS_MAX 46                     /* INET6_ADDRSTRLEN */

typedef struct WsServer WsServer;
typedef struct WsConnection WsConnection;

typedef struct WsHandler {
        /* A message came; `text` is gone afterwards. */
        void (*message)(WsConnection *connection, const char *text, size_t length, void *userdata);
        /* The connection is gone, or going: nothing more will be sent or received. Called once. */
        void (*closed)(WsConnection *connection, void *userdata);
        /* Is this connection to be pinged often? */
        bool (*in_call)(WsConnection *connection, void *userdata);
        void *userdata;
} WsHandler;

typedef struct WsServerOptions {
        const char *host;
        uint16_t port;                 /* 0: any that is free */
        const char *certificate, *key; /* PEM files, or both NULL */
        uint32_t max_events;           /* unacknowledged, per connection */
        const WebFiles *web;           /* the page to serve; NULL: none */
} WsServerOptions;

/* `context` and `loop` outlive it. On failure there is a sentence in *ret_text. */
int ws_server_new(struct lws_context *context, uv_loop_t *loop, const WsServerOptions *options,
                  const WsHandler *handler, WsServer **ret, char **ret_text);
/* Closes every connection as "going away". The context must be served until it is destroyed. */
void ws_server_stop(WsServer *server);
bool ws_server_is_empty(const WsServer *server); /* every connection is gone */
WsServer *ws_server_free(WsServer *server); /* after the context is gone and the loop has run out */
DEFINE_CLEANUP(WsServer *, ws_server_free);

uint16_t ws_server_port(const WsServer *server);

/* Commits up to this number are done: sends what has waited for them. */
void ws_server_committed(WsServer *server, uint64_t committed);

/* Before the loop waits again: closes what is through with its last words. */
void ws_server_turn_end(WsServer *server);

const char *ws_connection_address(const WsConnection *connection);
/* The bearer token that came with the upgrade, or NULL; it is wiped by ws_connection_welcome(). */
const char *ws_connection_bearer(const WsConnection *connection);
/* Somebody has logged in: the connection may stay. */
void ws_connection_welcome(WsConnection *connection);
/* The connection has gone of itself: nobody closed it here. */
bool ws_connection_is_lost(const WsConnection *connection);
/* From one that is gone. */
Outbox ws_connection_take_outbox(WsConnection *connection);
/* What was kept for a device that is back; it goes behind the connection's own. Leaves `outbox`
 * empty. */
void ws_connection_put_outbox(WsConnection *connection, Outbox *outbox);
void *ws_connection_userdata(const WsConnection *connection);
void ws_connection_set_userdata(WsConnection *connection, void *userdata);

/* The messages of a closing connection go nowhere. A connection that cannot take it is closed as
 * too slow. */
int ws_connection_send(WsConnection *connection, Message *message, uint64_t barrier);
int ws_connection_acknowledge(WsConnection *connection, uint64_t seq);
uint32_t ws_connection_replies_waiting(const WsConnection *connection);

/* It says what makes no sense: is read from again when its turn comes (server.c), so that others
 * are.
 */
void ws_connection_pause(WsConnection *connection);

/* Closes when what waits has been written. `handler->closed` is called now. */
void ws_connection_close(WsConnection *connection, WireClose code, const char *text);
