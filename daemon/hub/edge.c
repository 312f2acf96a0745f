/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hub/edge.h"

#include <errno.h>
#include <netdb.h>
#include <utlist.h>

#include "base/log.h"
#include "hub/edge-listen.h"
#include "hub/web.h"

#define TICK_MS 1000
/*
 * Those who say what makes no sense are heard one message at a time, so many of them in a
 * millisecond: a quarter of the hub's time at most, and never long at once.
 */
#define PAUSE_MS 1
#define HEARD_AGAIN_AT_ONCE 16
#define CLOSE_TEXT_MAX 123 /* RFC 6455 section 5.5 */

/* 2.4 kB a connection in place of 5.5 (hub.md); a message that is longer comes in pieces. */
#define RX_BUFFER_SIZE 1024

/* lws would take the above for this, too, and cut what is longer into several writes. */
#define TX_PACKET_SIZE (2 * WIRE_MESSAGE_MAX)

#define BATCH_SIZE (16 * 1024) /* of small messages in one write; what is larger goes alone */

struct EdgeLink {
        EdgeLink *prev, *next;
        Edge *edge;
        struct lws *wsi;
        void *userdata;
        char *bearer;  /* owned */
        char *message; /* owned: the pieces so far */
        size_t message_length, message_allocated;
        Outbox outbox;
        EdgeLink *waiting_prev, *waiting_next;
        bool is_waiting; /* in edge->waiting: a frame is held for a commit */
        EdgeLink *ending_prev, *ending_next;
        bool is_ending; /* in edge->ending: all is said, to be closed */
        EdgeLink *paused_prev, *paused_next;
        bool is_paused; /* in edge->paused: not read from */
        bool is_welcome, is_closing, is_closed, is_dead;
        uint16_t close_code;
        uint8_t pings_missed;
        usec_t opened_at, pinged_at; /* CLOCK_BOOTTIME */
        char address[EDGE_ADDRESS_MAX];
        char close_text[CLOSE_TEXT_MAX + 1];
};

struct Edge {
        EdgeHandler handler;
        struct lws_context *context;
        struct lws_vhost *vhost;
        struct lws_protocols protocols[3]; /* plain HTTP, ours, the end */
        uv_timer_t tick, pause;
        uint32_t max_events;
        uint64_t committed;
        EdgeLink *links, *waiting, *ending, *paused;
        char host[NI_MAXHOST]; /* lws keeps only a pointer to it */
};

static int edge_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                         size_t length);
static void edge_tick(uv_timer_t *timer);

static const struct lws_protocols edge_protocol = {
        .name = WIRE_SUBPROTOCOL,
        .callback = edge_callback,
        .per_session_data_size = sizeof(EdgeLink *),
        .rx_buffer_size = RX_BUFFER_SIZE,
        .tx_packet_size = TX_PACKET_SIZE,
};

const char *edge_link_address(const EdgeLink *link)
{
        return link->address;
}

const char *edge_link_bearer(const EdgeLink *link)
{
        return link->bearer;
}

static void wipe_bearer(EdgeLink *link)
{
        if (link->bearer)
                explicit_bzero(link->bearer, strlen(link->bearer));
        free(TAKE_PTR(link->bearer));
}

void edge_link_welcome(EdgeLink *link)
{
        link->is_welcome = true;
        wipe_bearer(link);
}

void *edge_link_userdata(const EdgeLink *link)
{
        return link->userdata;
}

void edge_link_set_userdata(EdgeLink *link, void *userdata)
{
        link->userdata = userdata;
}

uint32_t edge_replies_waiting(const EdgeLink *link)
{
        return link->outbox.n_replies;
}

int edge_acknowledge(EdgeLink *link, uint64_t seq)
{
        return outbox_acknowledge(&link->outbox, seq);
}

bool edge_link_is_lost(const EdgeLink *link)
{
        return link->close_code == 0;
}

