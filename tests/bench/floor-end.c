/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The floor under tringd's latency: Forward() on a session bus becomes a WebSocket message, and a
 * WebSocket message becomes the signal Arrived, with nothing in between.
 * usage: bench-floor-end PORT
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include "bench/floor.h"

#define FRAME_TEXT 0x81   /* RFC 6455: a whole text message */
#define FRAME_MASKED 0x80 /* from a client, here with a mask of zeros */
#define FRAME_LENGTH_16 126
#define CLIENT_HEADER 8
#define SERVER_HEADER 4

typedef struct End {
        sd_bus *bus;
        int fd;
        unsigned char in[2 * (SERVER_HEADER + FLOOR_PAYLOAD)];
        size_t filled;
} End;

static int forward(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        End *end = userdata;
        unsigned char frame[CLIENT_HEADER + FLOOR_PAYLOAD] = {
                FRAME_TEXT, FRAME_MASKED | FRAME_LENGTH_16, FLOOR_PAYLOAD >> 8,
                FLOOR_PAYLOAD & 0xff};
        const void *payload;
        size_t length;
        int r;

        r = sd_bus_message_read_array(message, 'y', &payload, &length);
        if (r < 0)
                return r;
        if (length != FLOOR_PAYLOAD)
                return -EINVAL;
        memcpy(frame + CLIENT_HEADER, payload, length);
        if (write(end->fd, frame, sizeof(frame)) != sizeof(frame))
                return -EIO;
        return sd_bus_reply_method_return(message, NULL);
}

static int arrived(End *end, const void *payload)
{
        sd_bus_message *signal;
        int r;

        r = sd_bus_message_new_signal(end->bus, &signal, FLOOR_PATH, FLOOR_NAME, "Arrived");
        if (r >= 0)
                r = sd_bus_message_append_array(signal, 'y', payload, FLOOR_PAYLOAD);
        if (r >= 0)
                r = sd_bus_send(end->bus, signal, NULL);
        sd_bus_message_unref(signal);
        return r;
}

static int readable(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        End *end = userdata;
        ssize_t n = read(fd, end->in + end->filled, sizeof(end->in) - end->filled);

        if (n <= 0)
                return -EPIPE;
        end->filled += (size_t)n;
        while (end->filled >= SERVER_HEADER + FLOOR_PAYLOAD) {
                int r = arrived(end, end->in + SERVER_HEADER);

                if (r < 0)
                        return r;
                end->filled -= SERVER_HEADER + FLOOR_PAYLOAD;
                memmove(end->in, end->in + SERVER_HEADER + FLOOR_PAYLOAD, end->filled);
        }
        return 0;
}

static int connect_websocket(int port)
{
        static const char request[] = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
                                      "Connection: Upgrade\r\n"
                                      "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
                                      "Sec-WebSocket-Protocol: tring.v1\r\n"
                                      "Sec-WebSocket-Version: 13\r\n\r\n";
        struct sockaddr_in address = {.sin_family = AF_INET,
                                      .sin_port = htons((uint16_t)port),
                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
        char answer[1024];
        size_t filled = 0;

        if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) < 0 ||
            write(fd, request, strlen(request)) < 0)
                return -errno;
        while (filled < 4 || memcmp(answer + filled - 4, "\r\n\r\n", 4) != 0) {
                /* Byte by byte, because frames follow. */
                if (filled == sizeof(answer) || read(fd, answer + filled, 1) != 1)
                        return -EPROTO;
                filled++;
        }
        return fd;
}

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("Forward", "ay", "", forward, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_SIGNAL("Arrived", "ay", 0),
        SD_BUS_VTABLE_END,
};

static int run(int port)
{
        End end = {};
        sd_event *event;
        int r;

        end.fd = connect_websocket(port);
        if (end.fd < 0)
                return end.fd;
        r = sd_event_default(&event);
        if (r >= 0)
                r = sd_bus_open_user(&end.bus);
        if (r >= 0)
                r = sd_bus_attach_event(end.bus, event, 0);
        if (r >= 0)
                r = sd_event_add_io(event, NULL, end.fd, EPOLLIN, readable, &end);
        if (r >= 0)
                r = sd_bus_add_object_vtable(end.bus, NULL, FLOOR_PATH, FLOOR_NAME, vtable, &end);
        if (r >= 0)
                r = sd_bus_request_name(end.bus, FLOOR_NAME, 0);
        if (r < 0)
                return r;
        puts("ready");
        fflush(stdout);
        return sd_event_loop(event);
}

int main(int argc, char **argv)
{
        int r = run(argc == 2 ? atoi(argv[1]) : 0);

        if (r < 0)
                fprintf(stderr, "bench-floor-end: %s\n", strerror(-r));
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
