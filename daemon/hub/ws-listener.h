/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The server's listening socket: with or without TLS, who may come in, and the page for those who
 * speak plain HTTP.
 */

#include "hub/acceptor.h"
#include "hub/ws-server.h"

typedef struct WsListener {
        struct lws_vhost *vhost;
        void *owner;
        struct lws_protocols protocols[3]; /* plain HTTP, the WebSocket's, the terminator */
        Certificate *certificate;          /* not owned; NULL: no TLS */
        Admission *admission;
        Acceptor acceptor;
        WebFiles *page; /* owned; NULL: none */
} WsListener;

/*
 * `websocket` is the protocol of our connections. Returns 0; or -ENOMEM or, with a sentence in
 * *ret_text, -EADDRNOTAVAIL for an address that cannot be bound. The listener must stay where it is
 * until the context is destroyed, and ws_listener_done() comes after that.
 */
int ws_listener_open(WsListener *listener, struct lws_context *context, uv_loop_t *loop,
                     const WsServerOptions *options, const struct lws_protocols *websocket,
                     void *owner, char **ret_text);
/* Nobody else comes in. */
void ws_listener_stop(WsListener *listener);
void ws_listener_done(WsListener *listener);
uint16_t ws_listener_port(const WsListener *listener);
void ws_listener_set_page(WsListener *listener, WebFiles *page); /* takes it */

/* The owner of the listener that this connection came in by. */
void *ws_listener_owner(struct lws *wsi);
/* A trusted proxy says that the connection is from this address. Returns 0 or -ENOMEM. */
int ws_listener_hears_from(struct lws *wsi, const char *address);
/* The connection has logged in. */
void ws_listener_knows(struct lws *wsi);
