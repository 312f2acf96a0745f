/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The inside of the WebSocket server, for ws-server.c and ws-connection.c only. */

#include <utlist.h>

#include "hub/ws-listener.h"
#include "hub/ws-server.h"

#define CLOSE_TEXT_MAX 123 /* RFC 6455 section 5.5 */

struct WsConnection {
        WsConnection *prev, *next;
        WsServer *server;
        struct lws *wsi;
        void *userdata;
        void *held_for; /* not read from until this is done; NULL: it is read */
        char *bearer;   /* owned */
        char *message;  /* owned: the pieces received so far */
        size_t message_length, message_allocated;
        Outbox outbox;
        WsConnection *waiting_prev, *waiting_next;
        bool is_waiting; /* in server->waiting: a frame is held for a commit */
        WsConnection *ending_prev, *ending_next;
        bool is_ending; /* in server->ending: closed once everything is written */
        WsConnection *paused_prev, *paused_next;
        bool is_paused; /* in server->paused: not read from */
        bool is_welcome, is_closing, is_closed, is_dead;
        uint16_t close_code;
        uint8_t pings_missed;
        usec_t opened_at, pinged_at; /* CLOCK_BOOTTIME */
        char address[WS_ADDRESS_MAX];
        char close_text[CLOSE_TEXT_MAX + 1];
};

struct WsServer {
        WsHandler handler;
        struct lws_context *context;
        WsListener listener;
        uv_timer_t tick, pause;
        uint32_t max_events;
        uint64_t committed;
        WsConnection *connections, *waiting, *ending, *paused;
        const char *proxies, *origins;
};

/* Puts a connection into one of the server's lists, or takes it out. Safe to repeat. */
#define SET_LISTED(connection, list, listed)                                              \
        do {                                                                              \
                bool _listed = (listed);                                                  \
                if (_listed == (connection)->is_##list)                                   \
                        break;                                                            \
                if (_listed)                                                              \
                        DL_APPEND2((connection)->server->list, (connection), list##_prev, \
                                   list##_next);                                          \
                else                                                                      \
                        DL_DELETE2((connection)->server->list, (connection), list##_prev, \
                                   list##_next);                                          \
                (connection)->is_##list = _listed;                                        \
        } while (0)

/* ---- ws-connection.c ---- */

/* Returns 0 or -ENOMEM; *ret may be set in both cases. */
int ws_connection_open(WsServer *server, struct lws *wsi, WsConnection **ret);
/* Tells the handler, if it has not been told yet. */
void ws_connection_free(WsConnection *connection);
/* Writes what may go out. Returns 0 or -EPIPE. */
int ws_connection_flush(WsConnection *connection);
/* Marks a connection as dead. Its messages stay until it is closed. */
void ws_connection_kill(WsConnection *connection);
/* A piece of a message has arrived. */
void ws_connection_receive(WsConnection *connection, const char *data, size_t length);
/* The device has had its time to say hello. One that said it and waits in line owes nothing. */
bool ws_connection_owes_hello(const WsConnection *connection, usec_t now);
/* Pings the device when that is due, and gives up one that does not answer. */
void ws_connection_keep_alive(WsConnection *connection, usec_t now);

/* ---- ws-server.c ---- */

/* Reads from the paused connections again, bit by bit. */
void ws_server_resume_paused(WsServer *server);
