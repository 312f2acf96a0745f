/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "uplink.h"

#include <errno.h>
#include <sys/random.h>

#include "base/log.h"
#include "loop/backoff.h"
#include "loop/websocket.h"
#include "wire/wire.h"

/* Three pings of the hub's slower rhythm (30 s) and some slack: PROTOCOL.md, Transport. */
#define SILENT_AFTER_S 100
#define RETRY_ACCURACY_US (100 * USEC_PER_MSEC)

struct Uplink {
        Loop *loop;
        UplinkOptions options;
        const UplinkEvents *events;
        void *userdata;
        WebSocket *websocket; /* NULL between two tries */
        sd_event_source *retry;
        Backoff backoff;
        bool up;
};

static void uplink_connect(Uplink *uplink);

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata)
{
        Uplink *uplink = userdata;

        uplink->retry = sd_event_source_disable_unref(uplink->retry);
        uplink_connect(uplink);
        return 0;
}

static int retry_later(Uplink *uplink)
{
        uint32_t chance = 0;

        if (getrandom(&chance, sizeof(chance), GRND_NONBLOCK) != sizeof(chance))
                chance = 0; /* does as well */
        usec_t wait = backoff_next(&uplink->backoff, chance);
        return sd_event_add_time_relative(loop_event(uplink->loop), &uplink->retry, CLOCK_BOOTTIME,
                                          wait, RETRY_ACCURACY_US, on_retry, uplink);
}

/* The text may be the WebSocket's own: it goes when everybody has read it. */
static void end_try(Uplink *uplink, PhoneConnection state, const char *text)
{
        uplink->up = false;
        uplink->events->state(uplink->userdata, state, text);
        uplink->websocket = websocket_free(uplink->websocket);
}

static void refused(Uplink *uplink, const char *text)
{
        end_try(uplink, PHONE_REFUSED, text);
}

static void cut(Uplink *uplink, const char *text)
{
        int r;

        end_try(uplink, PHONE_OFFLINE, text);
        r = retry_later(uplink);
        if (r < 0)
                refused(uplink, strerror(-r));
}

int uplink_send(Uplink *uplink, const Message *message)
{
        char *text = NULL;
        size_t length = 0;

        if (!uplink->websocket || (!uplink->up && message->type != MESSAGE_HELLO))
                return -ENOTCONN;
        int r = wire_encode(message, 0, &text, &length);
        if (r < 0)
                return r;
        r = websocket_send(uplink->websocket, text, length);
        explicit_bzero(text, length); /* a hello and a join have a token in them */
        free(text);
        return r;
}

static void on_opened(void *userdata)
{
        Uplink *uplink = userdata;
        Message hello = {};

        uplink->events->hello(uplink->userdata, &hello);
        (void)STR_SET(hello.hello.token, uplink->options.token);
        int r = uplink_send(uplink, &hello);
        explicit_bzero(&hello.hello, sizeof(hello.hello));
        if (r < 0)
                cut(uplink, strerror(-r));
}

/* The hub's answer to our hello. */
static bool is_welcome(Uplink *uplink, const Message *message)
{
        if (message->type != MESSAGE_REPLY) {
                cut(uplink, "the hub does not speak our protocol");
                return false;
        }
        if (message->reply.error == CALL_ERROR_AUTH_FAILED ||
            message->reply.error == CALL_ERROR_NOT_SUPPORTED) {
                refused(uplink, message->reply.text);
                return false;
        }
        if (message->reply.error != CALL_ERROR_NONE) {
                cut(uplink, message->reply.text);
                return false;
        }
        uplink->up = true;
        backoff_reset(&uplink->backoff);
        return true;
}

static void on_message(void *userdata, const char *text, size_t length)
{
        Uplink *uplink = userdata;
        _cleanup_(message_done) Message message = {};
        char complaint[MESSAGE_TEXT_MAX + 1];
        int r = wire_decode_from_hub(text, length, &message, complaint);

        if (r != 0) {
                cut(uplink, r < 0 ? strerror(-r) : complaint);
                return;
        }
        if (!uplink->up && !is_welcome(uplink, &message))
                return;
        r = uplink->events->message(uplink->userdata, &message);
        if (r < 0)
                cut(uplink, strerror(-r));
}

static void on_closed(void *userdata, unsigned code, const char *reason)
{
        if (wire_close_is_final(code))
                refused(userdata, reason);
        else
                cut(userdata, reason);
}

static void uplink_connect(Uplink *uplink)
{
        static const WebSocketEvents events = {
                .opened = on_opened,
                .message = on_message,
                .closed = on_closed,
        };
        const WebSocketOptions options = {
                .url = uplink->options.hub,
                .path = WIRE_PATH,
                .subprotocol = WIRE_SUBPROTOCOL,
                .default_port = WIRE_PORT,
                .insecure = uplink->options.insecure,
                .silent_after_s = SILENT_AFTER_S,
        };

        uplink->events->state(uplink->userdata, PHONE_CONNECTING, "");
        int r = websocket_new(uplink->loop, &options, &events, uplink, &uplink->websocket);
        if (r < 0)
                cut(uplink, strerror(-r));
}

int uplink_new(Loop *loop, const UplinkOptions *options, const UplinkEvents *events, void *userdata,
               Uplink **ret)
{
        _cleanup_(uplink_freep) Uplink *uplink = calloc(1, sizeof(*uplink));

        if (!uplink)
                return -ENOMEM;
        uplink->loop = loop;
        uplink->options = *options;
        uplink->events = events;
        uplink->userdata = userdata;
        uplink_connect(uplink);
        *ret = TAKE_PTR(uplink);
        return 0;
}

Uplink *uplink_free(Uplink *uplink)
{
        if (!uplink)
                return NULL;
        sd_event_source_disable_unref(uplink->retry);
        websocket_free(uplink->websocket);
        free(uplink);
        return NULL;
}