static void set_waiting(EdgeLink *link, bool waiting)
{
        Edge *edge = link->edge;

        if (waiting == link->is_waiting)
                return;
        if (waiting)
                DL_APPEND2(edge->waiting, link, waiting_prev, waiting_next);
        else
                DL_DELETE2(edge->waiting, link, waiting_prev, waiting_next);
        link->is_waiting = waiting;
}

Outbox edge_link_take_outbox(EdgeLink *link)
{
        Outbox outbox = link->outbox;

        link->outbox = (Outbox){0};
        set_waiting(link, false);
        return outbox;
}

static void set_ending(EdgeLink *link, bool ending)
{
        Edge *edge = link->edge;

        if (ending == link->is_ending)
                return;
        if (ending)
                DL_APPEND2(edge->ending, link, ending_prev, ending_next);
        else
                DL_DELETE2(edge->ending, link, ending_prev, ending_next);
        link->is_ending = ending;
}

static void set_paused(EdgeLink *link, bool paused)
{
        Edge *edge = link->edge;

        if (paused == link->is_paused)
                return;
        if (paused)
                DL_APPEND2(edge->paused, link, paused_prev, paused_next);
        else
                DL_DELETE2(edge->paused, link, paused_prev, paused_next);
        link->is_paused = paused;
}

/* Those who have waited the longest. */
static void on_pause_over(uv_timer_t *timer)
{
        Edge *edge = timer->data;
        EdgeLink *link;

        for (int i = 0; i < HEARD_AGAIN_AT_ONCE && (link = edge->paused); i++) {
                set_paused(link, false);
                lws_rx_flow_control(link->wsi, 1);
        }
        if (!edge->paused)
                uv_timer_stop(timer);
}

void edge_pause(EdgeLink *link)
{
        Edge *edge = link->edge;

        if (link->is_closing)
                return;
        set_paused(link, true);
        lws_rx_flow_control(link->wsi, 0);
        if (!uv_is_active((uv_handle_t *)&edge->pause))
                uv_timer_start(&edge->pause, on_pause_over, PAUSE_MS, PAUSE_MS);
}

/*
 * Several messages go out as one write: for the hub one system call, and the device wakes up once
 * for them. lws frames only one message a write, so here it gets them framed.
 */
static int link_write_several(EdgeLink *link)
{
        static unsigned char batch[LWS_PRE + BATCH_SIZE];
        size_t length =
                outbox_take(&link->outbox, link->edge->committed, batch + LWS_PRE, BATCH_SIZE);

        return lws_write(link->wsi, batch + LWS_PRE, length, LWS_WRITE_RAW) < 0 ? -EPIPE : 0;
}

static int link_write_one(EdgeLink *link)
{
        Frame *frame = link->outbox.frames;
        int n = lws_write(link->wsi, frame->data, frame->length, LWS_WRITE_TEXT);

        outbox_pop(&link->outbox);
        return n < 0 ? -EPIPE : 0;
}

static int link_write_frames(EdgeLink *link)
{
        int r = 0;

        while (r == 0 && outbox_peek(&link->outbox, link->edge->committed)) {
                if (lws_partial_buffered(link->wsi)) {
                        lws_callback_on_writable(link->wsi);
                        break;
                }
                r = outbox_has_several(&link->outbox, link->edge->committed, BATCH_SIZE)
                            ? link_write_several(link)
                            : link_write_one(link);
        }
        return r;
}

/*
 * Writes at once, without waiting for the loop to come round. Whatever the socket does not take
 * lws keeps itself, and asks for the next turn when it is through with it.
 */
static int link_flush(EdgeLink *link)
{
        if (link->is_dead)
                return 0;
        int r = link_write_frames(link);
        if (r < 0)
                return r;
        set_waiting(link,
                    link->outbox.frames && !outbox_peek(&link->outbox, link->edge->committed));
        set_ending(link, link->close_code && !link->is_closed && !link->outbox.frames &&
                                 !lws_partial_buffered(link->wsi));
        return 0;
}

