/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Shared by loop.c and the WebSocket: its protocol in the lws context. */

#include <libwebsockets.h>

#define LOOP_PROTOCOL_WEBSOCKET "websocket" /* selects the handler in this process; never sent */

/*
 * The handler. The opaque user data of a connection is its WebSocket, or NULL after
 * websocket_give_up().
 */
int websocket_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                       size_t length);
