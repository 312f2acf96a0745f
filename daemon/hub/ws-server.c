/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hub/ws-server.h"

#include <errno.h>
#include <utlist.h>

#include "base/log.h"
#include "hub/proxies.h"
#include "hub/web.h"
#include "hub/ws-listener.h"

#define TICK_MS 1000
/*
 * Every PAUSE_MS the hub reads one message from each of at most READ_AFTER_PAUSE connections that
 * have sent garbage: that takes a quarter of its time at most, in short slices.
 */
#define PAUSE_MS 1
#define READ_AFTER_PAUSE 16
#define FORWARDED_MAX 1024 /* bytes of X-Forwarded-For: some twenty proxies */
#define CLOSE_TEXT_MAX 123 /* RFC 6455 section 5.5 */

/* With this a connection takes 2.4 kB instead of 5.5. Longer messages arrive in pieces. */
#define RX_BUFFER_SIZE 1024

/* By default lws splits messages longer than RX_BUFFER_SIZE into several writes. */
#define TX_PACKET_SIZE (2 * WIRE_MESSAGE_MAX)

/* Bytes of small messages in one write; a larger message is written alone. */
#define BATCH_SIZE (16 * 1024)

struct WsConnection {
        WsConnection *prev, *next;
        WsServer *server;
        struct lws *wsi;
        void *userdata;
        char *bearer;  /* owned */
        char *message; /* owned: the pieces received so far */
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
        const char *proxies;
};

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

const char *ws_connection_address(const WsConnection *connection)
{
        return connection->address;
}

const char *ws_connection_bearer(const WsConnection *connection)
{
        return connection->bearer;
}

static void wipe_bearer(WsConnection *connection)
{
        if (connection->bearer)
                explicit_bzero(connection->bearer, strlen(connection->bearer));
        free(TAKE_PTR(connection->bearer));
}

void ws_connection_welcome(WsConnection *connection)
{
        connection->is_welcome = true;
        ws_listener_knows(connection->wsi);
        wipe_bearer(connection);
}

void *ws_connection_userdata(const WsConnection *connection)
{
        return connection->userdata;
}

void ws_connection_set_userdata(WsConnection *connection, void *userdata)
{
        connection->userdata = userdata;
}

uint32_t ws_connection_replies_waiting(const WsConnection *connection)
{
        return connection->outbox.n_replies;
}

int ws_connection_acknowledge(WsConnection *connection, uint64_t seq)
{
        return outbox_acknowledge(&connection->outbox, seq);
}

bool ws_connection_is_lost(const WsConnection *connection)
{
        return connection->close_code == 0;
}

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

Outbox ws_connection_take_outbox(WsConnection *connection)
{
        Outbox outbox = connection->outbox;

        connection->outbox = (Outbox){0};
        SET_LISTED(connection, waiting, false);
        return outbox;
}

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

void ws_connection_pause(WsConnection *connection)
{
        WsServer *server = connection->server;

        if (connection->is_closing)
                return;
        SET_LISTED(connection, paused, true);
        lws_rx_flow_control(connection->wsi, 0);
        if (!uv_is_active((uv_handle_t *)&server->pause))
                uv_timer_start(&server->pause, on_pause_over, PAUSE_MS, PAUSE_MS);
}

/*
 * Writes several messages at once: one system call for the hub, one wakeup for the device. lws
 * frames only one message per write, so outbox_take() frames them.
 */
static int connection_write_several(WsConnection *connection)
{
        static unsigned char batch[LWS_PRE + BATCH_SIZE];
        size_t length = outbox_take(&connection->outbox, connection->server->committed,
                                    batch + LWS_PRE, BATCH_SIZE);

        return lws_write(connection->wsi, batch + LWS_PRE, length, LWS_WRITE_RAW) < 0 ? -EPIPE : 0;
}

