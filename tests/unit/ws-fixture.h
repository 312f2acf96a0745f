/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One WebSocket client and a server of the test. The loop runs until the first event that the test
 * waits for: a message, the end or, if it sends nothing, the opening.
 */

#include "loop/websocket.h"
#include "ws-server.h"

/* A WebSocket and its events. */
typedef struct Fixture {
        Loop *loop;
        WsServer *server;
        WebSocket *websocket;
        const char *say; /* sent once it is open */
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
