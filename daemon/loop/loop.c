/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "loop/loop.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/ssl.h>

#include "base/log.h"
#include "base/str.h"
#include "loop/loop-lws.h"
#include "wire/wire.h"

#define PROTOCOL_EVENT "sd-event"

/*
 * lws allocates a table for as many descriptors as the process may open, usually 320 kB. This
 * bounds it.
 */
#define DESCRIPTORS_MAX 64

/* Bytes of one read of a WebSocket. Most messages are shorter; longer ones are assembled. */
#define RX_BUFFER_SIZE 1024

/* Longer than WEBSOCKET_CONNECT_US, so that our own timer ends an attempt. */
#define LWS_TIMEOUT_S 15

struct Loop {
        sd_event *event;
        struct lws_context *lws;
        bool tls;
        size_t n_connections; /* WebSockets that use the context */
};

/*
 * Lets OpenSSL look up single certificates by hash in the system's folder. lws would parse the
 * whole bundle, which costs 18 ms and a megabyte.
 */
static void load_authorities(SSL_CTX *context)
{
        const char *file = getenv(X509_get_default_cert_file_env());
        const char *folder = getenv(X509_get_default_cert_dir_env());

        if (!str_empty(file) && SSL_CTX_load_verify_file(context, file) != 1)
                log_warning("cannot read the certificates in %s, named by $%s", file,
                            X509_get_default_cert_file_env());
        if (str_empty(folder) && str_empty(file))
                folder = X509_get_default_cert_dir();
        if (!str_empty(folder) && SSL_CTX_load_verify_dir(context, folder) != 1)
                log_warning("cannot use the folder of certificates %s", folder);
}

/* For sd-event's descriptor, which only wakes lws up: loop_run() runs sd-event afterwards. */
static int event_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                          size_t length)
{
        if (reason == LWS_CALLBACK_OPENSSL_LOAD_EXTRA_CLIENT_VERIFY_CERTS)
                load_authorities(user);
        return 0;
}

static const struct lws_protocols protocols[] = {
        {.name = PROTOCOL_EVENT, .callback = event_callback},
        {.name = LOOP_PROTOCOL_WEBSOCKET,
         .callback = websocket_callback,
         .rx_buffer_size = RX_BUFFER_SIZE},
        {.name = NULL},
};

static void emit_lws_log(int level, const char *line)
{
        size_t length = strcspn(line, "\n");

        log_debug("libwebsockets: %.*s", (int)length, line);
}

/* Gives lws a duplicate of sd-event's epoll descriptor, because lws closes it in the end. */
static int adopt_event(Loop *loop, struct lws_context *lws)
{
        struct lws_vhost *vhost = lws_get_vhost_by_name(lws, "default");
        int fd = fcntl(sd_event_get_fd(loop->event), F_DUPFD_CLOEXEC, 3);

        if (fd < 0)
                return -errno;
        lws_sock_file_fd_type descriptor = {.filefd = fd};
        if (!lws_adopt_descriptor_vhost(vhost, LWS_ADOPT_RAW_FILE_DESC, descriptor, PROTOCOL_EVENT,
                                        NULL)) {
                close(fd);
                return -ENOMEM;
        }
        return 0;
}

static int lws_start(Loop *loop, bool tls)
{
        const struct lws_context_creation_info info = {
                .port = CONTEXT_PORT_NO_LISTEN,
                .protocols = protocols,
                .options = LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS |
                           (tls ? LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT : 0),
                .fd_limit_per_thread = DESCRIPTORS_MAX,
                .timeout_secs = LWS_TIMEOUT_S,
                .client_ssl_cipher_list = WIRE_TLS_CIPHERS,
                /* No proxy: otherwise lws uses $http_proxy, even for loopback. */
                .http_proxy_address = ":0",
                .gid = (gid_t)-1,
                .uid = (uid_t)-1,
        };

        lws_set_log_level(LLL_ERR | LLL_WARN, emit_lws_log);
        struct lws_context *lws = lws_create_context(&info);
        if (!lws)
                return -ENOMEM;
        int r = adopt_event(loop, lws);
        if (r < 0) {
                lws_context_destroy(lws);
                return r;
        }
        loop->lws = lws;
        loop->tls = tls;
        return 0;
}

int loop_lws(Loop *loop, bool tls, struct lws_context **ret)
{
        if (loop->lws && tls && !loop->tls) {
                if (loop->n_connections > 0)
                        return -EBUSY;
                lws_context_destroy(TAKE_PTR(loop->lws));
        }
        if (!loop->lws) {
                int r = lws_start(loop, tls);
                if (r < 0)
                        return r;
        }
        *ret = loop->lws;
        return 0;
}

void loop_connection_begin(Loop *loop)
{
        loop->n_connections++;
}

void loop_connection_end(Loop *loop)
{
        assert(loop->n_connections > 0);
        loop->n_connections--;
}

int loop_new(Loop **ret)
{
        _cleanup_(loop_freep) Loop *loop = calloc(1, sizeof(*loop));

        if (!loop)
                return -ENOMEM;
        int r = sd_event_new(&loop->event);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(loop);
        return 0;
}

Loop *loop_free(Loop *loop)
{
        if (!loop)
                return NULL;
        if (loop->lws)
                lws_context_destroy(loop->lws);
        sd_event_unref(loop->event);
        free(loop);
        return NULL;
}

sd_event *loop_event(Loop *loop)
{
        return loop->event;
}

/* Runs sd-event until it is idle, with its timers armed in the descriptor that lws polls. */
static int pump(sd_event *event)
{
        int r;

        do {
                if (sd_event_get_state(event) == SD_EVENT_FINISHED)
                        return 0;
                r = sd_event_run(event, 0);
        } while (r > 0);
        return r;
}

int loop_run(Loop *loop)
{
        int code = 0;

        while (sd_event_get_state(loop->event) != SD_EVENT_FINISHED) {
                int r = loop->lws ? pump(loop->event) : sd_event_run(loop->event, UINT64_MAX);

                if (r < 0)
                        return r;
                if (loop->lws && sd_event_get_state(loop->event) != SD_EVENT_FINISHED &&
                    lws_service(loop->lws, 0) < 0)
                        return -EIO;
        }
        int r = sd_event_get_exit_code(loop->event, &code);
        return r < 0 ? r : code;
}
