/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The event loop of a program that speaks both sd-bus and WebSocket: sd-event and libwebsockets in
 * one thread. libwebsockets waits, with sd-event's descriptor adopted into it as a raw file, and
 * sd-event runs after every service call: no wakeups while idle. Until the first WebSocket needs an
 * lws context, sd-event waits by itself: a context costs milliseconds and memory that a logged-out
 * daemon does not need.
 */

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "base/cleanup.h"

typedef struct Loop Loop;
struct lws_context;

int loop_new(Loop **ret);
Loop *loop_free(Loop *loop);
DEFINE_CLEANUP(Loop *, loop_free);

/* Owned by the loop. */
sd_event *loop_event(Loop *loop);

/*
 * The lws context, made on the first call; `tls` sets up TLS as well, with the system's CA folder
 * ($SSL_CERT_FILE and $SSL_CERT_DIR are honoured). Asking for TLS later, when there is a plain
 * context without a connection, replaces it. Returns 0, -ENOMEM, or -EBUSY. Owned by the loop.
 * Do not call it from inside a callback of lws.
 */
int loop_lws(Loop *loop, bool tls, struct lws_context **ret);

/* Call these when a connection starts and stops using the context. */
void loop_connection_begin(Loop *loop);
void loop_connection_end(Loop *loop);

/* Runs until sd_event_exit(); returns its code, or negative errno. */
int loop_run(Loop *loop);
