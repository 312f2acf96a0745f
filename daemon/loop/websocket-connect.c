/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/str.h"
#include "loop/websocket-internal.h"

void websocket_attempt_failed(WebSocket *websocket, const char *why)
{
        const Url *url = &websocket->url;
        char port[16] = "";

        websocket_give_up(websocket);
        if (!url->is_socket)
                snprintf(port, sizeof(port), " port %u", url->port);
        (void)snprintf(websocket->reason, sizeof(websocket->reason), "cannot connect to %s%s: %s",
                       url->host, port, why);
        (void)sd_event_source_set_enabled(websocket->step, SD_EVENT_ONESHOT);
}

static int connect_to(WebSocket *websocket, const char *address)
{
        const Url *url = &websocket->url;
        static const lws_retry_bo_t no_pings = {0}; /* websocket.c detects silence instead */
        char text[CONNECT_FAILURE_MAX + 1], socket[1 + URL_SOCKET_MAX + 1];
        struct lws_context *lws;
        int r = loop_lws(websocket->loop, url->tls, &lws);

        if (r < 0)
                return r;
        if (!websocket->uses_lws)
                loop_connection_begin(websocket->loop);
        websocket->uses_lws = true;

        /* The mark by which lws knows the path of a unix socket. */
        snprintf(socket, sizeof(socket), "+%.*s", URL_SOCKET_MAX, url->host);
        const struct lws_client_connect_info info = {
                .context = lws,
                .address = url->is_socket ? socket : address,
                .port = url->port,
                /* The user has chosen this hub, so no server may redirect elsewhere. */
                .ssl_connection = LCCSCF_HTTP_NO_FOLLOW_REDIRECT | (url->tls ? LCCSCF_USE_SSL : 0),
                .path = url->path,
                .host = url->is_socket ? "localhost" : url->host,
                .protocol = websocket->subprotocol,
                .local_protocol_name = LOOP_PROTOCOL_WEBSOCKET,
                .ietf_version_or_minus_one = -1,
                .opaque_user_data = websocket,
                .pwsi = &websocket->wsi,
                .retry_and_idle_policy = &no_pings,
                .alpn = "http/1.1",
        };
        websocket->reason[0] = '\0';
        websocket->stage = CONNECT_TCP;
        if (lws_client_connect_via_info(&info))
                return 0;
        websocket->wsi = NULL;
        if (str_empty(websocket->reason))
                websocket_attempt_failed(websocket, connect_failure_text(CONNECT_TCP, 0, text));
        return 0;
}

/* Tries the next address. Each gets an equal share of WEBSOCKET_CONNECT_US. */
void websocket_connect_next(WebSocket *websocket)
{
        const Addresses *addresses = &websocket->addresses;

        if (websocket->next_address == addresses->n) {
                websocket_over(websocket, NULL);
                return;
        }
        websocket_set_timer(websocket, WEBSOCKET_CONNECT_US / addresses->n);
        int r = connect_to(websocket, addresses->text[websocket->next_address++]);
        if (r < 0)
                websocket_over(websocket, "cannot connect: %s", strerror(-r));
}

static void resolved(void *userdata, const Addresses *addresses, const char *reason)
{
        WebSocket *websocket = userdata;

        if (!addresses) {
                websocket_over(websocket, "cannot find %s: %s", websocket->url.host, reason);
                return;
        }
        websocket->addresses = *addresses;
        websocket_connect_next(websocket);
}

void websocket_find_host(WebSocket *websocket)
{
        Url *url = &websocket->url;

        websocket_set_timer(websocket, WEBSOCKET_CONNECT_US);
        if (url->literal) {
                const char *address =
                        strcasecmp(url->host, "localhost") == 0 ? "127.0.0.1" : url->host;

                websocket->addresses.n = 1; /* that of a socket is in the URL alone */
                if (!url->is_socket)
                        (void)STR_SET(websocket->addresses.text[0], address);
                websocket_connect_next(websocket);
                return;
        }
        int r = resolve_new(loop_event(websocket->loop), url->host, resolved, websocket,
                            &websocket->resolve);
        if (r < 0)
                websocket_over(websocket, "cannot look up %s: %s", url->host, strerror(-r));
}
