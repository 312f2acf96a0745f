/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The doors of the server: an address, with or without TLS, and perhaps a unix socket; who may come
 * in, and the page for those who speak plain HTTP.
 */

#include "hub/acceptor.h"
#include "hub/handshake-pace.h"
#include "hub/ws-server.h"

typedef struct WsListener WsListener;

typedef struct WsDoor {
        WsListener *listener;
        struct lws_vhost *vhost;
        Acceptor acceptor;
} WsDoor;

struct WsListener {
        WsDoor address, socket;
        bool has_socket;
        void *owner;
        struct lws_protocols protocols[3]; /* plain HTTP, the WebSocket's, the terminator */
        Certificate *certificate;          /* not owned; NULL: no TLS */
        HandshakePace pace;
        uv_loop_t *loop; /* not owned */
        Admission *admission;
        WebFiles *page; /* owned; NULL: none */
};

/*
 * `websocket` is the protocol of our connections. Returns 0; or -ENOMEM or, with a sentence in
 * *ret_text, -EADDRNOTAVAIL for an address that cannot be bound, or unix_socket_listen()'s. The
 * listener must stay where it is until the context is destroyed, and ws_listener_done() comes after
 * that.
 */
int ws_listener_open(WsListener *listener, struct lws_context *context, uv_loop_t *loop,
                     const WsServerOptions *options, const struct lws_protocols *websocket,
                     void *owner, char **ret_text);
/* Accepts no more connections. */
void ws_listener_stop(WsListener *listener);
void ws_listener_done(WsListener *listener);
uint16_t ws_listener_port(const WsListener *listener);
void ws_listener_set_page(WsListener *listener, WebFiles *page); /* takes it */

/* Where a connection comes from, in numbers: an address, or "user 1000" for the unix socket. */
void ws_listener_peer(struct lws *wsi, char ret[static WS_ADDRESS_MAX]);
/* The owner of the listener that this connection came in by. */
void *ws_listener_owner(struct lws *wsi);
/* A trusted proxy says that the connection is from this address. Returns 0 or -ENOMEM. */
int ws_listener_hears_from(struct lws *wsi, const char *address);
/* The connection has shown a good token. */
void ws_listener_knows(struct lws *wsi);