static void link_gone(EdgeLink *link)
{
        if (link->is_closing)
                return;
        link->is_closing = true;
        link->edge->handler.closed(link, link->edge->handler.userdata);
}

/* For a connection that is of no use any more. What was to go out stays until it is gone. */
static void link_kill(EdgeLink *link)
{
        link->is_dead = true;
        set_waiting(link, false);
        set_ending(link, false);
        lws_set_timeout(link->wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_ASYNC);
        /* What is set outside lws takes effect only when it looks again. */
        lws_cancel_service(link->edge->context);
}

void edge_close(EdgeLink *link, WireClose code, const char *text)
{
        char shown[8];

        if (link->is_closing)
                return;
        link->close_code = (uint16_t)code;
        str_printable(link->close_text, sizeof(link->close_text), text);
        snprintf(shown, sizeof(shown), "%d", (int)code);
        log_fields(LOG_INFO, "closing a connection", "CODE=%s", shown, "ADDRESS=%s", link->address,
                   "REASON=%s", link->close_text, NULL);
        link_gone(link);
        lws_set_timeout(link->wsi, PENDING_TIMEOUT_USER_REASON_BASE, CLOSE_DEADLINE_S);
        if (link_flush(link) < 0)
                link_kill(link);
        lws_cancel_service(link->edge->context);
}

/*
 * lws sends a close frame only if the connection is closed from outside its own callbacks, or from
 * that for what was received: here is outside.
 */
void edge_turn_end(Edge *edge)
{
        EdgeLink *link;

        while ((link = edge->ending)) {
                set_ending(link, false);
                link->is_closed = true;
                lws_close_reason(link->wsi, (enum lws_close_status)link->close_code,
                                 (unsigned char *)link->close_text, strlen(link->close_text));
                lws_set_timeout(link->wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_SYNC);
                lws_cancel_service(edge->context);
        }
}

int edge_send(EdgeLink *link, Message *message, uint64_t barrier)
{
        if (link->is_closing)
                return 0;
        int r = outbox_push(&link->outbox, message, barrier, link->edge->max_events,
                            clock_boottime());
        if (r == -ENOBUFS) {
                outbox_done(&link->outbox);
                edge_close(link, WIRE_CLOSE_TOO_SLOW,
                           "the queue is full: nothing is taken from it");
                return 0;
        }
        if (r < 0)
                return r;
        if (link_flush(link) < 0)
                link_kill(link);
        return 0;
}

void edge_link_put_outbox(EdgeLink *link, Outbox *outbox)
{
        Outbox mine = link->outbox;

        link->outbox = *outbox;
        *outbox = (Outbox){0};
        DL_CONCAT(mine.frames, link->outbox.frames);
        link->outbox.frames = mine.frames;
        link->outbox.n_frames += mine.n_frames;
        link->outbox.n_bytes += mine.n_bytes;
        link->outbox.n_replies += mine.n_replies;
        if (link_flush(link) < 0)
                link_kill(link);
}

/* Those for whom it is news come before those who did it, and only get their reply. */
void edge_committed(Edge *edge, uint64_t committed)
{
        EdgeLink *link, *next;

        edge->committed = committed;
        for (int pass = 0; pass < 2; pass++) {
                DL_FOREACH_SAFE2 (edge->waiting, link, next, waiting_next) {
                        if (pass == 0 && link->outbox.frames->is_reply)
                                continue;
                        if (link_flush(link) < 0)
                                link_kill(link);
                }
        }
}

/* The header's bearer token, as RFC 6750 section 2.1 has it. Another scheme is none of ours. */
static int take_bearer(EdgeLink *link)
{
        static const char scheme[] = "Bearer ";
        char value[sizeof(scheme) + TOKEN_MAX];

        if (lws_hdr_copy(link->wsi, value, sizeof(value), WSI_TOKEN_HTTP_AUTHORIZATION) <= 0 ||
            strncasecmp(value, scheme, strlen(scheme)) != 0)
                return 0;
        link->bearer = strdup(value + strlen(scheme));
        explicit_bzero(value, sizeof(value));
        return link->bearer ? 0 : -ENOMEM;
}

