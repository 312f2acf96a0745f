/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The inside of a WebSocket. websocket.c has the functions of websocket.h; websocket-connect.c
 * resolves the host and tries its addresses in order; websocket-lws.c has the callbacks of
 * libwebsockets.
 */

#include "base/clock.h"
#include "loop/connect-failure.h"
#include "loop/loop-lws.h"
#include "loop/resolve.h"
#include "loop/websocket.h"

#define WEBSOCKET_SUBPROTOCOL_MAX 32
#define WEBSOCKET_REASON_SIZE 256                     /* bytes of the sentence in `closed` */
#define WEBSOCKET_CLOSE_TIMEOUT_US (2 * USEC_PER_SEC) /* for the peer to answer our close frame */

typedef enum WebSocketState {
        WEBSOCKET_CONNECTING,
        WEBSOCKET_OPEN,
        WEBSOCKET_CLOSING, /* the queue is sent first, then a close frame */
        WEBSOCKET_ENDING,  /* a close frame was sent or received; lws ends the connection */
        WEBSOCKET_CLOSED,  /* `closed` has been called, or is about to be */
} WebSocketState;

typedef struct Outgoing Outgoing;
struct Outgoing {
        Outgoing *prev, *next;
        size_t length;
        unsigned char buffer[]; /* LWS_PRE bytes, then the text */
};

struct WebSocket {
        Loop *loop;
        WebSocketEvents events;
        void *userdata;
        Url url;
        char subprotocol[WEBSOCKET_SUBPROTOCOL_MAX];
        usec_t silent_after;

        WebSocketState state;
        Resolve *resolve;
        Addresses addresses;
        size_t next_address;    /* index of the next one to try */
        ConnectStage stage;     /* how far the attempt has come, but for TLS, which lws knows */
        sd_event_source *step;  /* runs the next attempt, or `closed`, in the loop */
        sd_event_source *timer; /* ends an attempt, a silence or a slow close */
        bool uses_lws;
        struct lws *wsi; /* NULL before the first attempt and after websocket_give_up() */

        Outgoing *queue;
        size_t queued; /* bytes */
        bool write_asked;
        char *rx; /* a message that is not complete yet */
        size_t rx_length, rx_allocated;
        usec_t last_heard; /* CLOCK_BOOTTIME */

        unsigned close_code; /* to send */
        unsigned peer_code;  /* received, if the peer closes first */
        char reason[WEBSOCKET_REASON_SIZE];
};

/* Ends the WebSocket; the loop then calls `closed`. `format` NULL: leaves the reason as it is. */
void websocket_over(WebSocket *websocket, const char *format, ...)
        __attribute__((format(printf, 2, 3)));
/* Detaches from lws at once; lws drops the connection in a later turn. */
void websocket_give_up(WebSocket *websocket);
void websocket_set_timer(WebSocket *websocket, usec_t after);
void websocket_ask_to_write(WebSocket *websocket);
int websocket_write(WebSocket *websocket, Outgoing *outgoing);
void websocket_drop_queue(WebSocket *websocket);

/*
 * The steps of connecting: resolve the host, try the next address, and report that an address
 * failed.
 */
void websocket_find_host(WebSocket *websocket);
void websocket_connect_next(WebSocket *websocket);
void websocket_attempt_failed(WebSocket *websocket, const char *why);
