/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One WebSocket client against a server of the test's own. The loop runs until the first thing
 * happens that a test waits for: a message, the end, or, with nothing to say, that it is open.
 */

#include "loop/websocket.h"
#include "ws-server.h"

/* One WebSocket, and what came of it. */
typedef struct Fixture {
        Loop *loop;
        WsServer *server;
        WebSocket *websocket;
        const char *say; /* once it is open */
        bool free_on_message;
        unsigned n_opened, n_messages, n_closed;
        char *message; /* the last */
        size_t length;
        unsigned code;
        char reason[256];
} Fixture;

extern Fixture f;

void fixture_setup(void);
void fixture_teardown(void);
void fixture_connect_url(const char *url, unsigned silent_after_s);
void fixture_connect(const WsServerOptions *options, const char *host);
void fixture_run(void);

void fixture_on_opened(void *userdata);
void fixture_on_message(void *userdata, const char *text, size_t length);
void fixture_on_closed(void *userdata, unsigned code, const char *reason);
