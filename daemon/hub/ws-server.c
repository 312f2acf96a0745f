/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The WebSocket server: who comes in, and what is done with all connections at a time. */
#include <errno.h>

#include "base/log.h"
#include "hub/origins.h"
#include "hub/web.h"
#include "hub/ws-internal.h"

#define TICK_MS 1000
/*
 * Every PAUSE_MS the hub reads one message from each of at most READ_AFTER_PAUSE connections that
 * are paused. With garbage that takes a quarter of its time at most, in short slices.
 */
#define PAUSE_MS 1
#define READ_AFTER_PAUSE 16

#define ORIGIN_MAX 512 /* bytes: twice the longest host */

/* With this a connection takes 2.4 kB instead of 5.5. Longer messages arrive in pieces. */
#define RX_BUFFER_SIZE 1024

/* By default lws splits messages longer than RX_BUFFER_SIZE into several writes. */
#define TX_PACKET_SIZE (2 * WIRE_MESSAGE_MAX)

static int ws_server_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user,
                              void *in, size_t length);
static void ws_server_tick(uv_timer_t *timer);

static const struct lws_protocols ws_server_protocol = {
        .name = WIRE_SUBPROTOCOL,
        .callback = ws_server_callback,
        .per_session_data_size = sizeof(WsConnection *),
        .rx_buffer_size = RX_BUFFER_SIZE,
        .tx_packet_size = TX_PACKET_SIZE,
};

/* Resumes reading from the connections that have waited longest. */
static void on_pause_over(uv_timer_t *timer)
{
        WsServer *server = timer->data;
        WsConnection *connection;

        for (int i = 0; i < READ_AFTER_PAUSE && (connection = server->paused); i++) {
                SET_LISTED(connection, paused, false);
                lws_rx_flow_control(connection->wsi, 1);
        }
        if (!server->paused)
                uv_timer_stop(timer);
}

void ws_server_resume_paused(WsServer *server)
{
        if (!uv_is_active((uv_handle_t *)&server->pause))
                uv_timer_start(&server->pause, on_pause_over, PAUSE_MS, PAUSE_MS);
}

/*
 * lws sends a close frame only if the connection is closed outside its callbacks, or in the
 * callback for received data. This runs outside.
 */
void ws_server_turn_end(WsServer *server)
{
        WsConnection *connection;

        while ((connection = server->ending)) {
                SET_LISTED(connection, ending, false);
                connection->is_closed = true;
                lws_close_reason(connection->wsi, (enum lws_close_status)connection->close_code,
                                 (unsigned char *)connection->close_text,
                                 strlen(connection->close_text));
                lws_set_timeout(connection->wsi, PENDING_TIMEOUT_USER_REASON_BASE,
                                LWS_TO_KILL_SYNC);
                lws_cancel_service(server->context);
        }
}

/* Events to devices go out before replies: the requesting device can wait. */
void ws_server_committed(WsServer *server, uint64_t committed)
{
        WsConnection *connection, *next;

        server->committed = committed;
        for (int pass = 0; pass < 2; pass++) {
                DL_FOREACH_SAFE2 (server->waiting, connection, next, waiting_next) {
                        if (pass == 0 && connection->outbox.frames->is_reply)
                                continue;
                        if (ws_connection_flush(connection) < 0)
                                ws_connection_kill(connection);
                }
        }
}

/* lws itself would accept any path, and connections without a subprotocol. */
static bool upgrade_is_ours(struct lws *wsi)
{
        char path[sizeof(WIRE_PATH) + 1];

        return lws_hdr_copy(wsi, path, sizeof(path), WSI_TOKEN_GET_URI) > 0 &&
               str_eq(path, WIRE_PATH) && lws_hdr_total_length(wsi, WSI_TOKEN_PROTOCOL) > 0;
}

/*
 * A page of another origin that a person visits must not reach the hub by their browser: with it,
 * anybody's page could try tokens from everybody's address.
 */
static bool origin_is_admitted(const WsServer *server, struct lws *wsi)
{
        char origin[ORIGIN_MAX + 1], host[ORIGIN_MAX + 1] = "";

        if (lws_hdr_total_length(wsi, WSI_TOKEN_ORIGIN) == 0)
                return true;
        (void)lws_hdr_copy(wsi, host, sizeof(host), WSI_TOKEN_HOST);
        if (lws_hdr_copy(wsi, origin, sizeof(origin), WSI_TOKEN_ORIGIN) < 0)
                STR_SET(origin, "too long");
        if (origins_admit(server->origins ?: "", origin, host))
                return true;
        log_fields(LOG_NOTICE, "refusing a page that is neither the hub's own nor in \"origins\"",
                   "ORIGIN=%s", origin, "HOST=%s", host, NULL);
        return false;
}

