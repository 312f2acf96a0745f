/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One connection: its messages both ways, its pings and its end. */
#include <errno.h>

#include "base/log.h"
#include "hub/proxies.h"
#include "hub/ws-internal.h"

#define FORWARDED_MAX 1024 /* bytes of X-Forwarded-For: some twenty proxies */

/* Bytes of small messages in one write; a larger message is written alone. */
#define BATCH_SIZE (16 * 1024)

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

void ws_connection_know(WsConnection *connection)
{
        ws_listener_knows(connection->wsi);
}

void ws_connection_welcome(WsConnection *connection)
{
        connection->is_welcome = true;
        ws_connection_know(connection);
        wipe_bearer(connection);
}

bool ws_connection_owes_hello(const WsConnection *connection, usec_t now)
{
        return !connection->is_welcome && !connection->held_for &&
               now - connection->opened_at >= HELLO_DEADLINE_US;
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

Outbox ws_connection_take_outbox(WsConnection *connection)
{
        Outbox outbox = connection->outbox;

        connection->outbox = (Outbox){0};
        SET_LISTED(connection, waiting, false);
        return outbox;
}

void ws_connection_pause(WsConnection *connection)
{
        if (connection->is_closing)
                return;
        SET_LISTED(connection, paused, true);
        lws_rx_flow_control(connection->wsi, 0);
        ws_server_resume_paused(connection->server);
}

void ws_connection_hold(WsConnection *connection, void *what)
{
        connection->held_for = what;
        if (!connection->is_closing)
                lws_rx_flow_control(connection->wsi, !what);
}

void *ws_connection_held_for(const WsConnection *connection)
{
        return connection->held_for;
}

/* ---- writing ---- */

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
int ws_connection_flush(WsConnection *connection)
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

void ws_connection_kill(WsConnection *connection)
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
        /* The device may log in again at once, so what it has not read would pile up. */
        outbox_end(&connection->outbox, CLOSE_BYTES_MAX);
        lws_set_timeout(connection->wsi, PENDING_TIMEOUT_USER_REASON_BASE, CLOSE_DEADLINE_S);
        if (ws_connection_flush(connection) < 0)
                ws_connection_kill(connection);
        lws_cancel_service(connection->server->context);
}

void ws_connection_drop(WsConnection *connection, const char *text)
{
        outbox_done(&connection->outbox);
        ws_connection_close(connection, WIRE_CLOSE_TOO_SLOW, text);
}

int ws_connection_send(WsConnection *connection, Message *message, uint64_t barrier)
{
        if (connection->is_closing)
                return 0;
        int r = outbox_push(&connection->outbox, message, barrier, connection->server->max_events,
                            clock_boottime());
        if (r == -ENOBUFS) {
                ws_connection_drop(connection, "too many unacknowledged events");
                return 0;
        }
        if (r < 0)
                return r;
        if (ws_connection_flush(connection) < 0)
                ws_connection_kill(connection);
        return 0;
}

int ws_connection_send_from(WsConnection *connection, Message *message, const char *from,
                            uint32_t n_paid)
{
        if (connection->is_closing)
                return 0;
        int r = outbox_push_from(&connection->outbox, message, from, n_paid);
        if (r >= 0 && ws_connection_flush(connection) < 0)
                ws_connection_kill(connection);
        return r;
}

void ws_connection_set_owner(WsConnection *connection, const OutboxOwner *owner)
{
        outbox_set_owner(&connection->outbox, owner);
}

size_t ws_connection_queued(const WsConnection *connection)
{
        return connection->outbox.n_bytes;
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
        connection->outbox.n_events += mine.n_events;
        connection->outbox.n_bytes_paid += mine.n_bytes_paid;
        if (ws_connection_flush(connection) < 0)
                ws_connection_kill(connection);
}

/* ---- reading ---- */

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

void ws_connection_receive(WsConnection *connection, const char *data, size_t length)
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

void ws_connection_keep_alive(WsConnection *connection, usec_t now)
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
                ws_connection_kill(connection);
                return;
        }
        connection->pinged_at = now;
        connection->pings_missed++;
        if (lws_write(connection->wsi, ping + LWS_PRE, 1, LWS_WRITE_PING) < 0)
                ws_connection_kill(connection);
}

/* ---- the beginning and the end ---- */

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

/* What does not fit the buffer is too long for any chain of proxies, and counts as unsaid. */
static void take_address(WsConnection *connection)
{
        char peer[WS_ADDRESS_MAX], forwarded[FORWARDED_MAX] = "";

        ws_listener_peer(connection->wsi, peer);
        if (lws_hdr_copy(connection->wsi, forwarded, sizeof(forwarded), WSI_TOKEN_X_FORWARDED_FOR) <
            0)
                *forwarded = '\0';
        proxies_client(connection->server->proxies ?: "", peer, forwarded, connection->address,
                       sizeof(connection->address));
}

int ws_connection_open(WsServer *server, struct lws *wsi, WsConnection **ret)
{
        WsConnection *connection = calloc(1, sizeof(*connection));

        if (!connection)
                return -ENOMEM;
        connection->server = server;
        connection->wsi = wsi;
        connection->opened_at = connection->pinged_at = clock_boottime();
        take_address(connection);
        DL_APPEND(server->connections, connection);
        *ret = connection;
        int r = ws_listener_hears_from(wsi, connection->address);
        return r < 0 ? r : take_bearer(connection);
}

void ws_connection_free(WsConnection *connection)
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