/* lws would take a connection for any path, and one that names no subprotocol. */
static bool upgrade_is_ours(struct lws *wsi)
{
        char path[sizeof(WIRE_PATH) + 1];

        return lws_hdr_copy(wsi, path, sizeof(path), WSI_TOKEN_GET_URI) > 0 &&
               str_eq(path, WIRE_PATH) && lws_hdr_total_length(wsi, WSI_TOKEN_PROTOCOL) > 0;
}

static int link_open(Edge *edge, struct lws *wsi, EdgeLink **slot)
{
        EdgeLink *link = calloc(1, sizeof(*link));

        if (!link)
                return -ENOMEM;
        link->edge = edge;
        link->wsi = wsi;
        link->opened_at = link->pinged_at = clock_boottime();
        lws_get_peer_simple(wsi, link->address, sizeof(link->address));
        DL_APPEND(edge->links, link);
        if (!uv_is_active((uv_handle_t *)&edge->tick))
                uv_timer_start(&edge->tick, edge_tick, TICK_MS, TICK_MS);
        *slot = link;
        return take_bearer(link);
}

static void link_free(EdgeLink *link)
{
        link_gone(link);
        set_waiting(link, false);
        set_ending(link, false);
        set_paused(link, false);
        DL_DELETE(link->edge->links, link);
        wipe_bearer(link);
        outbox_done(&link->outbox);
        free(link->message);
        free(link);
}

static int link_append(EdgeLink *link, const char *data, size_t length)
{
        size_t needed = link->message_length + length;

        if (length == 0)
                return 0;
        if (needed > link->message_allocated) {
                size_t size = MAX_OF(2 * link->message_allocated, needed);
                char *grown = realloc(link->message, size);

                if (!grown)
                        return -ENOMEM;
                link->message = grown;
                link->message_allocated = size;
        }
        memcpy(link->message + link->message_length, data, length);
        link->message_length = needed;
        return 0;
}

static void link_deliver(EdgeLink *link, const char *text, size_t length)
{
        link->edge->handler.message(link, text, length, link->edge->handler.userdata);
}

static void link_receive(EdgeLink *link, const char *data, size_t length)
{
        struct lws *wsi = link->wsi;
        bool last = lws_is_final_fragment(wsi) && lws_remaining_packet_payload(wsi) == 0;

        link->pings_missed = 0;
        if (link->is_closing)
                return;
        if (lws_frame_is_binary(wsi)) {
                edge_close(link, WIRE_CLOSE_UNSUPPORTED, "messages are text, this one is binary");
                return;
        }
        if (link->message_length + length + lws_remaining_packet_payload(wsi) > WIRE_MESSAGE_MAX) {
                edge_close(link, WIRE_CLOSE_TOO_BIG, "the message is longer than 64 KiB");
                return;
        }
        /* Most come whole, and need no copy. */
        if (last && link->message_length == 0) {
                link_deliver(link, data, length);
                return;
        }
        if (link_append(link, data, length) < 0) {
                edge_close(link, WIRE_CLOSE_GOING_AWAY, "the hub is out of memory");
                return;
        }
        if (!last)
                return;
        char *text = TAKE_PTR(link->message);
        size_t whole = link->message_length;

        link->message_length = link->message_allocated = 0;
        link_deliver(link, text, whole);
        free(text);
}

