/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tringd/hub-connection.h"

#include <errno.h>

#include "base/log.h"
#include "loop/websocket.h"
#include "tringd/hub-uplink.h"
#include "wire/wire.h"

/* Three pings of the hub's slower rhythm (30 s) and some slack: PROTOCOL.md, Transport. */
#define SILENT_AFTER_S 100
#define WELCOME_ACCURACY_US (100 * USEC_PER_MSEC)

struct HubConnection {
        Credentials credentials;
        const HubConnectionEvents *events;
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

int hub_connection_send(HubConnection *connection, const Message *message)
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

static void finish(HubConnection *connection, CallError error, const char *text)
{
        connection->events->closed(connection->userdata, connection, error, text);
}

static int on_end(sd_event_source *source, void *userdata)
{
        HubConnection *connection = userdata;

        connection->end = sd_event_source_disable_unref(connection->end);
        finish(connection, connection->error, connection->text);
        return 0;
}

static void on_opened(void *userdata)
{
        HubConnection *connection = userdata;
        Message hello = {};

        connection->events->hello(connection->userdata, connection, &hello);
        (void)STR_SET(hello.hello.token, connection->credentials.token);
        int r = hub_connection_send(connection, &hello);
        explicit_bzero(&hello.hello, sizeof(hello.hello));
        if (r < 0)
                finish(connection, CALL_ERROR_NOT_CONNECTED, strerror(-r));
}

static bool error_is_final(CallError error)
{
        return error == CALL_ERROR_AUTH_FAILED || error == CALL_ERROR_NOT_SUPPORTED;
}

static void on_first_reply(HubConnection *connection, const Message *message)
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
        HubConnection *connection = userdata;
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
        HubConnection *connection = userdata;
        const char *final = final_close(code);

        if (connection->end)
                return; /* told already */
        finish(connection, final ? CALL_ERROR_AUTH_FAILED : CALL_ERROR_NOT_CONNECTED,
               final ? final : reason);
}

static int on_welcome_timeout(sd_event_source *source, uint64_t usec, void *userdata)
{
        HubConnection *connection = userdata;

        finish(connection, CALL_ERROR_TIMEOUT, "the hub did not answer within 10 s");
        return 0;
}

static int connect_to_hub(HubConnection *connection, Loop *loop, bool insecure)
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

int hub_connection_new(Loop *loop, const Credentials *credentials, bool insecure,
                       const HubConnectionEvents *events, void *userdata, HubConnection **ret)
{
        _cleanup_(hub_connection_freep) HubConnection *connection = calloc(1, sizeof(*connection));

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

HubConnection *hub_connection_free(HubConnection *connection)
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

bool hub_connection_is_up(const HubConnection *connection)
{
        return connection->up;
}

const Credentials *hub_connection_credentials(const HubConnection *connection)
{
        return &connection->credentials;
}

void hub_connection_close(HubConnection *connection)
{
        websocket_close(connection->websocket, WIRE_CLOSE_NORMAL);
}
