/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "loop/websocket.h"

#include <assert.h>
#include <errno.h>
#include <openssl/ssl.h>
#include <stdarg.h>
#include <utlist.h>

#include "base/clock.h"
#include "base/str.h"
#include "loop/loop-lws.h"
#include "loop/resolve.h"
#include "loop/url.h"

#define SUBPROTOCOL_MAX 32
#define REASON_SIZE 256                      /* bytes of the sentence in `closed` */
#define CLOSE_TIMEOUT_US (2 * USEC_PER_SEC)  /* for the peer to answer our close frame */
#define TIMER_ACCURACY_US (1 * USEC_PER_SEC) /* silence is not measured finely */
#define RX_KEPT_SIZE 2048                    /* larger buffers are freed after their message */
#define CLOSE_UNSUPPORTED 1003               /* RFC 6455, section 7.4.1 */
#define CLOSE_TOO_BIG 1009

typedef enum WebSocketState {
        WEBSOCKET_CONNECTING,
        WEBSOCKET_OPEN,
        WEBSOCKET_CLOSING, /* a close frame is to follow what is queued */
        WEBSOCKET_ENDING,  /* a close frame went or came: lws finishes */
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
        char subprotocol[SUBPROTOCOL_MAX];
        usec_t silent_after;

        WebSocketState state;
        Resolve *resolve;
        Addresses addresses;
        size_t next_address;    /* to try */
        sd_event_source *step;  /* the next attempt, or `closed`, out of the loop */
        sd_event_source *timer; /* of an attempt, of silence, of closing */
        bool uses_lws;
        struct lws *wsi; /* NULL when there is none, or it is given up */

        Outgoing *queue;
        size_t queued; /* bytes */
        bool write_asked;
        char *rx; /* a message that is not whole yet */
        size_t rx_length, rx_allocated;
        usec_t last_heard; /* CLOCK_BOOTTIME */

        unsigned close_code; /* to send */
        unsigned peer_code;  /* received, without our asking */
        char reason[REASON_SIZE];
};

int websocket_check_url(const char *s, bool insecure, const char **ret_text)
{
        Url url;
        int r = url_parse(s, 1, "/", &url, ret_text);

        if (r < 0)
                return r;
        if (!url.tls && !url.loopback && !insecure) {
                *ret_text = "ws:// is for this machine only: others need wss://";
                return -EINVAL;
        }
        return 0;
}

/* ---- the end ---- */

/* lws forgets us at once, and the connection soon. */
static void give_up_connection(WebSocket *websocket)
{
        if (!websocket->wsi)
                return;
        lws_set_opaque_user_data(websocket->wsi, NULL);
        lws_set_timeout(websocket->wsi, PENDING_TIMEOUT_KILLED_BY_PARENT, LWS_TO_KILL_ASYNC);
        websocket->wsi = NULL;
}

static void set_timer(WebSocket *websocket, usec_t after)
{
        (void)sd_event_source_set_time(websocket->timer, clock_boottime() + after);
        (void)sd_event_source_set_enabled(websocket->timer, SD_EVENT_ONESHOT);
}

/* `closed` follows out of the loop. Without a format the reason is there already. */
__attribute__((format(printf, 2, 3))) static void over(WebSocket *websocket, const char *format,
                                                       ...)
{
        va_list arguments;

        if (websocket->state == WEBSOCKET_CLOSED)
                return;
        if (format) {
                va_start(arguments, format);
                (void)vsnprintf(websocket->reason, sizeof(websocket->reason), format, arguments);
                va_end(arguments);
        }
        websocket->state = WEBSOCKET_CLOSED;
        websocket->resolve = resolve_free(websocket->resolve);
        give_up_connection(websocket);
        (void)sd_event_source_set_enabled(websocket->timer, SD_EVENT_OFF);
        (void)sd_event_source_set_enabled(websocket->step, SD_EVENT_ONESHOT);
}

/* ---- connecting ---- */

static void attempt_failed(WebSocket *websocket, const char *why)
{
        char printable[REASON_SIZE / 2];

        give_up_connection(websocket);
        (void)snprintf(websocket->reason, sizeof(websocket->reason),
                       "cannot connect to %s port %u: %s", websocket->url.host, websocket->url.port,
                       str_printable(printable, sizeof(printable), why));
        (void)sd_event_source_set_enabled(websocket->step, SD_EVENT_ONESHOT);
}

