/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "loop/hub-client.h"

#include <errno.h>
#include <sys/random.h>

#include "base/log.h"
#include "loop/backoff.h"
#include "loop/websocket.h"
#include "wire/wire.h"

/* Three of the hub's slowest ping intervals (30 s), and some slack: PROTOCOL.md, Transport. */
#define SILENT_AFTER_S 100
#define OWNER_TEXT_MAX 20 /* bytes */
#define TIMER_ACCURACY_US (10 * USEC_PER_MSEC)

struct HubClient {
        Loop *loop;
        char hub[URL_MAX + 1];
        char token[TOKEN_MAX + 1];
        bool insecure;
        bool has_owner;
        uid_t owner; /* HubClientOptions.owner */
        const char *owner_remedy;
        bool is_local; /* this connection stays on this machine */
        uid_t peer;    /* … and this is the owner of its other end */
        const HubClientEvents *events;
        void *userdata;

        HubClientState state;
        WebSocket *websocket;
        int failure;        /* while connecting: the error of websocket_new(), or 0 */
        HubRefusal refusal; /* while connecting: by the reply; the close code says more */
        char refusal_text[MESSAGE_TEXT_MAX + 1];
        usec_t online_since;    /* online: CLOCK_BOOTTIME */
        bool worked, failed;    /* online: hub_client_worked(), hub_client_failed() */
        sd_event_source *timer; /* waiting: until the next try; connecting: for the welcome */
        Backoff backoff;
};

void hub_client_disconnect(HubClient *client)
{
        if (client->state == HUB_CLIENT_ONLINE && !client->failed) {
                if (client->worked)
                        backoff_reset(&client->backoff);
                backoff_lasted(&client->backoff, clock_boottime() - client->online_since);
        }
        client->worked = client->failed = false;
        client->timer = sd_event_source_disable_unref(client->timer);
        client->websocket = websocket_free(client->websocket);
        client->state = HUB_CLIENT_IDLE;
        client->refusal = HUB_REFUSAL_NONE;
}

static void report_loss(HubClient *client, CallError error, HubRefusal refusal, const char *text)
{
        /* `text` may belong to the WebSocket, which is freed here. */
        char copy[MESSAGE_TEXT_MAX + 1];

        snprintf(copy, sizeof(copy), "%s", text);
        hub_client_disconnect(client);
        client->events->lost(client->userdata, client, &(HubClientLoss){error, refusal, copy});
}

/* Must be the last use of the client in a turn: the callback may free it. */
static void lost(HubClient *client, CallError error, const char *text)
{
        report_loss(client, error, HUB_REFUSAL_NONE, text);
}

/* As lost(): the hub does not want this device. */
static void refused(HubClient *client, HubRefusal refusal, const char *text)
{
        report_loss(client, CALL_ERROR_AUTH_FAILED, refusal, text);
}

/* The machine, not the hub, is in the way. */
static void lost_by_error(HubClient *client, int r)
{
        char text[MESSAGE_TEXT_MAX + 1];

        snprintf(text, sizeof(text), "cannot use the connection to the hub: %s", strerror(-r));
        lost(client, CALL_ERROR_NOT_CONNECTED, text);
}

/* Returns the buffer. */
static const char *owner_text(uid_t owner, char buffer[static OWNER_TEXT_MAX + 1])
{
        if (owner == PEER_OWNER_UNKNOWN)
                return "an unknown user";
        snprintf(buffer, OWNER_TEXT_MAX + 1, "user %u", owner);
        return buffer;
}

static int send_message(HubClient *client, const Message *message)
{
        char *text = NULL;
        size_t length = 0;
        int r = wire_encode(message, 0, &text, &length);

        if (r < 0)
                return r;
        r = websocket_send(client->websocket, text, length);
        explicit_bzero(text, length); /* hello and join contain a token */
        free(text);
        return r;
}

int hub_client_send(HubClient *client, const Message *message)
{
        return client->state == HUB_CLIENT_ONLINE ? send_message(client, message) : -ENOTCONN;
}

/* Returns 0 if the token may be sent by this connection, or says why not. */
static int check_owner(HubClient *client, char ret_text[static MESSAGE_TEXT_MAX + 1])
{
        char now[OWNER_TEXT_MAX + 1], then[OWNER_TEXT_MAX + 1];
        int r = websocket_peer_owner(client->websocket, &client->peer);

        client->is_local = r != -EREMOTE;
        if (!client->is_local || (r == 0 && !client->has_owner) ||
            (r == 0 && client->peer == client->owner))
                return 0;
        if (r < 0)
                snprintf(ret_text, MESSAGE_TEXT_MAX + 1,
                         "cannot find out whose program the hub is: %s; it did not get the token",
                         strerror(-r));
        else
                snprintf(ret_text, MESSAGE_TEXT_MAX + 1,
                         "a program of %s listens at the hub's address, and at the login one of %s "
                         "did: it did not get the token; if that is right, %s",
                         owner_text(client->peer, now), owner_text(client->owner, then),
                         client->owner_remedy);
        return -EACCES;
}

