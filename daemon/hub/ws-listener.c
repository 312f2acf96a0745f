/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hub/ws-listener.h"

#include <errno.h>

#include "base/log.h"
#include "hub/web.h"

/* Turns off the pings and timeouts of lws: ws-connection.c does both by rule 17. */
static const lws_retry_bo_t no_keep_alive = {0};

/*
 * Tries to bind the address first, because lws does not say why that fails. Returns the address in
 * numbers, because lws does not resolve names here.
 */
static int try_bind(const WsServerOptions *options, char ret_host[static NI_MAXHOST],
                    int *ret_family, char **ret_text)
{
        struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *found;
        char port[8];
        int on = 1;

        snprintf(port, sizeof(port), "%u", options->port);
        int r = getaddrinfo(options->host, port, &hints, &found);
        if (r == 0)
                r = getnameinfo(found->ai_addr, found->ai_addrlen, ret_host, NI_MAXHOST, NULL, 0,
                                NI_NUMERICHOST);
        if (r != 0) {
                *ret_text =
                        str_printf("cannot listen on \"%s\": %s", options->host, gai_strerror(r));
                return -EADDRNOTAVAIL;
        }
        _cleanup_close_ int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
            bind(fd, found->ai_addr, found->ai_addrlen) < 0 || listen(fd, 1) < 0)
                r = -errno;
        *ret_family = found->ai_family;
        freeaddrinfo(found);
        if (r < 0)
                *ret_text = str_printf("cannot listen on %s port %u: %s", options->host,
                                       options->port, strerror(-r));
        return r;
}

static void on_expel(void *connection, const char *address, const char *why)
{
        struct lws *wsi = connection;

        log_fields(LOG_NOTICE, "closing a connection that has not logged in", "ADDRESS=%s", address,
                   "REASON=%s", why, NULL);
        lws_set_timeout(wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_ASYNC);
        lws_cancel_service(lws_get_context(wsi));
}

static int on_new_client(WsListener *listener, struct lws *wsi)
{
        char address[WS_ADDRESS_MAX] = "";
        Guest *guest;

        lws_get_peer_simple(wsi, address, sizeof(address));
        if (lws_get_opaque_user_data(wsi))
                return 0;
        if (admission_enter(listener->admission, wsi, address, &guest) < 0)
                return -1;
        lws_set_opaque_user_data(wsi, guest);
        return 0;
}

static int refuse_client(void)
{
        log_warning("refusing a connection: the hub has as many as it may have open");
        return -1;
}

/*
 * The callback of the first protocol of the vhost. lws also calls it for connections that have not
 * chosen one.
 */
static int http_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                         size_t length)
{
        WsListener *listener = lws_vhost_user(lws_get_vhost(wsi));

        switch ((int)reason) { /* an int: -Wswitch-enum would want every reason of lws */
        case LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS:
                return certificate_use(listener->certificate, user) < 0 ? -1 : 0;
        case LWS_CALLBACK_FILTER_NETWORK_CONNECTION:
                return admission_has_room(listener->admission) ? 0 : refuse_client();
        case LWS_CALLBACK_SERVER_NEW_CLIENT_INSTANTIATED:
                return on_new_client(listener, wsi);
        case LWS_CALLBACK_WSI_DESTROY:
                guest_leave(lws_get_opaque_user_data(wsi));
                lws_set_opaque_user_data(wsi, NULL);
                return 0;
        default:
                return web_callback(wsi, reason, user, in, length);
        }
}

static int create_vhost(WsListener *listener, struct lws_context *context,
                        const WsServerOptions *options, char **ret_text)
{
        int family;
        struct lws_context_creation_info info = {
                .vhost_name = "server",
                .iface = listener->host,
                .port = options->port,
                .protocols = listener->protocols,
                .user = listener,
                .retry_and_idle_policy = &no_keep_alive,
                /*
                 * By default lws offers h2, and WebSockets in it (RFC 8441), whose requests have
                 * neither the path nor the Host that the hub looks at. A browser may take that
                 * offer.
                 */
                .alpn = "http/1.1",
                .options = LWS_SERVER_OPTION_FAIL_UPON_UNABLE_TO_BIND,
        };

        if (try_bind(options, listener->host, &family, ret_text) < 0)
                return -EADDRNOTAVAIL;
        if (family == AF_INET)
                info.options |= LWS_SERVER_OPTION_DISABLE_IPV6;
        if (options->certificate)
                info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT |
                                LWS_SERVER_OPTION_CREATE_VHOST_SSL_CTX;
        listener->vhost = lws_create_vhost(context, &info);
        if (listener->vhost)
                return 0;
        *ret_text = str_printf("cannot listen on %s port %u", options->host, options->port);
        return -EADDRNOTAVAIL;
}

int ws_listener_open(WsListener *listener, struct lws_context *context,
                     const WsServerOptions *options, const struct lws_protocols *websocket,
                     void *owner, char **ret_text)
{
        uint32_t max = options->max_connections;

        int r = admission_new(max, strangers_per_address(max), on_expel, &listener->admission);
        if (r < 0)
                return r;
        listener->owner = owner;
        listener->certificate = options->certificate;
        listener->protocols[0] = web_protocol(&listener->page);
        listener->protocols[0].callback = http_callback;
        listener->protocols[1] = *websocket;
        return create_vhost(listener, context, options, ret_text);
}

void ws_listener_done(WsListener *listener)
{
        admission_free(listener->admission);
        web_files_unref(listener->page);
}

void ws_listener_set_page(WsListener *listener, WebFiles *page)
{
        web_files_unref(listener->page);
        listener->page = page;
}

void *ws_listener_owner(struct lws *wsi)
{
        const WsListener *listener = lws_vhost_user(lws_get_vhost(wsi));

        return listener->owner;
}

void ws_listener_knows(struct lws *wsi)
{
        guest_is_known(lws_get_opaque_user_data(wsi));
}
