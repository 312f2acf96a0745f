/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rig/wsclient.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/str.h"

#define BUFFER_SIZE (256 * 1024) /* four of the largest messages */
#define CLOSE_TEXT_MAX 123       /* RFC 6455 section 5.5 */
#define CONNECT_TIMEOUT_MS 60000

struct WsClient {
        int fd;
        SSL_CTX *tls_context;
        SSL *tls;
        bool ignores_pings;
        unsigned pings;
        int close_code;
        char close_text[CLOSE_TEXT_MAX + 1];
        char *message; /* fragments so far; owned */
        size_t message_length;
        size_t used;
        unsigned char buffer[BUFFER_SIZE];
};

static int ws_write(WsClient *client, const void *data, size_t length)
{
        const char *from = data;

        while (length > 0) {
                ssize_t n = client->tls ? SSL_write(client->tls, from, (int)length)
                                        : send(client->fd, from, length, MSG_NOSIGNAL);
                if (n <= 0)
                        return client->tls ? -EPIPE : -errno;
                from += n;
                length -= (size_t)n;
        }
        return 0;
}

/* Waits for more data and appends it to the buffer. Returns 0 at the end of the stream. */
static ssize_t ws_fill(WsClient *client, usec_t deadline)
{
        if (client->used == BUFFER_SIZE)
                return -ENOBUFS;
        if (!client->tls || SSL_pending(client->tls) == 0) {
                struct pollfd poll_fd = {client->fd, POLLIN, 0};
                usec_t now = clock_boottime();
                int left = now >= deadline ? 0 : (int)((deadline - now + 999) / USEC_PER_MSEC);
                int r = poll(&poll_fd, 1, left);

                if (r <= 0)
                        return r < 0 ? -errno : -ETIMEDOUT;
        }
        void *to = client->buffer + client->used;
        size_t room = BUFFER_SIZE - client->used;
        ssize_t n =
                client->tls ? SSL_read(client->tls, to, (int)room) : recv(client->fd, to, room, 0);

        if (n > 0)
                client->used += (size_t)n;
        return n > 0 ? n : n == 0 || client->tls ? 0 : -errno;
}

static void ws_consume(WsClient *client, size_t n)
{
        memmove(client->buffer, client->buffer + n, client->used - n);
        client->used -= n;
}

static int ws_socket(uint16_t port, const WsOptions *options, int *ret)
{
        struct sockaddr_in from = {.sin_family = AF_INET};
        struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
        int on = 1;
        _cleanup_close_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        if (fd < 0)
                return -errno;
        if (inet_pton(AF_INET, options->address ?: "127.0.0.1", &to.sin_addr) != 1)
                return -EINVAL;
        if (options->receive_buffer > 0)
                setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &options->receive_buffer, sizeof(int));
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        if (options->from) {
                if (inet_pton(AF_INET, options->from, &from.sin_addr) != 1)
                        return -EINVAL;
                if (bind(fd, (struct sockaddr *)&from, sizeof(from)) < 0)
                        return -errno;
        }
        if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
                return -errno;
        *ret = TAKE_FD(fd);
        return 0;
}

static int ws_start_tls(WsClient *client, const WsOptions *options)
{
        client->tls_context = SSL_CTX_new(TLS_client_method());
        if (!client->tls_context)
                return -ENOMEM;
        /* As a browser, which takes the newest that the server can. Returns 0 on success. */
        if (SSL_CTX_set_alpn_protos(client->tls_context,
                                    (const unsigned char *)"\x02h2\x08http/1.1", 12) != 0)
                return -ENOMEM;
        if (SSL_CTX_load_verify_file(client->tls_context, options->ca_file) != 1)
                return -ENOENT;
        SSL_CTX_set_verify(client->tls_context, SSL_VERIFY_PEER, NULL);
        client->tls = SSL_new(client->tls_context);
        if (!client->tls)
                return -ENOMEM;
        X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(client->tls), options->address ?: "127.0.0.1");
        SSL_set_fd(client->tls, client->fd);
        if (SSL_connect(client->tls) != 1)
                return SSL_get_verify_result(client->tls) != X509_V_OK ? WS_UNTRUSTED : -EPROTO;
        return 0;
}

