/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The hub's WebSocket server: libwebsockets on the libuv loop. Accepts, upgrades, assembles
 * messages of bounded size, keeps connections alive, and writes the outbox of each connection. The
 * handler knows what messages mean.
 */

#include <libwebsockets.h>
#include <uv.h>

#include "hub/admission.h"
#include "hub/certificate.h"
#include "hub/outbox.h"
#include "hub/web-files.h"
#include "wire/wire.h"

/* A connection that does not log in must not stay open. */
#define HELLO_DEADLINE_US (10 * USEC_PER_SEC)
#define PING_IN_CALL_US (5 * USEC_PER_SEC) /* rule 17 */
#define PING_IDLE_US (30 * USEC_PER_SEC)   /* rule 17 */
#define PINGS_MISSED_IN_CALL 2             /* rule 17 */
#define PINGS_MISSED_IDLE 3                /* PROTOCOL.md, Transport */
#define CLOSE_DEADLINE_S 5                 /* for the last messages to be written */
/* Bytes of them that nobody counts: as many as an unfinished message of a device may have. */
#define CLOSE_BYTES_MAX WIRE_MESSAGE_MAX
#define WS_ADDRESS_MAX 46 /* INET6_ADDRSTRLEN */

typedef struct WsServer WsServer;
typedef struct WsConnection WsConnection;

typedef struct WsHandler {
        /* A message was received; `text` is valid only during the call. */
        void (*message)(WsConnection *connection, const char *text, size_t length, void *userdata);
        /* The connection is closed or closing: nothing more is sent or received. Called once. */
        void (*closed)(WsConnection *connection, void *userdata);
        /* Whether to ping this connection often. */
        bool (*in_call)(WsConnection *connection, void *userdata);
        void *userdata;
} WsHandler;

typedef struct WsServerOptions {
        const char *host;
        uint16_t port;            /* 0: any free port */
        const char *socket;       /* path of a unix socket; NULL or empty: none */
        Certificate *certificate; /* NULL: no TLS; must outlive the context */
        const char *proxies;      /* hub/proxies.h; must outlive the server; NULL: none */
        const char *origins;      /* hub/origins.h; must outlive the server; NULL: none */
        uint32_t max_connections; /* at a time */
} WsServerOptions;

/* `context` and `loop` must outlive it. On failure *ret_text holds a sentence. */
int ws_server_new(struct lws_context *context, uv_loop_t *loop, const WsServerOptions *options,
                  const WsHandler *handler, WsServer **ret, char **ret_text);
/*
 * Starts to close every connection as "going away". The last messages are written only if the loop
 * runs on until ws_server_is_empty().
 */
void ws_server_stop(WsServer *server);
bool ws_server_is_empty(const WsServer *server); /* all connections are closed */
/* Call it after the context is destroyed and the loop has finished. */
WsServer *ws_server_free(WsServer *server);
DEFINE_CLEANUP(WsServer *, ws_server_free);

uint16_t ws_server_port(const WsServer *server);

/* Settings that may change at any time. */
void ws_server_limit_events(WsServer *server, uint32_t max); /* unacknowledged, per connection */
void ws_server_set_page(WsServer *server, WebFiles *page);   /* takes `page`; NULL: none */

/* Commits up to this number are done: sends the messages that waited for them. */
void ws_server_committed(WsServer *server, uint64_t committed);

/* Before the loop waits: closes the connections whose last messages are written. */
void ws_server_turn_end(WsServer *server);

/* Of the client; a trusted proxy that stands between is not it. */
const char *ws_connection_address(const WsConnection *connection);
/* The bearer token of the upgrade, or NULL; ws_connection_welcome() wipes it. */
const char *ws_connection_bearer(const WsConnection *connection);
/* A device has shown a good token: no stranger that others push out (admission.h). */
void ws_connection_know(WsConnection *connection);
/* A device has logged in: the connection may stay open. */
void ws_connection_welcome(WsConnection *connection);
/* The connection was lost, not closed by the hub. */
bool ws_connection_is_lost(const WsConnection *connection);
/* Takes the outbox of a lost connection. */
Outbox ws_connection_take_outbox(WsConnection *connection);
/*
 * Appends the messages of a device that is back to those of its new connection. Leaves `outbox`
 * empty.
 */
void ws_connection_put_outbox(WsConnection *connection, Outbox *outbox);
void *ws_connection_userdata(const WsConnection *connection);
void ws_connection_set_userdata(WsConnection *connection, void *userdata);

/*
 * A closing connection drops the message. A connection that cannot queue it is closed as too slow.
 */
int ws_connection_send(WsConnection *connection, Message *message, uint64_t barrier);
/* The same for an event that another user pays for, as outbox_push_from(). */
int ws_connection_send_from(WsConnection *connection, Message *message, const char *from,
                            uint32_t n_paid);
/* Whose messages these are (outbox.h); nobody's from the moment when the connection closes. */
void ws_connection_set_owner(WsConnection *connection, const OutboxOwner *owner);
size_t ws_connection_queued(const WsConnection *connection); /* bytes */
/* Frees what is in line and closes the connection as too slow. */
void ws_connection_drop(WsConnection *connection, const char *text);
int ws_connection_acknowledge(WsConnection *connection, uint64_t seq);
uint32_t ws_connection_replies_waiting(const WsConnection *connection);

/*
 * The connection sent garbage, or its user has had their share: stop reading from it until its turn
 * comes, so that it cannot starve others.
 */
void ws_connection_pause(WsConnection *connection);

/*
 * Reads no further messages until `what` is done; NULL: from now on again. A closing connection is
 * left alone.
 */
void ws_connection_hold(WsConnection *connection, void *what);
void *ws_connection_held_for(const WsConnection *connection);

/* Closes the connection once its outbox is written. Calls `handler->closed` now. */
void ws_connection_close(WsConnection *connection, WireClose code, const char *text);
