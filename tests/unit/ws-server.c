/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ws-server.h"

#include <assert.h>
#include <libwebsockets.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/cleanup.h"

#define MESSAGE_MAX (128 * 1024)
#define PING_INTERVAL_US 250000
#define N_PINGS 10

struct WsServer {
        pid_t pid;
        int control; /* writes the port; reads the order to stop; writes the close code */
        uint16_t port;
        atomic_uint *received; /* shared with the process; *received: messages so far */
};

/* State of the server process. */
static struct {
        bool stopping;
        unsigned n_clients, close_code;
        const char *answer;
        atomic_uint *received; /* shared with the test */
} server_state;

typedef struct Client {
        char message[MESSAGE_MAX];
        size_t length;
        char answer[LWS_PRE + MESSAGE_MAX];
        size_t answer_length;
        enum lws_write_protocol mode;
        const char *rest; /* send the second fragment */
        unsigned pings;   /* still to send */
        bool ping_due;
        char origin[64];
} Client;

static void answer(Client *client, struct lws *wsi, enum lws_write_protocol mode, const char *text,
                   size_t length)
{
        memcpy(client->answer + LWS_PRE, text, length);
        client->answer_length = length;
        client->mode = mode;
        lws_callback_on_writable(wsi);
}

static int obey(Client *client, struct lws *wsi)
{
        static char many[MESSAGE_MAX];
        unsigned code, n;
        int at = 0;

        client->message[client->length] = '\0';
        if (server_state.answer) {
                answer(client, wsi, LWS_WRITE_TEXT, server_state.answer,
                       strlen(server_state.answer));
                return 0;
        }
        if (sscanf(client->message, "close %u %n", &code, &at) == 1) {
                char *text = client->message + at;

                lws_close_reason(wsi, (enum lws_close_status)code, (unsigned char *)text,
                                 strlen(text));
                return -1;
        }
        if (sscanf(client->message, "send %u", &n) == 1) {
                memset(many, 'x', n);
                answer(client, wsi, LWS_WRITE_TEXT, many, n);
        } else if (strcmp(client->message, "binary") == 0) {
                answer(client, wsi, LWS_WRITE_BINARY, "b", 1);
        } else if (strcmp(client->message, "fragments") == 0) {
                client->rest = "two";
                answer(client, wsi, LWS_WRITE_TEXT | LWS_WRITE_NO_FIN, "one ", 4);
        } else if (strcmp(client->message, "pings") == 0) {
                client->pings = N_PINGS;
                lws_set_timer_usecs(wsi, PING_INTERVAL_US);
        } else if (strcmp(client->message, "origin") == 0) {
                answer(client, wsi, LWS_WRITE_TEXT, client->origin, strlen(client->origin));
        } else if (strcmp(client->message, "quiet") == 0) {
                return 0;
        } else if (strcmp(client->message, "vanish") == 0) {
                lws_set_timeout(wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
        } else {
                answer(client, wsi, LWS_WRITE_TEXT, client->message, client->length);
        }
        return 0;
}

static int write_answer(Client *client, struct lws *wsi)
{
        unsigned char *text = (unsigned char *)client->answer + LWS_PRE;

        if (client->ping_due) {
                unsigned char ping[LWS_PRE + 1];

                client->ping_due = false;
                return lws_write(wsi, ping + LWS_PRE, 0, LWS_WRITE_PING) < 0 ? -1 : 0;
        }
        if (client->answer_length == 0)
                return 0;
        int n = lws_write(wsi, text, client->answer_length, client->mode);
        client->answer_length = 0;
        if (client->rest) {
                const char *rest = TAKE_PTR(client->rest);

                answer(client, wsi, LWS_WRITE_CONTINUATION, rest, strlen(rest));
        }
        return n < 0 ? -1 : 0;
}

static void timer_rang(Client *client, struct lws *wsi)
{
        if (client->pings-- == 0) {
                answer(client, wsi, LWS_WRITE_TEXT, "enough", 6);
                return;
        }
        client->ping_due = true;
        lws_set_timer_usecs(wsi, PING_INTERVAL_US);
        lws_callback_on_writable(wsi);
}

static int server_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                           size_t length)
{
        Client *client = user;

        switch (reason) {
        case LWS_CALLBACK_RAW_RX_FILE:
                server_state.stopping = true;
                return -1;
        case LWS_CALLBACK_ESTABLISHED:
                server_state.n_clients++;
                if (lws_hdr_copy(wsi, client->origin, sizeof(client->origin), WSI_TOKEN_ORIGIN) <=
                    0)
                        strcpy(client->origin, "none");
                return 0;
        case LWS_CALLBACK_CLOSED:
                server_state.n_clients--;
                return 0;
        case LWS_CALLBACK_RECEIVE:
                memcpy(client->message + client->length, in, length);
                client->length += length;
                if (!lws_is_final_fragment(wsi) || lws_remaining_packet_payload(wsi) > 0)
                        return 0;
                atomic_fetch_add(server_state.received, 1);
                int r = obey(client, wsi);
                client->length = 0;
                return r;
        case LWS_CALLBACK_TIMER:
                timer_rang(client, wsi);
                return 0;
        case LWS_CALLBACK_SERVER_WRITEABLE:
                return write_answer(client, wsi);
        case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE: {
                const unsigned char *code = in;

                server_state.close_code = length >= 2 ? (unsigned)code[0] << 8 | code[1] : 0;
                return 0;
        }
        default:
                return 0;
        }
}