static int connection_write_one(WsConnection *connection)
{
        Frame *frame = connection->outbox.frames;
        int n = lws_write(connection->wsi, frame->data, frame->length, LWS_WRITE_TEXT);

        outbox_pop(&connection->outbox);
        return n < 0 ? -EPIPE : 0;
}

static int connection_write_frames(WsConnection *connection)
{
        int r = 0;

        while (r == 0 && outbox_peek(&connection->outbox, connection->server->committed)) {
                if (lws_partial_buffered(connection->wsi)) {
                        lws_callback_on_writable(connection->wsi);
                        break;
                }
                r = outbox_has_several(&connection->outbox, connection->server->committed,
                                       BATCH_SIZE)
                            ? connection_write_several(connection)
                            : connection_write_one(connection);
        }
        return r;
}

/*
 * Writes at once instead of in the next turn of the loop. lws buffers the bytes that the socket
 * does not take, and calls back when they are written.
 */
static int connection_flush(WsConnection *connection)
{
        if (connection->is_dead)
                return 0;
        int r = connection_write_frames(connection);
        if (r < 0)
                return r;
        SET_LISTED(connection, waiting,
                   connection->outbox.frames &&
                           !outbox_peek(&connection->outbox, connection->server->committed));
        SET_LISTED(connection, ending,
                   connection->close_code && !connection->is_closed && !connection->outbox.frames &&
                           !lws_partial_buffered(connection->wsi));
        return 0;
}

static void connection_gone(WsConnection *connection)
{
        if (connection->is_closing)
                return;
        connection->is_closing = true;
        connection->server->handler.closed(connection, connection->server->handler.userdata);
}

/* Marks a connection as dead. Its messages stay until it is closed. */
static void connection_kill(WsConnection *connection)
{
        connection->is_dead = true;
        SET_LISTED(connection, waiting, false);
        SET_LISTED(connection, ending, false);
        lws_set_timeout(connection->wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_ASYNC);
        /* lws notices a change made outside its callbacks only after this. */
        lws_cancel_service(connection->server->context);
}

void ws_connection_close(WsConnection *connection, WireClose code, const char *text)
{
        char shown[8];

        if (connection->is_closing)
                return;
        connection->close_code = (uint16_t)code;
        str_printable(connection->close_text, sizeof(connection->close_text), text);
        snprintf(shown, sizeof(shown), "%d", (int)code);
        log_fields(LOG_INFO, "closing a connection", "CODE=%s", shown, "ADDRESS=%s",
                   connection->address, "REASON=%s", connection->close_text, NULL);
        connection_gone(connection);
        lws_set_timeout(connection->wsi, PENDING_TIMEOUT_USER_REASON_BASE, CLOSE_DEADLINE_S);
        if (connection_flush(connection) < 0)
                connection_kill(connection);
        lws_cancel_service(connection->server->context);
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

int ws_connection_send(WsConnection *connection, Message *message, uint64_t barrier)
{
        if (connection->is_closing)
                return 0;
        int r = outbox_push(&connection->outbox, message, barrier, connection->server->max_events,
                            clock_boottime());
        if (r == -ENOBUFS) {
                outbox_done(&connection->outbox);
                ws_connection_close(connection, WIRE_CLOSE_TOO_SLOW,
                                    "too many unacknowledged events");
                return 0;
        }
        if (r < 0)
                return r;
        if (connection_flush(connection) < 0)
                connection_kill(connection);
        return 0;
}

void ws_connection_put_outbox(WsConnection *connection, Outbox *outbox)
{
        Outbox mine = connection->outbox;

        connection->outbox = *outbox;
        *outbox = (Outbox){0};
        DL_CONCAT(mine.frames, connection->outbox.frames);
        connection->outbox.frames = mine.frames;
        connection->outbox.n_frames += mine.n_frames;
        connection->outbox.n_bytes += mine.n_bytes;
        connection->outbox.n_replies += mine.n_replies;
        if (connection_flush(connection) < 0)
                connection_kill(connection);
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
                        if (connection_flush(connection) < 0)
                                connection_kill(connection);
                }
        }
}

