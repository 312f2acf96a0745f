/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Why no WebSocket came about, in sentences for a person. The libraries have words of their own,
 * which change from version to version; what is said here follows from how far the attempt came and
 * from the HTTP status.
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
