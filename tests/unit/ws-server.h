/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A WebSocket server on loopback, in its own process. It sends back each message, except for
 * orders:
 *
 *         "close CODE TEXT"   a close frame
 *         "send N"            one text message of N times 'x'
 *         "binary"            a binary message
 *         "fragments"         "one two" in two fragments
 *         "pings"             a ping every 250 ms, ten times, then "enough"
 *         "origin"            the Origin of the upgrade, or "none"
 *         "quiet"             nothing
 *         "vanish"            ends the connection without a close frame
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct WsServer WsServer;

typedef struct WsServerOptions {
        const char *subprotocol; /* NULL: "tring.v1" */
        const char *answer;      /* to every message; NULL: as above */
        const char *socket;      /* path; NULL: a port on loopback */
        uint16_t port;           /* 0: any free one */
        uid_t user;              /* whose program it becomes; 0: stays ours */
        const char *certificate; /* files; NULL: no TLS */
        const char *key;
} WsServerOptions;

WsServer *ws_server_start(const WsServerOptions *options);
uint16_t ws_server_port(const WsServer *server);
/* The server reads nothing meanwhile. */
void ws_server_pause(WsServer *server, bool on);
/* Messages that it has received so far. */
unsigned ws_server_received(const WsServer *server);
/* Waits until the clients have gone. Returns the close code of the last one, or 0. */
unsigned ws_server_stop(WsServer *server);
/* Without waiting for anybody. */
void ws_server_kill(WsServer *server);

/*
 * Makes a self-signed certificate for `subject_alt_name` ("DNS:localhost,IP:127.0.0.1"), valid for
 * an hour from `valid_from_s` seconds from now.
 */
void ws_certificate_make(const char *path, const char *key_path, const char *subject_alt_name,
                         long valid_from_s);
