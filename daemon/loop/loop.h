/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The event loop of a program that speaks both sd-bus and WebSocket: sd-event and libwebsockets
 * (lws) in one thread. lws polls; it has adopted sd-event's descriptor as a raw file, and sd-event
 * runs after every lws_service(). The process never wakes up while idle. Until the first WebSocket
 * needs an lws context, sd-event polls itself: a context costs milliseconds and memory, which a
 * logged-out daemon saves.
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
 * Returns the lws context, which the loop owns and makes on the first call. `tls`: the context has
 * TLS, with the certificates of the system's CA folder, or of $SSL_CERT_FILE and $SSL_CERT_DIR. An
 * existing context without TLS is replaced. Returns 0, -ENOMEM, or -EBUSY if a connection uses the
 * context to replace. Do not call this from inside a callback of lws.
 */
int loop_lws(Loop *loop, bool tls, struct lws_context **ret);

/* Call begin before a connection uses the context, and end afterwards. */
void loop_connection_begin(Loop *loop);
void loop_connection_end(Loop *loop);

/* Runs until sd_event_exit(); returns its code, or negative errno. */
int loop_run(Loop *loop);