/* Three arguments for "%s%s%s": a header of the request, if it has a value. */
#define HEADER(name, value)                                              \
        str_empty(value) ? "" : (name), str_empty(value) ? "" : (value), \
                str_empty(value) ? "" : "\r\n"

static int ws_upgrade(WsClient *client, const WsOptions *options, int *ret_http_status)
{
        char request[2048], *end;
        const char *subprotocol = options->subprotocol ?: "tring.v1";
        usec_t deadline = clock_boottime() + CONNECT_TIMEOUT_MS * USEC_PER_MSEC;
        int status;

        int n = snprintf(request, sizeof(request),
                         "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\n"
                         "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                         "Sec-WebSocket-Version: 13\r\n%s%s%s%s%s%s%s%s%s%s%s%s\r\n",
                         options->path ?: "/v1/ws", options->host ?: "localhost",
                         HEADER("Sec-WebSocket-Protocol: ", subprotocol),
                         HEADER("Authorization: Bearer ", options->bearer),
                         HEADER("X-Forwarded-For: ", options->forwarded_for),
                         HEADER("Origin: ", options->origin));
        if (n < 0 || (size_t)n >= sizeof(request))
                return -E2BIG;
        int r = ws_write(client, request, (size_t)n);
        if (r < 0)
                return r;
        while (!(end = memmem(client->buffer, client->used, "\r\n\r\n", 4))) {
                ssize_t got = ws_fill(client, deadline);

                if (got <= 0)
                        return got < 0 ? (int)got : -ECONNRESET;
        }
        *end = '\0';
        if (sscanf((char *)client->buffer, "HTTP/1.%*d %d", &status) != 1)
                return -EPROTO;
        if (ret_http_status)
                *ret_http_status = status;
        ws_consume(client, (size_t)(end + 4 - (char *)client->buffer));
        return status == 101 ? 0 : WS_REFUSED;
}

int ws_connect(uint16_t port, const WsOptions *options, WsClient **ret, int *ret_http_status)
{
        static const WsOptions defaults;
        _cleanup_(ws_freep) WsClient *client = calloc(1, sizeof(*client));

        if (!client)
                return -ENOMEM;
        client->fd = -1;
        if (!options)
                options = &defaults;
        int r = ws_socket(port, options, &client->fd);
        if (r == 0 && options->ca_file)
                r = ws_start_tls(client, options);
        if (r == 0)
                r = ws_upgrade(client, options, ret_http_status);
        if (r != 0)
                return r;
        *ret = TAKE_PTR(client);
        return 0;
}

WsClient *ws_free(WsClient *client)
{
        if (!client)
                return NULL;
        SSL_free(client->tls);
        SSL_CTX_free(client->tls_context);
        closep(&client->fd);
        free(client->message);
        free(client);
        return NULL;
}

int ws_send_raw(WsClient *client, const void *data, size_t length)
{
        return ws_write(client, data, length);
}

int ws_send_frame(WsClient *client, WsOpcode opcode, bool fin, const void *data, size_t length)
{
        static const unsigned char mask[4] = {0x5a, 0xa5, 0x3c, 0xc3};
        _cleanup_free_ unsigned char *frame = malloc(14 + length);
        size_t used = 2;

        if (!frame)
                return -ENOMEM;
        frame[0] = (unsigned char)((fin ? 0x80 : 0) | opcode);
        if (length < 126) {
                frame[1] = (unsigned char)(0x80 | length);
        } else if (length < 65536) {
                frame[1] = 0x80 | 126;
                frame[used++] = (unsigned char)(length >> 8);
                frame[used++] = (unsigned char)length;
        } else {
                frame[1] = 0x80 | 127;
                for (int shift = 56; shift >= 0; shift -= 8)
                        frame[used++] = (unsigned char)((uint64_t)length >> shift);
        }
        memcpy(frame + used, mask, sizeof(mask));
        used += sizeof(mask);
        for (size_t i = 0; i < length; i++)
                frame[used + i] = ((const unsigned char *)data)[i] ^ mask[i % 4];
        return ws_write(client, frame, used + length);
}

