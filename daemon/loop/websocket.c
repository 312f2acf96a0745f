/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "loop/websocket.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <utlist.h>

#include "base/str.h"
#include "loop/websocket-internal.h"

#define TIMER_ACCURACY_US (1 * USEC_PER_SEC) /* the timer of silence needs no more */

static int parse_url(const WebSocketOptions *options, Url *ret, const char **ret_text)
{
        int r = url_parse(options->url, options->default_port, options->path, ret, ret_text);

        if (r < 0 || ret->tls || ret->loopback || options->insecure)
                return r;
        *ret_text = "ws:// is for this machine only: others need wss://";
        return -EINVAL;
}

int websocket_check_url(const char *url, bool insecure, const char **ret_text)
{
        const WebSocketOptions options = {
                .url = url, .path = "/", .default_port = 1, .insecure = insecure};

        return parse_url(&options, &(Url){}, ret_text);
}

void websocket_give_up(WebSocket *websocket)
{
        if (!websocket->wsi)
                return;
        lws_set_opaque_user_data(websocket->wsi, NULL);
        lws_set_timeout(websocket->wsi, PENDING_TIMEOUT_KILLED_BY_PARENT, LWS_TO_KILL_ASYNC);
        websocket->wsi = NULL;
}

void websocket_set_timer(WebSocket *websocket, usec_t after)
{
        (void)sd_event_source_set_time(websocket->timer, clock_boottime() + after);
        (void)sd_event_source_set_enabled(websocket->timer, SD_EVENT_ONESHOT);
}

void websocket_over(WebSocket *websocket, const char *format, ...)
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
        websocket_give_up(websocket);
        (void)sd_event_source_set_enabled(websocket->timer, SD_EVENT_OFF);
        (void)sd_event_source_set_enabled(websocket->step, SD_EVENT_ONESHOT);
}

static int step(sd_event_source *source, void *userdata)
{
        WebSocket *websocket = userdata;

        if (websocket->state == WEBSOCKET_CLOSED)
                websocket->events.closed(websocket->userdata, websocket->peer_code,
                                         websocket->reason);
        else if (websocket->addresses.n == 0)
                websocket_find_host(websocket);
        else if (!websocket->wsi)
                websocket_connect_next(websocket);
        return 0;
}

static int time_is_up(sd_event_source *source, uint64_t usec, void *userdata)
{
        WebSocket *websocket = userdata;
        usec_t silence = clock_boottime() - websocket->last_heard;

        if (websocket->state == WEBSOCKET_CONNECTING && websocket->addresses.n == 0)
                websocket_over(websocket, "cannot find %s: no answer in time", websocket->url.host);
        else if (websocket->state == WEBSOCKET_CONNECTING)
                websocket_attempt_failed(websocket, "no answer in time");
        else if (websocket->state == WEBSOCKET_CLOSING || websocket->state == WEBSOCKET_ENDING)
                websocket_over(websocket, NULL);
        else if (websocket->silent_after > 0 && silence >= websocket->silent_after)
                websocket_over(websocket, "received nothing for %u s",
                               (unsigned)(silence / USEC_PER_SEC));
        else if (websocket->silent_after > 0)
                websocket_set_timer(websocket, websocket->silent_after - silence);
        return 0;
}

int websocket_new(Loop *loop, const WebSocketOptions *options, const WebSocketEvents *events,
                  void *userdata, WebSocket **ret)
{
        const char *ignored;
        _cleanup_(websocket_freep) WebSocket *websocket = calloc(1, sizeof(*websocket));
        if (!websocket)
                return -ENOMEM;
        websocket->loop = loop;
        websocket->events = *events;
        websocket->userdata = userdata;
        websocket->silent_after = options->silent_after_s * USEC_PER_SEC;
        int r = parse_url(options, &websocket->url, &ignored);
        if (r >= 0)
                r = STR_SET(websocket->subprotocol, options->subprotocol);
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

void websocket_drop_queue(WebSocket *websocket)
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
        websocket_give_up(websocket);
        if (websocket->uses_lws)
                loop_connection_end(websocket->loop);
        resolve_free(websocket->resolve);
        sd_event_source_disable_unref(websocket->step);
        sd_event_source_disable_unref(websocket->timer);
        websocket_drop_queue(websocket);
        free(websocket->rx);
        free(websocket);
        return NULL;
}

void websocket_ask_to_write(WebSocket *websocket)
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
        if (!websocket->queue && !lws_partial_buffered(websocket->wsi) &&
            websocket_write(websocket, outgoing) >= 0) {
                free(outgoing);
                return 0;
        }
        DL_APPEND(websocket->queue, outgoing);
        websocket->queued += length;
        websocket_ask_to_write(websocket);
        return 0;
}

int websocket_peer_owner(const WebSocket *websocket, uid_t *ret)
{
        if (websocket->url.tls || !websocket->url.loopback)
                return -EREMOTE;
        return websocket->wsi ? peer_owner(lws_get_socket_fd(websocket->wsi), ret) : -ENOTCONN;
}

void websocket_close(WebSocket *websocket, unsigned code)
{
        if (websocket->state == WEBSOCKET_CONNECTING) {
                websocket_over(websocket, "closed before it was open");
        } else if (websocket->state == WEBSOCKET_OPEN) {
                websocket->state = WEBSOCKET_CLOSING;
                websocket->close_code = code;
                (void)STR_SET(websocket->reason, "closed");
                websocket_set_timer(websocket, WEBSOCKET_CLOSE_TIMEOUT_US);
                websocket_ask_to_write(websocket);
        }
}