static int connect_to(WebSocket *websocket, const char *address)
{
        const Url *url = &websocket->url;
        static const lws_retry_bo_t no_pings = {0}; /* silence is ours to notice */
        struct lws_context *lws;
        int r = loop_lws(websocket->loop, url->tls, &lws);

        if (r < 0)
                return r;
        if (!websocket->uses_lws)
                loop_connection_begin(websocket->loop);
        websocket->uses_lws = true;

        const struct lws_client_connect_info info = {
                .context = lws,
                .address = address,
                .port = url->port,
                /* Whoever logs in names the hub, and no server another. */
                .ssl_connection = LCCSCF_HTTP_NO_FOLLOW_REDIRECT | (url->tls ? LCCSCF_USE_SSL : 0),
                .path = url->path,
                .host = url->host,
                .origin = url->host,
                .protocol = websocket->subprotocol,
                .local_protocol_name = LOOP_PROTOCOL_WEBSOCKET,
                .ietf_version_or_minus_one = -1,
                .opaque_user_data = websocket,
                .pwsi = &websocket->wsi,
                .retry_and_idle_policy = &no_pings,
                .alpn = "http/1.1",
        };
        websocket->reason[0] = '\0';
        if (lws_client_connect_via_info(&info))
                return 0;
        websocket->wsi = NULL;
        if (str_empty(websocket->reason))
                attempt_failed(websocket, "nobody answers there");
        return 0;
}

/* The next address, each with its share of the time. */
static void connect_next(WebSocket *websocket)
{
        const Addresses *addresses = &websocket->addresses;

        if (websocket->next_address == addresses->n) {
                over(websocket, NULL);
                return;
        }
        set_timer(websocket, WEBSOCKET_CONNECT_US / addresses->n);
        int r = connect_to(websocket, addresses->text[websocket->next_address++]);
        if (r < 0)
                over(websocket, "cannot connect: %s", strerror(-r));
}

static void resolved(void *userdata, const Addresses *addresses, const char *reason)
{
        WebSocket *websocket = userdata;

        if (!addresses) {
                over(websocket, "cannot find %s: %s", websocket->url.host, reason);
                return;
        }
        websocket->addresses = *addresses;
        connect_next(websocket);
}

static void find_host(WebSocket *websocket)
{
        Url *url = &websocket->url;

        set_timer(websocket, WEBSOCKET_CONNECT_US);
        if (url->literal) {
                const char *address =
                        strcasecmp(url->host, "localhost") == 0 ? "127.0.0.1" : url->host;

                websocket->addresses.n = 1;
                (void)STR_SET(websocket->addresses.text[0], address);
                connect_next(websocket);
                return;
        }
        int r = resolve_new(loop_event(websocket->loop), url->host, resolved, websocket,
                            &websocket->resolve);
        if (r < 0)
                over(websocket, "cannot look for %s: %s", url->host, strerror(-r));
}

static int step(sd_event_source *source, void *userdata)
{
        WebSocket *websocket = userdata;

        if (websocket->state == WEBSOCKET_CLOSED)
                websocket->events.closed(websocket->userdata, websocket->peer_code,
                                         websocket->reason);
        else if (websocket->addresses.n == 0)
                find_host(websocket);
        else if (!websocket->wsi)
                connect_next(websocket);
        return 0;
}

static int time_is_up(sd_event_source *source, uint64_t usec, void *userdata)
{
        WebSocket *websocket = userdata;
        usec_t silence = clock_boottime() - websocket->last_heard;

        if (websocket->state == WEBSOCKET_CONNECTING && websocket->addresses.n == 0)
                over(websocket, "cannot find %s: no answer in time", websocket->url.host);
        else if (websocket->state == WEBSOCKET_CONNECTING)
                attempt_failed(websocket, "no answer in time");
        else if (websocket->state == WEBSOCKET_CLOSING || websocket->state == WEBSOCKET_ENDING)
                over(websocket, NULL);
        else if (websocket->silent_after > 0 && silence >= websocket->silent_after)
                over(websocket, "nothing heard for %u s", (unsigned)(silence / USEC_PER_SEC));
        else if (websocket->silent_after > 0)
                set_timer(websocket, websocket->silent_after - silence);
        return 0;
}