/* In its own process: two TLS contexts of lws in one process disturb each other. */
static void serve(const WsServerOptions *options, int control)
{
        const struct lws_protocols protocols[] = {
                {.name = options->subprotocol ? options->subprotocol : "tring.v1",
                 .callback = server_callback,
                 .per_session_data_size = sizeof(Client),
                 .rx_buffer_size = 4096},
                {.name = NULL},
        };
        const struct lws_context_creation_info info = {
                .port = options->port,
                .iface = options->socket ? options->socket : "127.0.0.1",
                .protocols = protocols,
                .ssl_cert_filepath = options->certificate,
                .ssl_private_key_filepath = options->key,
                .options = (options->certificate ? LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT : 0) |
                           (options->socket ? LWS_SERVER_OPTION_UNIX_SOCK : 0),
                .fd_limit_per_thread = 64,
                .gid = (gid_t)-1,
                .uid = (uid_t)-1,
        };

        if (options->user > 0 && setuid(options->user) < 0)
                abort();
        server_state.answer = options->answer;
        lws_set_log_level(0, NULL);
        struct lws_context *lws = lws_create_context(&info);
        assert(lws);
        struct lws_vhost *vhost = lws_get_vhost_by_name(lws, "default");
        const lws_sock_file_fd_type descriptor = {.filefd = dup(control)};
        struct lws *wsi = lws_adopt_descriptor_vhost(vhost, LWS_ADOPT_RAW_FILE_DESC, descriptor,
                                                     protocols[0].name, NULL);
        assert(wsi);

        int port = lws_get_vhost_listen_port(vhost);
        ssize_t n = write(control, &port, sizeof(port));
        assert(n == sizeof(port));
        while (!server_state.stopping || server_state.n_clients > 0)
                if (lws_service(lws, 0) < 0)
                        break;
        n = write(control, &server_state.close_code, sizeof(server_state.close_code));
        assert(n == sizeof(server_state.close_code));
}

WsServer *ws_server_start(const WsServerOptions *options)
{
        WsServer *server = calloc(1, sizeof(*server));
        int ends[2], port = 0;
        int r = socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends);

        assert(server && r == 0);
        server->received = mmap(NULL, sizeof(*server->received), PROT_READ | PROT_WRITE,
                                MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        assert(server->received != MAP_FAILED);
        server_state.received = server->received;
        server->pid = fork();
        assert(server->pid >= 0);
        if (server->pid == 0) {
                close(ends[0]);
                serve(options, ends[1]);
                _exit(0);
        }
        close(ends[1]);
        server->control = ends[0];
        ssize_t n = read(server->control, &port, sizeof(port));
        assert(n == sizeof(port));
        server->port = (uint16_t)port;
        return server;
}

uint16_t ws_server_port(const WsServer *server)
{
        return server->port;
}

unsigned ws_server_received(const WsServer *server)
{
        return atomic_load(server->received);
}

void ws_server_pause(WsServer *server, bool on)
{
        int r = kill(server->pid, on ? SIGSTOP : SIGCONT);

        assert(r == 0);
}

static void server_done(WsServer *server)
{
        close(server->control);
        waitpid(server->pid, NULL, 0);
        munmap(server->received, sizeof(*server->received));
        free(server);
}

unsigned ws_server_stop(WsServer *server)
{
        unsigned code = 0;
        ssize_t n = write(server->control, "", 1);

        assert(n == 1);
        n = read(server->control, &code, sizeof(code));
        assert(n == sizeof(code));
        server_done(server);
        return code;
}

void ws_server_kill(WsServer *server)
{
        kill(server->pid, SIGKILL);
        server_done(server);
}

static void write_key(const char *path, EVP_PKEY *key)
{
        _cleanup_(fclosep) FILE *file = fopen(path, "we");

        assert(file);
        int r = PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL);
        assert(r == 1);
}

void ws_certificate_make(const char *path, const char *key_path, const char *subject_alt_name,
                         long valid_from_s)
{
        EVP_PKEY *key = EVP_EC_gen("P-256");
        X509 *certificate = X509_new();
        X509_NAME *name = X509_get_subject_name(certificate);
        X509V3_CTX context;

        assert(key && certificate);
        X509_set_version(certificate, 2);
        ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
        X509_gmtime_adj(X509_getm_notBefore(certificate), valid_from_s);
        X509_gmtime_adj(X509_getm_notAfter(certificate), valid_from_s + 3600);
        X509_set_pubkey(certificate, key);
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"test", -1, -1,
                                   0);
        X509_set_issuer_name(certificate, name);
        X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
        X509_EXTENSION *extension =
                X509V3_EXT_conf_nid(NULL, &context, NID_subject_alt_name, subject_alt_name);
        assert(extension);
        X509_add_ext(certificate, extension, -1);
        X509_EXTENSION_free(extension);
        X509_sign(certificate, key, EVP_sha256());

        _cleanup_(fclosep) FILE *file = fopen(path, "we");
        assert(file);
        int r = PEM_write_X509(file, certificate);
        assert(r == 1);
        write_key(key_path, key);
        X509_free(certificate);
        EVP_PKEY_free(key);
}
