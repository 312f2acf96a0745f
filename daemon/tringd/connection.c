/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tringd/connection.h"

#include <errno.h>

#include "base/log.h"
#include "loop/websocket.h"
#include "tringd/link.h"
#include "wire/wire.h"

/* Three pings of the hub's slower rhythm (30 s) and some slack: wire-protocol, keep-alive. */
#define SILENT_AFTER_S 100
#define WELCOME_ACCURACY_US (100 * USEC_PER_MSEC)

struct Connection {
        Credentials credentials;
        const ConnectionEvents *events;
        void *userdata;
        WebSocket *websocket;
        sd_event_source *welcome_timer; /* until the hub has welcomed us */
        sd_event_source *end;           /* an end that must not be told from inside a call */
        CallError error;
        char text[MESSAGE_TEXT_MAX + 1];
        bool up;
};

static void wipe(char *text, size_t length)
{
        if (text)
                explicit_bzero(text, length);
        free(text);
}

int connection_send(Connection *connection, const Message *message)
{
        char *text = NULL;
        size_t length = 0;
        int r = wire_encode(message, 0, &text, &length);

        if (r < 0)
                return r;
        r = websocket_send(connection->websocket, text, length);
        wipe(text, length); /* a hello and a join have a token in them */
        return r;
}

static void finish(Connection *connection, CallError error, const char *text)
{
        connection->events->closed(connection->userdata, connection, error, text);
}

static int on_end(sd_event_source *source, void *userdata)
{
        Connection *connection = userdata;

        connection->end = sd_event_source_disable_unref(connection->end);
        finish(connection, connection->error, connection->text);
        return 0;
}

static void on_opened(void *userdata)
{
        Connection *connection = userdata;
        Message hello = {};

        connection->events->hello(connection->userdata, connection, &hello);
        (void)STR_SET(hello.hello.token, connection->credentials.token);
        int r = connection_send(connection, &hello);
        explicit_bzero(&hello.hello, sizeof(hello.hello));
        if (r < 0)
                finish(connection, CALL_ERROR_NOT_CONNECTED, strerror(-r));
}

static bool error_is_final(CallError error)
{
        return error == CALL_ERROR_AUTH_FAILED || error == CALL_ERROR_NOT_SUPPORTED;
}

static void on_first_reply(Connection *connection, const Message *message)
{
        const MessageReply *reply = &message->reply;

        if (message->type != MESSAGE_REPLY) {
                finish(connection, CALL_ERROR_NOT_CONNECTED, "the hub does not speak our protocol");
                return;
        }
        if (reply->error != CALL_ERROR_NONE) {
                finish(connection,
                       error_is_final(reply->error) ? CALL_ERROR_AUTH_FAILED
                                                    : CALL_ERROR_NOT_CONNECTED,
                       reply->text);
                return;
        }
        if (reply->kind != REPLY_WELCOME) {
                finish(connection, CALL_ERROR_NOT_CONNECTED, "the hub does not speak our protocol");
                return;
        }
        connection->welcome_timer = sd_event_source_disable_unref(connection->welcome_timer);
        connection->up = true;
        connection->events->welcomed(connection->userdata, connection, message);
}

static void on_message(void *userdata, const char *text, size_t length)
{
        Connection *connection = userdata;
        _cleanup_(message_done) Message message = {};
        char complaint[MESSAGE_TEXT_MAX + 1];
        int r = wire_decode_from_hub(text, length, &message, complaint);

        if (r < 0) {
                finish(connection, CALL_ERROR_NOT_CONNECTED, strerror(-r));
                return;
        }
        if (r > 0) {
                log_warning("the hub said what we cannot read: %s", complaint);
                finish(connection, CALL_ERROR_NOT_CONNECTED, "the hub said what we cannot read");
                return;
        }
        if (connection->up)
                connection->events->message(connection->userdata, connection, &message);
        else
                on_first_reply(connection, &message);
}

/* Close codes after which the same token meets the same answer. */
static const char *final_close(unsigned code)
{
        switch (code) {
        case WIRE_CLOSE_AUTH_FAILED:
                return "the hub refused the token: log in again";
        case WIRE_CLOSE_REPLACED:
                return "this device has connected to the hub from elsewhere: log in again here";
        case WIRE_CLOSE_REVOKED:
                return "the token was revoked: log in again with a new one";
        case WIRE_CLOSE_VERSION:
                return "the hub speaks another version of the protocol";
        default:
                return NULL;
        }
}

static void on_closed(void *userdata, unsigned code, const char *reason)
{
        Connection *connection = userdata;
        const char *final = final_close(code);

        if (connection->end)
                return; /* told already */
        finish(connection, final ? CALL_ERROR_AUTH_FAILED : CALL_ERROR_NOT_CONNECTED,
               final ? final : reason);
}

static int on_welcome_timeout(sd_event_source *source, uint64_t usec, void *userdata)
{
        Connection *connection = userdata;

        finish(connection, CALL_ERROR_TIMEOUT, "the hub did not answer within 10 s");
        return 0;
}

static int connect_to_hub(Connection *connection, Loop *loop, bool insecure)
{
        static const WebSocketEvents events = {
                .opened = on_opened,
                .message = on_message,
                .closed = on_closed,
        };
        const WebSocketOptions options = {
                .url = connection->credentials.hub,
                .path = WIRE_PATH,
                .subprotocol = WIRE_SUBPROTOCOL,
                .default_port = WIRE_PORT,
                .insecure = insecure,
                .silent_after_s = SILENT_AFTER_S,
        };

        return websocket_new(loop, &options, &events, connection, &connection->websocket);
}

int connection_new(Loop *loop, const Credentials *credentials, bool insecure,
                   const ConnectionEvents *events, void *userdata, Connection **ret)
{
        _cleanup_(connection_freep) Connection *connection = calloc(1, sizeof(*connection));

        if (!connection)
                return -ENOMEM;
        connection->credentials = *credentials;
        connection->events = events;
        connection->userdata = userdata;
        int r = sd_event_add_time_relative(loop_event(loop), &connection->welcome_timer,
                                           CLOCK_BOOTTIME, LINK_WELCOME_US, WELCOME_ACCURACY_US,
                                           on_welcome_timeout, connection);
        if (r < 0)
                return r;
        r = connect_to_hub(connection, loop, insecure);
        if (r == -ENOMEM)
                return r;
        if (r < 0) {
                connection->error = CALL_ERROR_NOT_CONNECTED;
                (void)STR_SET(connection->text, strerror(-r));
                r = sd_event_add_defer(loop_event(loop), &connection->end, on_end, connection);
                if (r < 0)
                        return r;
        }
        *ret = TAKE_PTR(connection);
        return 0;
}

Connection *connection_free(Connection *connection)
{
        if (!connection)
                return NULL;
        sd_event_source_disable_unref(connection->welcome_timer);
        sd_event_source_disable_unref(connection->end);
        websocket_free(connection->websocket);
        credentials_done(&connection->credentials);
        free(connection);
        return NULL;
}

bool connection_is_up(const Connection *connection)
{
        return connection->up;
}

const Credentials *connection_credentials(const Connection *connection)
{
        return &connection->credentials;
}

void connection_close(Connection *connection)
{
        websocket_close(connection->websocket, WIRE_CLOSE_NORMAL);
}
