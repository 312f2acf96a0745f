/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <utlist.h>

#include "base/log.h"
#include "base/str.h"
#include "loop/websocket-internal.h"

#define RX_KEPT_SIZE 2048      /* bytes; larger buffers are freed after their message */
#define CLOSE_UNSUPPORTED 1003 /* RFC 6455, section 7.4.1 */
#define CLOSE_TOO_BIG 1009

/* Returns the value that makes lws send the close frame. */
static int send_close(WebSocket *websocket, unsigned code)
{
        websocket->state = WEBSOCKET_ENDING;
        websocket_set_timer(websocket, WEBSOCKET_CLOSE_TIMEOUT_US);
        lws_close_reason(websocket->wsi, (enum lws_close_status)code, NULL, 0);
        return -1;
}

/*
 * Hands a message to lws, which buffers the part that the socket does not take. If the queue is
 * empty, websocket_send() calls this at once, which saves a turn of the loop.
 */
int websocket_write(WebSocket *websocket, Outgoing *outgoing)
{
        int n = lws_write(websocket->wsi, outgoing->buffer + LWS_PRE, outgoing->length,
                          LWS_WRITE_TEXT);

        if (n < (int)outgoing->length)
                return -EPIPE;
        /* So that the callback after lws has written the rest is not taken for a ping. */
        if (lws_partial_buffered(websocket->wsi))
                websocket_ask_to_write(websocket);
        return 0;
}

/* Sends one message in each turn of the loop. */
static int writable(WebSocket *websocket)
{
        Outgoing *outgoing = websocket->queue;

        if (outgoing) {
                if (websocket_write(websocket, outgoing) < 0)
                        return -1;
                DL_DELETE(websocket->queue, outgoing);
                websocket->queued -= outgoing->length;
                free(outgoing);
        }
        if (websocket->queue || (outgoing && websocket->state == WEBSOCKET_CLOSING)) {
                websocket_ask_to_write(websocket);
                return 0;
        }
        return websocket->state == WEBSOCKET_CLOSING ? send_close(websocket, websocket->close_code)
                                                     : 0;
}

/* ---- receiving ---- */

/*
 * After a negative return from LWS_CALLBACK_CLIENT_RECEIVE libwebsockets 4.1 writes the rest of the
 * message past the end of its buffer. So LWS_CALLBACK_CLIENT_WRITEABLE sends the close frame, and
 * received() drops everything that arrives before that.
 */
static void refuse_message(WebSocket *websocket, unsigned code, const char *why)
{
        websocket_drop_queue(websocket);
        websocket_close(websocket, code);
        (void)snprintf(websocket->reason, sizeof(websocket->reason), "%s", why);
}

static int rx_append(WebSocket *websocket, const void *in, size_t length)
{
        size_t needed = websocket->rx_length + length + 1;

        if (needed > websocket->rx_allocated) {
                size_t size = MAX_OF(needed, MIN_OF(2 * websocket->rx_allocated,
                                                    (size_t)WEBSOCKET_MESSAGE_MAX + 1));
                char *rx = realloc(websocket->rx, size);

                if (!rx)
                        return -ENOMEM;
                websocket->rx = rx;
                websocket->rx_allocated = size;
        }
        memcpy(websocket->rx + websocket->rx_length, in, length);
        websocket->rx_length += length;
        websocket->rx[websocket->rx_length] = '\0';
        return 0;
}

/* Delivers the message. The callback may free the WebSocket. */
static void deliver(WebSocket *websocket, struct lws *wsi)
{
        _cleanup_free_ char *text = TAKE_PTR(websocket->rx);
        size_t length = websocket->rx_length, allocated = websocket->rx_allocated;

        websocket->rx_length = websocket->rx_allocated = 0;
        websocket->events.message(websocket->userdata, text, length);
        if (lws_get_opaque_user_data(wsi) && allocated <= RX_KEPT_SIZE) {
                websocket->rx = TAKE_PTR(text);
                websocket->rx_allocated = allocated;
        }
}

static void received(WebSocket *websocket, struct lws *wsi, const void *in, size_t length)
{
        size_t coming = length + lws_remaining_packet_payload(wsi);

        if (websocket->state != WEBSOCKET_OPEN)
                return;
        if (lws_frame_is_binary(wsi))
                refuse_message(websocket, CLOSE_UNSUPPORTED,
                               "the other side sent a binary message");
        else if (coming > WEBSOCKET_MESSAGE_MAX - websocket->rx_length)
                refuse_message(websocket, CLOSE_TOO_BIG,
                               "the other side sent a message longer than 64 KiB");
        else if (rx_append(websocket, in, length) < 0)
                refuse_message(websocket, CLOSE_TOO_BIG, "out of memory");
        else if (lws_is_final_fragment(wsi) && coming == length)
                deliver(websocket, wsi);
}

