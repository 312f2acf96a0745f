/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hub/ws-listener.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>

#include "base/log.h"
#include "hub/address-key.h"
#include "hub/unix-socket.h"
#include "hub/web.h"

/* Turns off the pings and timeouts of lws: ws-connection.c does both by rule 17. */
static const lws_retry_bo_t no_keep_alive = {0};

static int listen_at(const struct addrinfo *address, int *ret)
{
        int on = 1;
        _cleanup_close_ int fd =
                socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
            bind(fd, address->ai_addr, address->ai_addrlen) < 0 || listen(fd, SOMAXCONN) < 0)
                return -errno;
        *ret = TAKE_FD(fd);
        return 0;
}

static int open_socket(const WsServerOptions *options, int *ret, char **ret_text)
{
        struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *found;
        char port[8];

        snprintf(port, sizeof(port), "%u", options->port);
        int r = getaddrinfo(options->host, port, &hints, &found);
        if (r != 0) {
                *ret_text =
                        str_printf("cannot listen on \"%s\": %s", options->host, gai_strerror(r));
                return -EADDRNOTAVAIL;
        }
        r = listen_at(found, ret);
        freeaddrinfo(found);
        if (r < 0) {
                *ret_text = str_printf("cannot listen on %s port %u: %s", options->host,
                                       options->port, strerror(-r));
                return -EADDRNOTAVAIL;
        }
        return 0;
}

static void on_expel(void *connection, const char *address, const char *why)
{
        struct lws *wsi = connection;

        log_fields(LOG_NOTICE, "closing a connection that has not logged in", "ADDRESS=%s", address,
                   "REASON=%s", why, NULL);
        lws_set_timeout(wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_ASYNC);
        lws_cancel_service(lws_get_context(wsi));
}

void ws_listener_peer(struct lws *wsi, char ret[static WS_ADDRESS_MAX])
{
        int fd = lws_get_socket_fd(wsi), domain = AF_UNSPEC;
        socklen_t domain_length = sizeof(domain), peer_length = sizeof(struct ucred);
        struct ucred peer;

        *ret = '\0';
        (void)getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &domain_length);
        if (domain != AF_UNIX)
                lws_get_peer_simple(wsi, ret, WS_ADDRESS_MAX);
        else if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &peer_length) == 0)
                snprintf(ret, WS_ADDRESS_MAX, ADDRESS_LOCAL_FORMAT, peer.uid);
}

static int on_new_client(WsListener *listener, struct lws *wsi)
{
        char address[WS_ADDRESS_MAX];
        Guest *guest;

        ws_listener_peer(wsi, address);
        if (lws_get_opaque_user_data(wsi))
                return 0;
        if (admission_enter(listener->admission, wsi, address, &guest) < 0)
                return -1;
        lws_set_opaque_user_data(wsi, guest);
        return 0;
}

static AcceptorRoom on_room(void *userdata)
{
        const WsDoor *door = userdata;
        const Admission *admission = door->listener->admission;

        if (admission_has_room(admission))
                return ACCEPTOR_HAS_ROOM;
        return admission_waits(admission) ? ACCEPTOR_HAS_ROOM_SOON : ACCEPTOR_HAS_NO_ROOM;
}

static void on_accepted(int fd, void *userdata)
{
        WsDoor *door = userdata;

        /* On failure lws closes it. */
        (void)lws_adopt_socket_vhost(door->vhost, fd);
}

static void on_short_of_descriptors(void *userdata)
{
        WsDoor *door = userdata;

        admission_make_room(door->listener->admission);
}

static void on_client_gone(WsListener *listener, struct lws *wsi)
{
        guest_leave(lws_get_opaque_user_data(wsi));
        lws_set_opaque_user_data(wsi, NULL);
        acceptor_resume(&listener->address.acceptor);
        if (listener->has_socket)
                acceptor_resume(&listener->socket.acceptor);
}

/* Before the hub computes anything. The loop's time is the same for all that one turn has found. */
static int on_client_hello(SSL *ssl, int *ret_alert, void *userdata)
{
        WsListener *listener = userdata;

        if (handshake_pace_admit(&listener->pace, uv_now(listener->loop)))
                return SSL_CLIENT_HELLO_SUCCESS;
        *ret_alert = SSL_AD_INTERNAL_ERROR;
        return SSL_CLIENT_HELLO_ERROR;
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
                SSL_CTX_set_client_hello_cb(user, on_client_hello, listener);
                return certificate_use(listener->certificate, user) < 0 ? -1 : 0;
        case LWS_CALLBACK_SERVER_NEW_CLIENT_INSTANTIATED:
                return on_new_client(listener, wsi);
        case LWS_CALLBACK_WSI_DESTROY:
                on_client_gone(listener, wsi);
                return 0;
        default:
                return web_callback(wsi, reason, user, in, length);
        }
}

