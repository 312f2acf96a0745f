/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The parts of a WebSocket URL (RFC 6455, section 3), and what people type instead of one. The URL
 * of a hub's unix socket is ws+unix:/run/tring-hub/hub.sock, as other WebSocket clients have it; a
 * path of HTTP may follow after a colon.
 */

#include <stdbool.h>
#include <stdint.h>

#define URL_MAX 1024       /* bytes */
#define URL_HOST_MAX 127   /* bytes; the longest name that libwebsockets verifies */
#define URL_SOCKET_MAX 107 /* bytes; as in sockaddr_un */

typedef struct Url {
        bool tls;
        char host[URL_HOST_MAX + 1]; /* name or address, without the brackets of IPv6 */
        bool literal;                /* the host is an address, or localhost */
        bool loopback;               /* the host is this machine */
        uint16_t port;
        char path[URL_MAX + 1];
        bool is_socket; /* `host` is the path of a unix socket, and there is no port */
} Url;

/*
 * Makes a WebSocket URL of what a person has typed for the hub's: the address of its page
 * (https://hub.example.org/), the host alone, or the path of its socket. A host alone gets wss://,
 * and ws:// only if it is this machine; anything else stays as it is, for url_parse() to judge.
 * Returns 0, or -E2BIG.
 */
int url_complete(const char *typed, char ret[static URL_MAX + 1]);

/* Returns 0, or -EINVAL with a static sentence in *ret_text. */
int url_parse(const char *s, uint16_t default_port, const char *default_path, Url *ret,
              const char **ret_text);