/* The token of the Authorization header (RFC 6750 section 2.1). Ignores other schemes. */
static int take_bearer(WsConnection *connection)
{
        static const char scheme[] = "Bearer ";
        char value[sizeof(scheme) + TOKEN_MAX];

        if (lws_hdr_copy(connection->wsi, value, sizeof(value), WSI_TOKEN_HTTP_AUTHORIZATION) <=
                    0 ||
            strncasecmp(value, scheme, strlen(scheme)) != 0)
                return 0;
        connection->bearer = strdup(value + strlen(scheme));
        explicit_bzero(value, sizeof(value));
        return connection->bearer ? 0 : -ENOMEM;
}

/* lws itself would accept any path, and connections without a subprotocol. */
static bool upgrade_is_ours(struct lws *wsi)
{
        char path[sizeof(WIRE_PATH) + 1];

        return lws_hdr_copy(wsi, path, sizeof(path), WSI_TOKEN_GET_URI) > 0 &&
               str_eq(path, WIRE_PATH) && lws_hdr_total_length(wsi, WSI_TOKEN_PROTOCOL) > 0;
}

/* What does not fit the buffer is too long for any chain of proxies, and counts as unsaid. */
static void take_address(WsConnection *connection)
{
        char peer[WS_ADDRESS_MAX] = "", forwarded[FORWARDED_MAX] = "";

        lws_get_peer_simple(connection->wsi, peer, sizeof(peer));
        if (lws_hdr_copy(connection->wsi, forwarded, sizeof(forwarded), WSI_TOKEN_X_FORWARDED_FOR) <
            0)
                *forwarded = '\0';
        proxies_client(connection->server->proxies ?: "", peer, forwarded, connection->address,
                       sizeof(connection->address));
}

static int connection_open(WsServer *server, struct lws *wsi, WsConnection **slot)
{
        WsConnection *connection = calloc(1, sizeof(*connection));

        if (!connection)
                return -ENOMEM;
        connection->server = server;
        connection->wsi = wsi;
        connection->opened_at = connection->pinged_at = clock_boottime();
        take_address(connection);
        DL_APPEND(server->connections, connection);
        if (!uv_is_active((uv_handle_t *)&server->tick))
                uv_timer_start(&server->tick, ws_server_tick, TICK_MS, TICK_MS);
        *slot = connection;
        return take_bearer(connection);
}

static void connection_free(WsConnection *connection)
{
        connection_gone(connection);
        SET_LISTED(connection, waiting, false);
        SET_LISTED(connection, ending, false);
        SET_LISTED(connection, paused, false);
        DL_DELETE(connection->server->connections, connection);
        wipe_bearer(connection);
        outbox_done(&connection->outbox);
        free(connection->message);
        free(connection);
}

static int connection_append(WsConnection *connection, const char *data, size_t length)
{
        size_t needed = connection->message_length + length;

        if (length == 0)
                return 0;
        if (needed > connection->message_allocated) {
                size_t size = MAX_OF(2 * connection->message_allocated, needed);
                char *grown = realloc(connection->message, size);

                if (!grown)
                        return -ENOMEM;
                connection->message = grown;
                connection->message_allocated = size;
        }
        memcpy(connection->message + connection->message_length, data, length);
        connection->message_length = needed;
        return 0;
}

static void connection_deliver(WsConnection *connection, const char *text, size_t length)
{
        connection->server->handler.message(connection, text, length,
                                            connection->server->handler.userdata);
}