/* lws finds a vhost again by its name. */
static int create_vhost(WsListener *listener, struct lws_context *context, const char *name,
                        bool tls, struct lws_vhost **ret)
{
        struct lws_context_creation_info info = {
                .vhost_name = name,
                .port = CONTEXT_PORT_NO_LISTEN_SERVER, /* acceptor.h */
                .protocols = listener->protocols,
                .user = listener,
                .retry_and_idle_policy = &no_keep_alive,
                /*
                 * By default lws offers h2, and WebSockets in it (RFC 8441), whose requests have
                 * neither the path nor the Host that the hub looks at. A browser may take that
                 * offer.
                 */
                .alpn = "http/1.1",
                .ssl_cipher_list = WIRE_TLS_CIPHERS,
        };

        if (tls)
                info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT |
                                LWS_SERVER_OPTION_CREATE_VHOST_SSL_CTX;
        *ret = lws_create_vhost(context, &info);
        return *ret ? 0 : -ENOMEM;
}

static int open_door(WsDoor *door, WsListener *listener, uv_loop_t *loop, int fd, bool tls)
{
        const AcceptorEvents events = {on_room, on_accepted, on_short_of_descriptors, door};

        door->listener = listener;
        return acceptor_init(&door->acceptor, loop, fd,
                             tls ? HANDSHAKES_PER_TURN : ACCEPTS_PER_TURN, &events);
}

static int open_address(WsListener *listener, struct lws_context *context, uv_loop_t *loop,
                        const WsServerOptions *options, char **ret_text)
{
        _cleanup_close_ int fd = -1;
        int r = open_socket(options, &fd, ret_text);

        if (r >= 0)
                r = create_vhost(listener, context, "server", listener->certificate,
                                 &listener->address.vhost);
        return r < 0 ? r
                     : open_door(&listener->address, listener, loop, TAKE_FD(fd),
                                 listener->certificate);
}

static int open_unix_socket(WsListener *listener, struct lws_context *context, uv_loop_t *loop,
                            const char *path, char **ret_text)
{
        _cleanup_close_ int fd = -1;
        int r = unix_socket_listen(path, &fd, ret_text);

        if (r >= 0)
                r = create_vhost(listener, context, "socket", false, &listener->socket.vhost);
        if (r >= 0)
                r = open_door(&listener->socket, listener, loop, TAKE_FD(fd), false);
        listener->has_socket = r >= 0;
        return r;
}

int ws_listener_open(WsListener *listener, struct lws_context *context, uv_loop_t *loop,
                     const WsServerOptions *options, const struct lws_protocols *websocket,
                     void *owner, char **ret_text)
{
        const AdmissionLimits limits = admission_limits(options->max_connections);
        int r = admission_new(&limits, on_expel, &listener->admission);

        if (r < 0)
                return r;
        listener->owner = owner;
        listener->loop = loop;
        listener->certificate = options->certificate;
        listener->protocols[0] = web_protocol(&listener->page);
        listener->protocols[0].callback = http_callback;
        listener->protocols[1] = *websocket;
        r = open_address(listener, context, loop, options, ret_text);
        if (r >= 0 && !str_empty(options->socket))
                r = open_unix_socket(listener, context, loop, options->socket, ret_text);
        return r;
}

void ws_listener_stop(WsListener *listener)
{
        acceptor_stop(&listener->address.acceptor);
        if (!listener->has_socket)
                return;
        unix_socket_remove(listener->socket.acceptor.fd);
        acceptor_stop(&listener->socket.acceptor);
}

void ws_listener_done(WsListener *listener)
{
        admission_free(listener->admission);
        web_files_unref(listener->page);
}

uint16_t ws_listener_port(const WsListener *listener)
{
        struct sockaddr_storage address;
        socklen_t length = sizeof(address);

        if (getsockname(listener->address.acceptor.fd, (struct sockaddr *)&address, &length) < 0)
                return 0;
        return ntohs(address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port
                                                   : ((struct sockaddr_in *)&address)->sin_port);
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

int ws_listener_hears_from(struct lws *wsi, const char *address)
{
        return guest_is_from(lws_get_opaque_user_data(wsi), address);
}

void ws_listener_knows(struct lws *wsi)
{
        guest_is_known(lws_get_opaque_user_data(wsi));
}
