/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Shared by loop.c and the WebSocket: the protocols of the lws context. */

#include <libwebsockets.h>

#define LOOP_PROTOCOL_WEBSOCKET "websocket" /* names the local handler, never sent */

/* The handler. A connection's WebSocket is its opaque user data, NULL once it is given up. */
int websocket_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                       size_t length);