int ws_send(WsClient *client, const char *text)
{
        return ws_send_frame(client, WS_TEXT, true, text, strlen(text));
}

typedef struct Frame {
        WsOpcode opcode;
        bool fin;
        const unsigned char *payload;
        size_t length, total; /* of the payload; of all with the header */
} Frame;

/* Returns false if the frame is incomplete. A server does not mask. */
static bool ws_parse_frame(const WsClient *client, Frame *ret)
{
        const unsigned char *b = client->buffer;
        size_t header = 2;

        if (client->used < 2)
                return false;
        uint64_t length = b[1] & 0x7f;
        size_t extra = length == 126 ? 2 : length == 127 ? 8 : 0;

        if (client->used < header + extra)
                return false;
        if (extra > 0)
                length = 0;
        for (size_t i = 0; i < extra; i++)
                length = length << 8 | b[header + i];
        header += extra;
        if (client->used - header < length)
                return false;
        *ret = (Frame){b[0] & 0xf, b[0] & 0x80, b + header, length, header + length};
        return true;
}

static int ws_append(WsClient *client, const Frame *frame)
{
        char *message = realloc(client->message, client->message_length + frame->length + 1);

        if (!message)
                return -ENOMEM;
        memcpy(message + client->message_length, frame->payload, frame->length);
        client->message = message;
        client->message_length += frame->length;
        message[client->message_length] = '\0';
        return 0;
}

static void ws_note_close(WsClient *client, const Frame *frame)
{
        client->close_code = 1005;
        if (frame->length < 2)
                return;
        size_t text = frame->length - 2;

        client->close_code = frame->payload[0] << 8 | frame->payload[1];
        if (text > CLOSE_TEXT_MAX)
                text = CLOSE_TEXT_MAX;
        memcpy(client->close_text, frame->payload + 2, text);
        client->close_text[text] = '\0';
        (void)ws_send_frame(client, WS_CLOSE, true, frame->payload, 2);
}

/* Returns 0 to continue, 1 when client->message is whole, 2 after a close frame. */
static int ws_take_frame(WsClient *client, const Frame *frame)
{
        switch (frame->opcode) {
        case WS_PING:
                client->pings++;
                if (!client->ignores_pings)
                        return ws_send_frame(client, WS_PONG, true, frame->payload, frame->length);
                return 0;
        case WS_CLOSE:
                ws_note_close(client, frame);
                return 2;
        case WS_CONTINUATION:
        case WS_TEXT:
        case WS_BINARY:
                if (ws_append(client, frame) < 0)
                        return -ENOMEM;
                return frame->fin ? 1 : 0;
        default:
                return 0;
        }
}

int ws_receive(WsClient *client, int timeout_ms, char **ret)
{
        usec_t deadline = clock_boottime() + (usec_t)timeout_ms * USEC_PER_MSEC;
        Frame frame;

        if (client->close_code)
                return WS_CLOSED;
        for (;;) {
                while (ws_parse_frame(client, &frame)) {
                        int r = ws_take_frame(client, &frame);

                        if (r < 0)
                                return r;
                        ws_consume(client, frame.total);
                        if (r == 2)
                                return WS_CLOSED;
                        if (r == 1) {
                                client->message_length = 0;
                                *ret = TAKE_PTR(client->message);
                                return 0;
                        }
                }
                ssize_t n = ws_fill(client, deadline);
                if (n == 0 || n == -ECONNRESET) {
                        client->close_code = 1006;
                        return WS_CLOSED;
                }
                if (n < 0)
                        return (int)n;
        }
}

int ws_fd(const WsClient *client)
{
        return client->fd;
}

bool ws_has_buffered(const WsClient *client)
{
        Frame frame;

        return ws_parse_frame(client, &frame) || (client->tls && SSL_pending(client->tls) > 0);
}

int ws_close_code(const WsClient *client)
{
        return client->close_code;
}

const char *ws_close_text(const WsClient *client)
{
        return client->close_text;
}

unsigned ws_pings(const WsClient *client)
{
        return client->pings;
}

void ws_ignore_pings(WsClient *client)
{
        client->ignores_pings = true;
}