static void on_opened(void *userdata)
{
        HubClient *client = userdata;
        char text[MESSAGE_TEXT_MAX + 1];
        Message hello = {};

        if (check_owner(client, text) < 0) {
                lost(client, CALL_ERROR_NOT_CONNECTED, text);
                return;
        }
        client->events->hello(client->userdata, client, &hello);
        (void)STR_SET(hello.hello.token, client->token);
        int r = send_message(client, &hello);
        explicit_bzero(&hello.hello, sizeof(hello.hello));
        if (r < 0)
                lost_by_error(client, r);
}

static int set_timer(HubClient *client, usec_t delay, sd_event_time_handler_t handler)
{
        client->timer = sd_event_source_disable_unref(client->timer);
        return sd_event_add_time_relative(loop_event(client->loop), &client->timer, CLOCK_BOOTTIME,
                                          delay, TIMER_ACCURACY_US, handler, client);
}

static int on_close_timeout(sd_event_source *source, uint64_t usec, void *userdata)
{
        HubClient *client = userdata;

        refused(client, client->refusal, client->refusal_text);
        return 0;
}

/* The hub closes next, with a code that tells a token that is unknown from one that is revoked. */
static void await_close(HubClient *client, const MessageReply *reply)
{
        client->refusal =
                reply->error == CALL_ERROR_AUTH_FAILED ? HUB_REFUSAL_TOKEN : HUB_REFUSAL_VERSION;
        (void)STR_SET(client->refusal_text, reply->text);
        if (set_timer(client, HUB_CLIENT_CLOSE_US, on_close_timeout) < 0)
                refused(client, client->refusal, client->refusal_text);
}

static void learn_owner(HubClient *client)
{
        if (!client->is_local)
                return;
        client->has_owner = true;
        client->owner = client->peer;
}

static void on_first_reply(HubClient *client, const Message *message)
{
        const MessageReply *reply = &message->reply;

        if (message->type != MESSAGE_REPLY ||
            (reply->error == CALL_ERROR_NONE && reply->kind != REPLY_WELCOME)) {
                lost(client, CALL_ERROR_NOT_CONNECTED, "the hub does not speak our protocol");
        } else if (reply->error == CALL_ERROR_AUTH_FAILED ||
                   reply->error == CALL_ERROR_NOT_SUPPORTED) {
                await_close(client, reply);
        } else if (reply->error != CALL_ERROR_NONE) {
                lost(client, CALL_ERROR_NOT_CONNECTED, reply->text);
        } else {
                client->timer = sd_event_source_disable_unref(client->timer);
                client->state = HUB_CLIENT_ONLINE;
                client->online_since = clock_boottime();
                learn_owner(client);
                client->events->welcomed(client->userdata, client, message);
        }
}

static void on_message(void *userdata, const char *text, size_t length)
{
        HubClient *client = userdata;
        _cleanup_(message_done) Message message = {};
        char complaint[MESSAGE_TEXT_MAX + 1];
        int r = wire_decode_from_hub(text, length, &message, complaint);

        if (r < 0) {
                lost_by_error(client, r);
        } else if (r > 0) {
                log_warning("the hub sent an invalid message: %s", complaint);
                hub_client_failed(client);
                lost(client, CALL_ERROR_NOT_CONNECTED, "the hub sent an invalid message");
        } else if (client->state == HUB_CLIENT_ONLINE) {
                client->events->message(client->userdata, client, &message);
        } else if (client->refusal == HUB_REFUSAL_NONE) {
                on_first_reply(client, &message);
        }
}

static HubRefusal refusal_of_close(unsigned code, const char **ret_text)
{
        switch (code) {
        case WIRE_CLOSE_AUTH_FAILED:
                *ret_text = "the hub refused the token";
                return HUB_REFUSAL_TOKEN;
        case WIRE_CLOSE_REPLACED:
                *ret_text = "this device has connected to the hub from elsewhere: "
                            "log in again to make this a device of its own";
                return HUB_REFUSAL_REPLACED;
        case WIRE_CLOSE_REVOKED:
                *ret_text = "the token was revoked: log in again with a new one";
                return HUB_REFUSAL_REVOKED;
        case WIRE_CLOSE_VERSION:
                *ret_text = "the hub speaks another version of the protocol";
                return HUB_REFUSAL_VERSION;
        default:
                return HUB_REFUSAL_NONE;
        }
}