static int edge_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                         size_t length)
{
        EdgeLink **slot = user;

        switch (reason) {
        case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION:
                if (upgrade_is_ours(wsi))
                        return 0;
                web_refuse_upgrade(wsi);
                return -1;
        case LWS_CALLBACK_ESTABLISHED:
                return link_open(lws_vhost_user(lws_get_vhost(wsi)), wsi, slot) < 0 ? -1 : 0;
        case LWS_CALLBACK_RECEIVE:
                if (*slot)
                        link_receive(*slot, in, length);
                return 0;
        case LWS_CALLBACK_RECEIVE_PONG:
                if (*slot)
                        (*slot)->pings_missed = 0;
                return 0;
        case LWS_CALLBACK_SERVER_WRITEABLE:
                return *slot && link_flush(*slot) < 0 ? -1 : 0;
        case LWS_CALLBACK_CLOSED:
                if (slot && *slot)
                        link_free(TAKE_PTR(*slot));
                return 0;
        default:
                return lws_callback_http_dummy(wsi, reason, user, in, length);
        }
}

static void link_keep_alive(EdgeLink *link, usec_t now)
{
        const EdgeHandler *handler = &link->edge->handler;
        /* The pong to an empty ping is not told by lws. */
        unsigned char ping[LWS_PRE + 1] = {[LWS_PRE] = '.'};

        if (now - link->pinged_at < PING_IN_CALL_US)
                return;
        bool in_call = handler->in_call(link, handler->userdata);
        if (!in_call && now - link->pinged_at < PING_IDLE_US)
                return;
        if (link->pings_missed >= (in_call ? PINGS_MISSED_IN_CALL : PINGS_MISSED_IDLE)) {
                log_fields(LOG_INFO, "a device does not answer any more", "ADDRESS=%s",
                           link->address, NULL);
                link_gone(link);
                link_kill(link);
                return;
        }
        link->pinged_at = now;
        link->pings_missed++;
        if (lws_write(link->wsi, ping + LWS_PRE, 1, LWS_WRITE_PING) < 0)
                link_kill(link);
}

static void edge_tick(uv_timer_t *timer)
{
        Edge *edge = timer->data;
        usec_t now = clock_boottime();
        EdgeLink *link, *next;

        DL_FOREACH_SAFE (edge->links, link, next) {
                if (link->is_closing)
                        continue;
                if (!link->is_welcome && now - link->opened_at >= HELLO_DEADLINE_US)
                        edge_close(link, WIRE_CLOSE_HELLO_EXPECTED, "no hello within 10 seconds");
                else
                        link_keep_alive(link, now);
        }
        if (!edge->links)
                uv_timer_stop(timer);
}

int edge_new(struct lws_context *context, uv_loop_t *loop, const EdgeOptions *options,
             const EdgeHandler *handler, Edge **ret, char **ret_text)
{
        _cleanup_(edge_freep) Edge *edge = calloc(1, sizeof(*edge));

        if (!edge)
                return -ENOMEM;
        edge->context = context;
        edge->handler = *handler;
        edge->max_events = options->max_events;
        edge->protocols[0] = web_protocol(options->web);
        edge->protocols[1] = edge_protocol;
        edge->vhost = edge_listen(context, options, edge->protocols, edge, edge->host, ret_text);
        if (!edge->vhost)
                return -EADDRNOTAVAIL;
        uv_timer_init(loop, &edge->tick);
        uv_timer_init(loop, &edge->pause);
        edge->tick.data = edge->pause.data = edge;
        *ret = TAKE_PTR(edge);
        return 0;
}

void edge_stop(Edge *edge)
{
        EdgeLink *link, *next;

        uv_close((uv_handle_t *)&edge->tick, NULL);
        uv_close((uv_handle_t *)&edge->pause, NULL);
        DL_FOREACH_SAFE (edge->links, link, next)
                edge_close(link, WIRE_CLOSE_GOING_AWAY, "the hub stops");
}

Edge *edge_free(Edge *edge)
{
        free(edge);
        return NULL;
}

bool edge_is_empty(const Edge *edge)
{
        return !edge->links;
}

uint16_t edge_port(const Edge *edge)
{
        return (uint16_t)lws_get_vhost_listen_port(edge->vhost);
}