/* ---- callbacks of lws ---- */

/* What lws says in `in` is for the log alone: it differs between its versions. */
static void connection_failed(WebSocket *websocket, struct lws *wsi, const char *in, size_t length)
{
        SSL *ssl = websocket->url.tls ? lws_get_ssl(wsi) : NULL;
        long verdict = ssl ? SSL_get_verify_result(ssl) : X509_V_OK;
        unsigned status = lws_http_client_http_response(wsi);
        ConnectStage stage = websocket->stage;
        char text[CONNECT_FAILURE_MAX + 1];

        if (websocket->state != WEBSOCKET_CONNECTING)
                return;
        websocket->wsi = NULL;
        lws_set_opaque_user_data(wsi, NULL);
        if (in)
                log_debug("libwebsockets: %.*s", (int)length, in);
        if (stage == CONNECT_TCP && ssl)
                stage = CONNECT_TLS;
        websocket_attempt_failed(websocket, verdict != X509_V_OK
                                                    ? X509_verify_cert_error_string(verdict)
                                                    : connect_failure_text(stage, status, text));
}

/* A server that does not choose our subprotocol is not a hub. */
static int check_subprotocol(WebSocket *websocket, struct lws *wsi)
{
        char chosen[WEBSOCKET_SUBPROTOCOL_MAX] = "";

        if (lws_hdr_copy(wsi, chosen, sizeof(chosen), WSI_TOKEN_PROTOCOL) > 0 &&
            str_eq(chosen, websocket->subprotocol))
                return 0;
        websocket_over(websocket, "%s does not speak %s", websocket->url.host,
                       websocket->subprotocol);
        return -1;
}

static void opened(WebSocket *websocket)
{
        websocket->state = WEBSOCKET_OPEN;
        websocket->reason[0] = '\0';
        if (websocket->silent_after > 0)
                websocket_set_timer(websocket, websocket->silent_after);
        else
                (void)sd_event_source_set_enabled(websocket->timer, SD_EVENT_OFF);
        websocket->events.opened(websocket->userdata);
}

static void peer_closes(WebSocket *websocket, const unsigned char *payload, size_t length)
{
        char text[128] = "", printable[128];

        if (websocket->state == WEBSOCKET_ENDING)
                return;
        if (length >= 2)
                websocket->peer_code = (unsigned)payload[0] << 8 | payload[1];
        if (length > 2) {
                size_t n = MIN_OF(length - 2, sizeof(text) - 1);

                memcpy(text, payload + 2, n);
                text[n] = '\0';
        }
        websocket->state = WEBSOCKET_ENDING;
        websocket_set_timer(websocket, WEBSOCKET_CLOSE_TIMEOUT_US);
        (void)snprintf(websocket->reason, sizeof(websocket->reason),
                       "the other side closed the connection%s%s", *text ? ": " : "",
                       str_printable(printable, sizeof(printable), text));
}

static void connection_closed(WebSocket *websocket, struct lws *wsi)
{
        lws_set_opaque_user_data(wsi, NULL);
        websocket->wsi = NULL;
        websocket_over(websocket, str_empty(websocket->reason) ? "the connection broke" : NULL);
}

int websocket_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                       size_t length)
{
        /* These concern the vhost; `wsi` is not a connection. */
        if (reason == LWS_CALLBACK_PROTOCOL_INIT || reason == LWS_CALLBACK_PROTOCOL_DESTROY)
                return 0;

        WebSocket *websocket = lws_get_opaque_user_data(wsi);
        if (!websocket)
                return 0;

        switch ((int)reason) { /* int, for -Wswitch-enum: lws has a hundred reasons */
        case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
                connection_failed(websocket, wsi, in, length);
                return 0;
        case LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER:
                websocket->stage = CONNECT_UPGRADE;
                return 0;
        case LWS_CALLBACK_CLIENT_FILTER_PRE_ESTABLISH:
                return check_subprotocol(websocket, wsi);
        case LWS_CALLBACK_CLIENT_ESTABLISHED:
                websocket->last_heard = clock_boottime();
                opened(websocket);
                return 0;
        case LWS_CALLBACK_CLIENT_RECEIVE:
                websocket->last_heard = clock_boottime();
                received(websocket, wsi, in, length);
                return 0;
        case LWS_CALLBACK_CLIENT_WRITEABLE:
                /* A callback that was not asked for: lws has just answered a ping. */
                if (!websocket->write_asked)
                        websocket->last_heard = clock_boottime();
                websocket->write_asked = false;
                return writable(websocket);
        case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
                peer_closes(websocket, in, length);
                return 0;
        case LWS_CALLBACK_CLIENT_CLOSED:
        case LWS_CALLBACK_WSI_DESTROY:
                connection_closed(websocket, wsi);
                return 0;
        default:
                return 0;
        }
}
