/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A blocking WebSocket client (RFC 6455) on a plain socket, so small that it can also send what a
 * good library would not: bare frames, fragments, binary; and can leave frames unread. Pings are
 * answered while it waits in ws_receive(). One thread, one connection.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

typedef struct WsClient WsClient;

typedef enum WsOpcode {
        WS_CONTINUATION = 0,
        WS_TEXT = 1,
        WS_BINARY = 2,
        WS_CLOSE = 8,
        WS_PING = 9,
        WS_PONG = 10,
} WsOpcode;

typedef struct WsOptions {
        const char *address;       /* numeric; NULL: 127.0.0.1 */
        const char *from;          /* numeric address to connect from; NULL: any */
        const char *path;          /* NULL: /v1/ws */
        const char *subprotocol;   /* NULL: tring.v1; empty: none */
        const char *bearer;        /* Authorization: Bearer, or NULL */
        const char *forwarded_for; /* X-Forwarded-For, or NULL */
        const char *host;          /* Host; NULL: localhost */
        const char *origin;        /* Origin, or NULL */
        const char *ca_file;       /* PEM: use TLS, and trust only this certificate */
        int receive_buffer;        /* SO_RCVBUF; 0: the system's */
} WsOptions;

/* Positive outcomes. */
enum {
        WS_CLOSED = 1,   /* ws_receive(): the server closed; see ws_close_code() */
        WS_REFUSED = 2,  /* ws_connect(): the response is not an upgrade */
        WS_UNTRUSTED = 3 /* ws_connect(): the certificate does not verify */
};

/* `options` may be NULL. *ret_http_status (may be NULL) is set if there was a response. */
int ws_connect(uint16_t port, const WsOptions *options, WsClient **ret, int *ret_http_status);
WsClient *ws_free(WsClient *client); /* closes without a close frame */
DEFINE_CLEANUP(WsClient *, ws_free);

int ws_send(WsClient *client, const char *text);
int ws_send_frame(WsClient *client, WsOpcode opcode, bool fin, const void *data, size_t length);
/* Sends raw bytes, framed by the caller or not at all. */
int ws_send_raw(WsClient *client, const void *data, size_t length);

/*
 * Waits for the next text message, NUL-terminated; the caller frees. Returns 0, WS_CLOSED, or
 * negative errno; -ETIMEDOUT after `timeout_ms`.
 */
int ws_receive(WsClient *client, int timeout_ms, char **ret);

int ws_fd(const WsClient *client); /* for poll(); the client may have buffered data as well */
bool ws_has_buffered(const WsClient *client);

/* After WS_CLOSED: the code (1006 without a close frame) and its text. */
int ws_close_code(const WsClient *client);
const char *ws_close_text(const WsClient *client);
unsigned ws_pings(const WsClient *client); /* number of pings so far */
void ws_ignore_pings(WsClient *client);    /* stops answering pings */
