/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Explains to a person why no WebSocket came about. The words of the libraries change from version
 * to version; these sentences depend on how far the attempt came and on the HTTP status.
 */

#include <stddef.h>

typedef enum ConnectStage {
        CONNECT_TCP,     /* no connection yet */
        CONNECT_TLS,     /* connected; TLS is being negotiated */
        CONNECT_UPGRADE, /* the HTTP request has been sent */
} ConnectStage;

#define CONNECT_FAILURE_MAX 100 /* bytes of the longest sentence */

/* `status` is the HTTP status, or 0 if no HTTP answer came. Returns the buffer. */
const char *connect_failure_text(ConnectStage stage, unsigned status,
                                 char buffer[static CONNECT_FAILURE_MAX + 1]);

/* `error` is one of getaddrinfo(). Returns a static sentence. */
const char *connect_failure_lookup_text(int error);
