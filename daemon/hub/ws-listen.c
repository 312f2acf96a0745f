/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hub/ws-listen.h"

#include <errno.h>
#include <netdb.h>
#include <openssl/ssl.h>

/* Turns off the pings and timeouts of lws: ws-server.c does both by rule 17. */
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

/* Reads the files first, because lws says little about a certificate that it cannot use. */
static int try_certificate(const WsServerOptions *options, char **ret_text)
{
        SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
        int r = -EINVAL;

        if (!tls)
                return -ENOMEM;
        if (SSL_CTX_use_certificate_chain_file(tls, options->certificate) != 1)
                *ret_text =
                        str_printf("cannot read a certificate (PEM) from %s", options->certificate);
        else if (SSL_CTX_use_PrivateKey_file(tls, options->key, SSL_FILETYPE_PEM) != 1)
                *ret_text = str_printf(
                        "cannot use %s: it does not have the key (PEM) of the certificate %s",
                        options->key, options->certificate);
        else
                r = 0;
        SSL_CTX_free(tls);
        return r;
}

struct lws_vhost *ws_server_listen(struct lws_context *context, const WsServerOptions *options,
                                   const struct lws_protocols *protocols, void *userdata,
                                   char host[static NI_MAXHOST], char **ret_text)
{
        int family;
        struct lws_context_creation_info info = {
                .vhost_name = "server",
                .iface = host,
                .port = options->port,
                .protocols = protocols,
                .user = userdata,
                .retry_and_idle_policy = &no_keep_alive,
                .ssl_cert_filepath = options->certificate,
                .ssl_private_key_filepath = options->key,
                .options = LWS_SERVER_OPTION_FAIL_UPON_UNABLE_TO_BIND,
        };

        if (try_bind(options, host, &family, ret_text) < 0)
                return NULL;
        if (family == AF_INET)
                info.options |= LWS_SERVER_OPTION_DISABLE_IPV6;
        if (options->certificate) {
                if (try_certificate(options, ret_text) < 0)
                        return NULL;
                info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
        }
        struct lws_vhost *vhost = lws_create_vhost(context, &info);
        if (!vhost)
                *ret_text = str_printf("cannot listen on %s port %u", options->host, options->port);
        return vhost;
}