/* Before the upgrade. Returns 0, or -1 to close the connection. */
static int on_upgrade(const WsServer *server, struct lws *wsi)
{
        if (!upgrade_is_ours(wsi))
                web_refuse_upgrade(wsi);
        else if (!origin_is_admitted(server, wsi))
                web_refuse_origin(wsi);
        else
                return 0;
        return -1;
}

static int on_established(WsServer *server, struct lws *wsi, WsConnection **slot)
{
        if (!uv_is_active((uv_handle_t *)&server->tick))
                uv_timer_start(&server->tick, ws_server_tick, TICK_MS, TICK_MS);
        return ws_connection_open(server, wsi, slot) < 0 ? -1 : 0;
}

static int ws_server_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user,
                              void *in, size_t length)
{
        WsConnection **slot = user;

        switch ((int)reason) { /* an int: -Wswitch-enum would want every reason of lws */
        case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION:
                return on_upgrade(ws_listener_owner(wsi), wsi);
        case LWS_CALLBACK_ESTABLISHED:
                return on_established(ws_listener_owner(wsi), wsi, slot);
        case LWS_CALLBACK_RECEIVE:
                if (*slot)
                        ws_connection_receive(*slot, in, length);
                return 0;
        case LWS_CALLBACK_RECEIVE_PONG:
                if (*slot)
                        (*slot)->pings_missed = 0;
                return 0;
        case LWS_CALLBACK_SERVER_WRITEABLE:
                return *slot && ws_connection_flush(*slot) < 0 ? -1 : 0;
        case LWS_CALLBACK_CLOSED:
                if (slot && *slot)
                        ws_connection_free(TAKE_PTR(*slot));
                return 0;
        default:
                return lws_callback_http_dummy(wsi, reason, user, in, length);
        }
}

static void ws_server_tick(uv_timer_t *timer)
{
        WsServer *server = timer->data;
        usec_t now = clock_boottime();
        WsConnection *connection, *next;

        DL_FOREACH_SAFE (server->connections, connection, next) {
                if (connection->is_closing)
                        continue;
                if (ws_connection_owes_hello(connection, now))
                        ws_connection_close(connection, WIRE_CLOSE_HELLO_EXPECTED,
                                            "no hello within 10 seconds");
                else
                        ws_connection_keep_alive(connection, now);
        }
        if (!server->connections)
                uv_timer_stop(timer);
}

int ws_server_new(struct lws_context *context, uv_loop_t *loop, const WsServerOptions *options,
                  const WsHandler *handler, WsServer **ret, char **ret_text)
{
        _cleanup_(ws_server_freep) WsServer *server = calloc(1, sizeof(*server));

        if (!server)
                return -ENOMEM;
        server->context = context;
        server->handler = *handler;
        server->proxies = options->proxies;
        server->origins = options->origins;
        int r = ws_listener_open(&server->listener, context, loop, options, &ws_server_protocol,
                                 server, ret_text);
        if (r < 0)
                return r;
        uv_timer_init(loop, &server->tick);
        uv_timer_init(loop, &server->pause);
        server->tick.data = server->pause.data = server;
        *ret = TAKE_PTR(server);
        return 0;
}

void ws_server_stop(WsServer *server)
{
        WsConnection *connection, *next;

        ws_listener_stop(&server->listener);
        uv_close((uv_handle_t *)&server->tick, NULL);
        uv_close((uv_handle_t *)&server->pause, NULL);
        DL_FOREACH_SAFE (server->connections, connection, next)
                ws_connection_close(connection, WIRE_CLOSE_GOING_AWAY, "the hub is stopping");
}

WsServer *ws_server_free(WsServer *server)
{
        if (!server)
                return NULL;
        ws_listener_done(&server->listener);
        free(server);
        return NULL;
}

bool ws_server_is_empty(const WsServer *server)
{
        return !server->connections;
}

void ws_server_limit_events(WsServer *server, uint32_t max)
{
        server->max_events = max;
}

void ws_server_set_page(WsServer *server, WebFiles *page)
{
        ws_listener_set_page(&server->listener, page);
}

uint16_t ws_server_port(const WsServer *server)
{
        return ws_listener_port(&server->listener);
}