int websocket_new(Loop *loop, const WebSocketOptions *options, const WebSocketEvents *events,
                  void *userdata, WebSocket **ret)
{
        const char *text;
        int r = websocket_check_url(options->url, options->insecure, &text);

        if (r < 0)
                return r;
        _cleanup_(websocket_freep) WebSocket *websocket = calloc(1, sizeof(*websocket));
        if (!websocket)
                return -ENOMEM;
        websocket->loop = loop;
        websocket->events = *events;
        websocket->userdata = userdata;
        websocket->silent_after = options->silent_after_s * USEC_PER_SEC;
        r = STR_SET(websocket->subprotocol, options->subprotocol);
        if (r >= 0)
                r = url_parse(options->url, options->default_port, options->path, &websocket->url,
                              &text);
        if (r >= 0)
                r = sd_event_add_defer(loop_event(loop), &websocket->step, step, websocket);
        if (r >= 0)
                r = sd_event_add_time(loop_event(loop), &websocket->timer, CLOCK_BOOTTIME, 0,
                                      TIMER_ACCURACY_US, time_is_up, websocket);
        if (r >= 0)
                r = sd_event_source_set_enabled(websocket->timer, SD_EVENT_OFF);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(websocket);
        return 0;
}

static void drop_queue(WebSocket *websocket)
{
        Outgoing *outgoing, *next;

        DL_FOREACH_SAFE (websocket->queue, outgoing, next)
                free(outgoing);
        websocket->queue = NULL;
        websocket->queued = 0;
}

WebSocket *websocket_free(WebSocket *websocket)
{
        if (!websocket)
                return NULL;
        give_up_connection(websocket);
        if (websocket->uses_lws)
                loop_connection_end(websocket->loop);
        resolve_free(websocket->resolve);
        sd_event_source_disable_unref(websocket->step);
        sd_event_source_disable_unref(websocket->timer);
        drop_queue(websocket);
        free(websocket->rx);
        free(websocket);
        return NULL;
}

/* ---- sending ---- */

static void ask_to_write(WebSocket *websocket)
{
        websocket->write_asked = true;
        (void)lws_callback_on_writable(websocket->wsi);
}

int websocket_send(WebSocket *websocket, const char *text, size_t length)
{
        if (websocket->state != WEBSOCKET_OPEN)
                return -ENOTCONN;
        if (length > WEBSOCKET_MESSAGE_MAX)
                return -EMSGSIZE;
        if (length > WEBSOCKET_QUEUE_MAX - websocket->queued)
                return -ENOBUFS;

        Outgoing *outgoing = malloc(sizeof(*outgoing) + LWS_PRE + length);
        if (!outgoing)
                return -ENOMEM;
        outgoing->length = length;
        memcpy(outgoing->buffer + LWS_PRE, text, length);
        DL_APPEND(websocket->queue, outgoing);
        websocket->queued += length;
        ask_to_write(websocket);
        return 0;
}

void websocket_close(WebSocket *websocket, unsigned code)
{
        if (websocket->state == WEBSOCKET_CONNECTING) {
                over(websocket, "closed before it was open");
        } else if (websocket->state == WEBSOCKET_OPEN) {
                websocket->state = WEBSOCKET_CLOSING;
                websocket->close_code = code;
                (void)STR_SET(websocket->reason, "closed");
                set_timer(websocket, CLOSE_TIMEOUT_US);
                ask_to_write(websocket);
        }
}

/* What lws calls back with when it is to send the close frame. */
static int send_close(WebSocket *websocket, unsigned code)
{
        websocket->state = WEBSOCKET_ENDING;
        set_timer(websocket, CLOSE_TIMEOUT_US);
        lws_close_reason(websocket->wsi, (enum lws_close_status)code, NULL, 0);
        return -1;
}

