/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bench/load-end.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/socket.h>

#include "rig/talker.h"

#define HEADER_SIZE 8 /* header of a client's frame, with its mask, for up to 64 KiB */
#define TEXT_MAX 1024

void load_end_init(LoadEnd *end, const Hub *hub, const char *token, const char *device,
                   const WsOptions *options)
{
        uint16_t port = (uint16_t)atoi(strrchr(hub->listen, ':') + 1);
        Talker *talker = talker_connect(port, options);

        talker_ok(talker_request(talker, "hello",
                                 "\"version\":1,\"token\":\"%s\",\"device\":\"%s\"", token,
                                 device));
        *end = (LoadEnd){.ws = TAKE_PTR(talker->ws),
                         .id = 1,
                         .seq = talker->seq,
                         .buffer = rig_alloc(LOAD_BUFFER_SIZE)};
        end->fd = ws_fd(end->ws);
        talker_free(talker);
}

void load_end_done(LoadEnd *end)
{
        ws_free(end->ws);
        free(end->buffer);
}

static void send_frame(LoadEnd *end, WsOpcode opcode, const char *text, size_t length)
{
        static const unsigned char mask[4] = {0x5a, 0xa5, 0x3c, 0xc3};
        unsigned char frame[HEADER_SIZE + TEXT_MAX];
        size_t used = 2;

        frame[0] = (unsigned char)(0x80 | opcode);
        frame[1] = 0x80 | (length < 126 ? (unsigned char)length : 126);
        if (length >= 126) {
                frame[used++] = (unsigned char)(length >> 8);
                frame[used++] = (unsigned char)length;
        }
        memcpy(frame + used, mask, sizeof(mask));
        used += sizeof(mask);
        for (size_t i = 0; i < length; i++)
                frame[used + i] = (unsigned char)text[i] ^ mask[i % 4];
        if (send(end->fd, frame, used + length, MSG_NOSIGNAL) != (ssize_t)(used + length))
                rig_fail("cannot send to the hub: %m");
}

void load_end_say(LoadEnd *end, const char *op, const char *session_id, const char *more)
{
        char text[TEXT_MAX];
        int n = snprintf(text, sizeof(text),
                         "{\"op\":\"%s\",\"id\":%" PRIu64 ",\"ack\":%" PRIu64
                         ",\"session_id\":\"%s\"%s}",
                         op, ++end->id, end->seq, session_id, more);

        send_frame(end, WS_TEXT, text, (size_t)n);
}

/* The lengths of header and payload; false if the frame is incomplete. */
static bool parse_frame(const unsigned char *bytes, size_t n, size_t *ret_header,
                        size_t *ret_payload)
{
        if (n < 2)
                return false;
        size_t header = bytes[1] < 126 ? 2 : bytes[1] == 126 ? 4 : 10;
        size_t payload = bytes[1] & 0x7f;
        if (n < header)
                return false;
        if (header > 2)
                payload = 0;
        for (size_t i = 2; i < header; i++)
                payload = payload << 8 | bytes[i];
        *ret_header = header;
        *ret_payload = payload;
        return n - header >= payload;
}

typedef struct Taker {
        void (*take)(const char *text, void *userdata);
        void *userdata;
} Taker;

static void take_text(LoadEnd *end, char *text, size_t length, const Taker *taker)
{
        char after = text[length];

        text[length] = '\0';
        const char *seq = strstr(text, "\"seq\":");
        if (seq)
                end->seq = strtoull(seq + strlen("\"seq\":"), NULL, 10);
        if (strstr(text, "\"error\":"))
                rig_fail("the hub refused: %s", text);
        taker->take(text, taker->userdata);
        text[length] = after;
}

static void take_frame(LoadEnd *end, WsOpcode opcode, char *payload, size_t length,
                       const Taker *taker)
{
        switch (opcode) {
        case WS_TEXT:
                take_text(end, payload, length, taker);
                break;
        case WS_PING:
                send_frame(end, WS_PONG, payload, length);
                break;
        case WS_CLOSE:
                rig_fail("the hub closes: %.*s", (int)length - 2, payload + 2);
        default:
                break;
        }
}

void load_end_read(LoadEnd *end, void (*take)(const char *text, void *), void *userdata)
{
        const Taker taker = {take, userdata};
        size_t header, payload, done = 0;
        ssize_t n = recv(end->fd, end->buffer + end->used, LOAD_BUFFER_SIZE - 1 - end->used,
                         MSG_DONTWAIT);

        if (n < 0 && errno == EAGAIN)
                return;
        if (n <= 0)
                rig_fail("the hub is gone");
        end->used += (size_t)n;
        while (parse_frame((const unsigned char *)end->buffer + done, end->used - done, &header,
                           &payload)) {
                take_frame(end, (WsOpcode)(end->buffer[done] & 0xf), end->buffer + done + header,
                           payload, &taker);
                done += header + payload;
        }
        memmove(end->buffer, end->buffer + done, end->used - done);
        end->used -= done;
        if (end->used == LOAD_BUFFER_SIZE - 1)
                rig_fail("the hub sent a message larger than this bench knows");
}
