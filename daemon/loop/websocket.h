/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A WebSocket connection to one URL, for text messages. The object connects once; its owner decides
 * whether and when to make another one (backoff.h).
 *
 * A helper thread resolves names, because libwebsockets would call getaddrinfo() in the loop.
 * Certificates are always verified against the name in the URL. Plain ws:// goes to loopback only,
 * unless `insecure` allows more.
 *
 * The loop makes the callbacks, never a function of this header. `closed` is the last one; the
 * object stays until websocket_free().
 */

#include <stddef.h>
#include <stdint.h>

#include "loop/loop.h"
#include "loop/peer-owner.h"
#include "loop/url.h"

#define WEBSOCKET_CONNECT_US (10 * 1000 * 1000) /* for resolving, TCP, TLS and upgrade together */
#define WEBSOCKET_MESSAGE_MAX (64 * 1024)       /* bytes of one message, either way */
#define WEBSOCKET_QUEUE_MAX (1024 * 1024)       /* queued bytes; beyond that -ENOBUFS */

typedef struct WebSocket WebSocket;

typedef struct WebSocketEvents {
        void (*opened)(void *userdata);
        /* One whole text message, NUL-terminated, valid until the callback returns. */
        void (*message)(void *userdata, const char *text, size_t length);
        /* `code` is the close code if the peer closed the connection, else 0; `reason` is for a
         * person. */
        void (*closed)(void *userdata, unsigned code, const char *reason);
} WebSocketEvents;

typedef struct WebSocketOptions {
        const char *url;         /* ws://host[:port][/path] or wss://… */
        const char *path;        /* for a URL without one: "/v1/ws" */
        const char *subprotocol; /* "tring.v1" */
        unsigned default_port;
        bool insecure;           /* allow plain ws:// to other hosts than loopback */
        unsigned silent_after_s; /* close if no ping or message comes for so long; 0: never */
} WebSocketOptions;

/* Checks a URL without connecting. Returns 0, or -EINVAL with a static sentence in *ret_text. */
int websocket_check_url(const char *url, bool insecure, const char **ret_text);

int websocket_new(Loop *loop, const WebSocketOptions *options, const WebSocketEvents *events,
                  void *userdata, WebSocket **ret);
WebSocket *websocket_free(WebSocket *websocket); /* closes it, without a callback */
DEFINE_CLEANUP(WebSocket *, websocket_free);

/* Queues a copy of one text message. Returns 0, -ENOMEM, -ENOBUFS, -EMSGSIZE, or -ENOTCONN. */
int websocket_send(WebSocket *websocket, const char *text, size_t length);

/*
 * Whose program the other side is (peer-owner.h), once it has opened. Returns 0, or -EREMOTE if
 * that is no matter of this machine: by TLS the other side has shown a certificate, and elsewhere
 * nobody can tell.
 */
int websocket_peer_owner(const WebSocket *websocket, uid_t *ret);

/* Sends the queued messages, then a close frame; `closed` follows. */
void websocket_close(WebSocket *websocket, unsigned code);