static void connection_receive(WsConnection *connection, const char *data, size_t length)
{
        struct lws *wsi = connection->wsi;
        bool last = lws_is_final_fragment(wsi) && lws_remaining_packet_payload(wsi) == 0;

        connection->pings_missed = 0;
        if (connection->is_closing)
                return;
        if (lws_frame_is_binary(wsi)) {
                ws_connection_close(connection, WIRE_CLOSE_UNSUPPORTED,
                                    "messages are text, this one is binary");
                return;
        }
        if (connection->message_length + length + lws_remaining_packet_payload(wsi) >
            WIRE_MESSAGE_MAX) {
                ws_connection_close(connection, WIRE_CLOSE_TOO_BIG,
                                    "the message is longer than 64 KiB");
                return;
        }
        /* Most messages arrive in one piece and need no copy. */
        if (last && connection->message_length == 0) {
                connection_deliver(connection, data, length);
                return;
        }
        if (connection_append(connection, data, length) < 0) {
                ws_connection_close(connection, WIRE_CLOSE_GOING_AWAY, "the hub is out of memory");
                return;
        }
        if (!last)
                return;
        char *text = TAKE_PTR(connection->message);
        size_t whole = connection->message_length;

        connection->message_length = connection->message_allocated = 0;
        connection_deliver(connection, text, whole);
        free(text);
}

static int ws_server_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user,
                              void *in, size_t length)
{
        WsConnection **slot = user;

        switch ((int)reason) { /* an int: -Wswitch-enum would want every reason of lws */
        case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION:
                if (upgrade_is_ours(wsi))
                        return 0;
                web_refuse_upgrade(wsi);
                return -1;
        case LWS_CALLBACK_ESTABLISHED:
                return connection_open(ws_listener_owner(wsi), wsi, slot) < 0 ? -1 : 0;
        case LWS_CALLBACK_RECEIVE:
                if (*slot)
                        connection_receive(*slot, in, length);
                return 0;
        case LWS_CALLBACK_RECEIVE_PONG:
                if (*slot)
                        (*slot)->pings_missed = 0;
                return 0;
        case LWS_CALLBACK_SERVER_WRITEABLE:
                return *slot && connection_flush(*slot) < 0 ? -1 : 0;
        case LWS_CALLBACK_CLOSED:
                if (slot && *slot)
                        connection_free(TAKE_PTR(*slot));
                return 0;
        default:
                return lws_callback_http_dummy(wsi, reason, user, in, length);
        }
}

static void connection_keep_alive(WsConnection *connection, usec_t now)
{
        const WsHandler *handler = &connection->server->handler;
        /* lws does not report the pong to an empty ping, so the ping carries a byte. */
        unsigned char ping[LWS_PRE + 1] = {[LWS_PRE] = '.'};

        if (now - connection->pinged_at < PING_IN_CALL_US)
                return;
        bool in_call = handler->in_call(connection, handler->userdata);
        if (!in_call && now - connection->pinged_at < PING_IDLE_US)
                return;
        if (connection->pings_missed >= (in_call ? PINGS_MISSED_IN_CALL : PINGS_MISSED_IDLE)) {
                log_fields(LOG_INFO, "a device no longer answers pings", "ADDRESS=%s",
                           connection->address, NULL);
                connection_gone(connection);
                connection_kill(connection);
                return;
        }
        connection->pinged_at = now;
        connection->pings_missed++;
        if (lws_write(connection->wsi, ping + LWS_PRE, 1, LWS_WRITE_PING) < 0)
                connection_kill(connection);
}

static void ws_server_tick(uv_timer_t *timer)
{
        WsServer *server = timer->data;
        usec_t now = clock_boottime();
        WsConnection *connection, *next;

        DL_FOREACH_SAFE (server->connections, connection, next) {
                if (connection->is_closing)
                        continue;
                if (!connection->is_welcome && now - connection->opened_at >= HELLO_DEADLINE_US)
                        ws_connection_close(connection, WIRE_CLOSE_HELLO_EXPECTED,
                                            "no hello within 10 seconds");
                else
                        connection_keep_alive(connection, now);
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
        int r = ws_listener_open(&server->listener, context, options, &ws_server_protocol, server,
                                 ret_text);
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
        return (uint16_t)lws_get_vhost_listen_port(server->listener.vhost);
}
