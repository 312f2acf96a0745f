/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The parts of a WebSocket URL (RFC 6455, section 3).
 */

#include <stdbool.h>
#include <stdint.h>

#define URL_MAX 1024     /* bytes */
#define URL_HOST_MAX 127 /* bytes; the longest name that libwebsockets verifies */

typedef struct Url {
        bool tls;
        char host[URL_HOST_MAX + 1]; /* name or address, without the brackets of IPv6 */
        bool literal;                /* the host is an address, or localhost */
        bool loopback;               /* the host is this machine */
        uint16_t port;
        char path[URL_MAX + 1];
} Url;

/* Returns 0, or -EINVAL with a static sentence in *ret_text. */
int url_parse(const char *s, uint16_t default_port, const char *default_path, Url *ret,
              const char **ret_text);