static void on_closed(void *userdata, unsigned code, const char *reason)
{
        HubClient *client = userdata;
        const char *text = reason;
        HubRefusal refusal = refusal_of_close(code, &text);

        /* Except of a revoked token, the reply said more than the close code. */
        if (client->refusal != HUB_REFUSAL_NONE && refusal != HUB_REFUSAL_REVOKED)
                refused(client, client->refusal, client->refusal_text);
        else if (refusal != HUB_REFUSAL_NONE)
                refused(client, refusal, text);
        else
                lost(client, CALL_ERROR_NOT_CONNECTED, text);
}

static int on_connect_timeout(sd_event_source *source, uint64_t usec, void *userdata)
{
        HubClient *client = userdata;
        const char *why;

        if (websocket_check_url(client->hub, client->insecure, &why) < 0)
                lost(client, CALL_ERROR_NOT_CONNECTED, why);
        else if (client->failure < 0)
                lost_by_error(client, client->failure);
        else
                lost(client, CALL_ERROR_TIMEOUT, "the hub did not answer within 10 s");
        return 0;
}

static int open_websocket(HubClient *client)
{
        static const WebSocketEvents events = {
                .opened = on_opened,
                .message = on_message,
                .closed = on_closed,
        };
        const WebSocketOptions options = {
                .url = client->hub,
                .path = WIRE_PATH,
                .subprotocol = WIRE_SUBPROTOCOL,
                .default_port = WIRE_PORT,
                .insecure = client->insecure,
                .silent_after_s = SILENT_AFTER_S,
        };

        return websocket_new(client->loop, &options, &events, client, &client->websocket);
}

/* If the WebSocket cannot be made, the timer reports that: only the loop makes callbacks. */
static int start_to_connect(HubClient *client)
{
        int r = set_timer(client, HUB_CLIENT_WELCOME_US, on_connect_timeout);

        if (r < 0)
                return r;
        client->state = HUB_CLIENT_CONNECTING;
        client->failure = open_websocket(client);
        if (client->failure < 0 && client->failure != -ENOMEM)
                return set_timer(client, 0, on_connect_timeout);
        return client->failure;
}

int hub_client_connect(HubClient *client)
{
        if (client->state >= HUB_CLIENT_CONNECTING)
                return 0;
        backoff_reset(&client->backoff);
        int r = start_to_connect(client);
        if (r < 0)
                hub_client_disconnect(client);
        return r;
}

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata)
{
        HubClient *client = userdata;
        int r = start_to_connect(client);

        if (r < 0)
                lost_by_error(client, r);
        return 0;
}

void hub_client_worked(HubClient *client)
{
        client->worked = true;
}

void hub_client_failed(HubClient *client)
{
        client->failed = true;
}

void hub_client_retry(HubClient *client)
{
        uint32_t chance = 0;

        hub_client_disconnect(client);
        if (getrandom(&chance, sizeof(chance), GRND_NONBLOCK) != sizeof(chance))
                chance = 0; /* connect without jitter rather than not at all */
        int r = set_timer(client, backoff_next(&client->backoff, chance), on_retry);
        if (r < 0)
                log_error("cannot connect to the hub again: %s", strerror(-r));
        else
                client->state = HUB_CLIENT_WAITING;
}

void hub_client_close(HubClient *client)
{
        if (client->websocket)
                websocket_close(client->websocket, WIRE_CLOSE_NORMAL);
}

void hub_client_allow_insecure(HubClient *client, bool insecure)
{
        client->insecure = insecure;
}

const uid_t *hub_client_owner(const HubClient *client)
{
        return client->has_owner ? &client->owner : NULL;
}

HubClientState hub_client_state(const HubClient *client)
{
        return client->state;
}

int hub_client_new(Loop *loop, const HubClientOptions *options, const HubClientEvents *events,
                   void *userdata, HubClient **ret)
{
        _cleanup_(hub_client_freep) HubClient *client = calloc(1, sizeof(*client));

        if (!client)
                return -ENOMEM;
        client->loop = loop;
        client->insecure = options->insecure;
        client->has_owner = options->owner;
        client->owner = options->owner ? *options->owner : PEER_OWNER_UNKNOWN;
        client->owner_remedy = options->owner_remedy;
        client->events = events;
        client->userdata = userdata;
        int r = STR_SET(client->hub, options->hub);
        if (r >= 0)
                r = STR_SET(client->token, options->token);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(client);
        return 0;
}

HubClient *hub_client_free(HubClient *client)
{
        if (!client)
                return NULL;
        hub_client_disconnect(client);
        explicit_bzero(client->token, sizeof(client->token));
        free(client);
        return NULL;
}