/* One message a turn. */
static int writable(WebSocket *websocket)
{
        Outgoing *outgoing = websocket->queue;

        if (outgoing) {
                int n = lws_write(websocket->wsi, outgoing->buffer + LWS_PRE, outgoing->length,
                                  LWS_WRITE_TEXT);
                if (n < (int)outgoing->length)
                        return -1;
                DL_DELETE(websocket->queue, outgoing);
                websocket->queued -= outgoing->length;
                free(outgoing);
        }
        if (websocket->queue || (outgoing && websocket->state == WEBSOCKET_CLOSING)) {
                ask_to_write(websocket);
                return 0;
        }
        return websocket->state == WEBSOCKET_CLOSING ? send_close(websocket, websocket->close_code)
                                                     : 0;
}

/* ---- receiving ---- */

/*
 * A negative answer to LWS_CALLBACK_CLIENT_RECEIVE would be the natural way, but libwebsockets
 * 4.1 then writes what else comes of that message past the end of its buffer. So the close frame
 * goes by way of LWS_CALLBACK_CLIENT_WRITEABLE, and what comes until then is dropped.
 */
static void refuse_message(WebSocket *websocket, unsigned code, const char *why)
{
        drop_queue(websocket);
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

/* The message is handed out; whoever gets it may free the WebSocket. */
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

/* ---- what lws says ---- */

static void connection_failed(WebSocket *websocket, struct lws *wsi, const char *why)
{
        SSL *ssl = websocket->url.tls ? lws_get_ssl(wsi) : NULL;
        long verdict = ssl ? SSL_get_verify_result(ssl) : X509_V_OK;

        if (websocket->state != WEBSOCKET_CONNECTING)
                return;
        websocket->wsi = NULL;
        lws_set_opaque_user_data(wsi, NULL);
        if (verdict != X509_V_OK)
                why = X509_verify_cert_error_string(verdict);
        else if (str_empty(why) || str_eq(why, "Unable to connect"))
                why = "nobody answers there";
        attempt_failed(websocket, why);
}

/* A server that does not choose our subprotocol is no hub. */
static int check_subprotocol(WebSocket *websocket, struct lws *wsi)
{
        char chosen[SUBPROTOCOL_MAX] = "";

        if (lws_hdr_copy(wsi, chosen, sizeof(chosen), WSI_TOKEN_PROTOCOL) > 0 &&
            str_eq(chosen, websocket->subprotocol))
                return 0;
        over(websocket, "%s does not speak %s", websocket->url.host, websocket->subprotocol);
        return -1;
}

static void opened(WebSocket *websocket)
{
        websocket->state = WEBSOCKET_OPEN;
        websocket->reason[0] = '\0';
        if (websocket->silent_after > 0)
                set_timer(websocket, websocket->silent_after);
        else
                (void)sd_event_source_set_enabled(websocket->timer, SD_EVENT_OFF);
        websocket->events.opened(websocket->userdata);
}

static void peer_closes(WebSocket *websocket, const unsigned char *payload, size_t length)
{
        char said[128] = "", printable[128];

        if (websocket->state == WEBSOCKET_ENDING)
                return;
        if (length >= 2)
                websocket->peer_code = (unsigned)payload[0] << 8 | payload[1];
        if (length > 2) {
                size_t n = MIN_OF(length - 2, sizeof(said) - 1);

                memcpy(said, payload + 2, n);
                said[n] = '\0';
        }
        websocket->state = WEBSOCKET_ENDING;
        set_timer(websocket, CLOSE_TIMEOUT_US);
        (void)snprintf(websocket->reason, sizeof(websocket->reason),
                       "the other side closed the connection%s%s", *said ? ": " : "",
                       str_printable(printable, sizeof(printable), said));
}

static void connection_closed(WebSocket *websocket, struct lws *wsi)
{
        lws_set_opaque_user_data(wsi, NULL);
        websocket->wsi = NULL;
        over(websocket, str_empty(websocket->reason) ? "the connection broke" : NULL);
}

int websocket_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                       size_t length)
{
        /* Of the vhost, not of a connection: `wsi` is none then. */
        if (reason == LWS_CALLBACK_PROTOCOL_INIT || reason == LWS_CALLBACK_PROTOCOL_DESTROY)
                return 0;

        WebSocket *websocket = lws_get_opaque_user_data(wsi);
        if (!websocket)
                return 0;

        switch (reason) {
        case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
                connection_failed(websocket, wsi, in);
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
                /* Not asked for: lws has just answered a ping, which it does not tell otherwise. */
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
