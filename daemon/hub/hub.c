/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hub/hub.h"

#include <errno.h>
#include <stdarg.h>
#include <sys/random.h>

#include "base/log.h"
#include "base/secret-file.h"
#include "hub/ice.h"
#include "hub/internal.h"

#define USER_TURN_US USEC_PER_MSEC /* a user's share of a turn of the loop */
#define PRUNE_FIRST_MS (60 * 1000) /* right after its start the hub is busy with logins */

/* Returns random bytes for one input of the exchange; fetches those for four at once. */
static void draw_entropy(uint8_t ret[static ENTROPY_SIZE])
{
        /*
         * getrandom() fills up to 256 bytes completely once the kernel's pool is ready, which it is
         * before any service starts.
         */
        static uint8_t drawn[256];
        static size_t left;

        if (left < ENTROPY_SIZE) {
                if (getrandom(drawn, sizeof(drawn), 0) != sizeof(drawn))
                        abort();
                left = sizeof(drawn);
        }
        left -= ENTROPY_SIZE;
        memcpy(ret, drawn + left, ENTROPY_SIZE);
        explicit_bzero(drawn + left, ENTROPY_SIZE);
}

const ExchangeNow *hub_now(Hub *hub)
{
        hub->now.now = clock_boottime();
        hub->now.date = clock_realtime();
        draw_entropy(hub->now.entropy);
        return &hub->now;
}

void hub_send(WsConnection *connection, Message *message, uint64_t barrier)
{
        int r = ws_connection_send(connection, message, barrier);

        if (r >= 0)
                return;
        log_error("cannot send \"%s\": %s", message_type_to_string(message->type), strerror(-r));
        ws_connection_close(connection, WIRE_CLOSE_GOING_AWAY,
                            "internal error: cannot queue a message");
}

void hub_reply_error(WsConnection *connection, uint64_t id, CallError error, const char *format,
                     ...)
{
        char text[MESSAGE_TEXT_MAX + 1];
        Message reply;
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(text, sizeof(text), format, arguments);
        va_end(arguments);
        message_reply_error(&reply, id, error, "%s", text);
        hub_send(connection, &reply, 0);
}

/* Sends to the session's device, or queues for it while it is suspended. May free the session. */
static void send_session(Hub *hub, DeviceSession *session, Message *message, uint64_t barrier)
{
        if (session->connection) {
                hub_send(session->connection, message, barrier);
                return;
        }
        /* A suspended session gets no replies: its device will ask again. */
        if (message->type != MESSAGE_REPLY &&
            outbox_push(&session->outbox, message, barrier, hub->config->queue_per_device,
                        clock_boottime()) < 0)
                device_session_give_up(hub, session);
}

/*
 * The same for what another user has caused, and pays for. A message that is too long is left out:
 * nobody can end another user's session by it. Any other failure ends the session: no seq is used
 * up, so the device would not notice that it has missed something.
 */
static void send_session_from(Hub *hub, DeviceSession *session, ExchangeAction *action)
{
        int r = session->connection ? ws_connection_send_from(session->connection, &action->message,
                                                              action->from, action->n_bytes)
                                    : outbox_push_from(&session->outbox, &action->message,
                                                       action->from, action->n_bytes);

        if (r >= 0)
                return;
        log_error("cannot send \"%s\": %s", message_type_to_string(action->message.type),
                  strerror(-r));
        exchange_taken(hub->exchange, action->attachment, action->from, action->n_bytes);
        if (r == -EMSGSIZE)
                return;
        if (session->connection)
                ws_connection_close(session->connection, WIRE_CLOSE_GOING_AWAY,
                                    "internal error: cannot queue a message");
        else
                device_session_give_up(hub, session);
}

HubUser *hub_user_find(Hub *hub, const char *uid)
{
        HubUser *user;

        HASH_FIND_STR(hub->users, uid, user);
        return user;
}

void hub_send_others(Hub *hub, const char *uid, const DeviceSession *except, Message *message,
                     uint64_t barrier)
{
        HubUser *user = hub_user_find(hub, uid);
        DeviceSession *session, *next;

        if (!user)
                return;
        /* Sending may close a session that is too slow, and its user goes with the last session. */
        for (session = user->sessions; session; session = next) {
                next = session->next;
                if (session != except)
                        send_session(hub, session, message, barrier);
        }
}

static void disconnect(Hub *hub, const ExchangeAction *action)
{
        DeviceSession *session = device_session_find(hub, action->attachment);

        if (!session)
                return;
        if (!session->connection) {
                device_session_give_up(hub, session);
                return;
        }
        WireClose code = hub->removes_user ? WIRE_CLOSE_REVOKED
                         : !session->user  ? WIRE_CLOSE_NORMAL
                                           : WIRE_CLOSE_REPLACED;

        ws_connection_close(session->connection, code, action->text);
}

/* Adds the TURN credentials that go out with a join or by themselves, and how long they last. */
static int sign_relays(const Hub *hub, Message *message)
{
        ReplyJoin *join = &message->reply.join;
        ReplyRelays *relays = &message->reply.relays;
        usec_t date = clock_realtime();
        uint32_t lifetime_s =
                hub->ice_until > date ? (uint32_t)((hub->ice_until - date) / USEC_PER_SEC) : 1;

        if (message->type != MESSAGE_REPLY || !hub->turn_secret)
                return 0;
        if (message->reply.kind == REPLY_JOIN) {
                join->ice_lifetime_s = lifetime_s;
                return ice_sign(hub->turn_secret, join->ice_servers, join->n_ice_servers);
        }
        if (message->reply.kind != REPLY_RELAYS)
                return 0;
        relays->ice_lifetime_s = lifetime_s;
        return ice_sign(hub->turn_secret, relays->ice_servers, relays->n_ice_servers);
}

int hub_carry_out(Hub *hub, ExchangeAction *action)
{
        DeviceSession *session;
        int r = 0;

        switch (action->type) {
        case EXCHANGE_SEND:
                session = device_session_find(hub, action->attachment);
                /* Without a credential the TURN server refuses; everything else works. */
                if (sign_relays(hub, &action->message) < 0)
                        log_error("cannot sign TURN credentials, so a reply goes out without: "
                                  "out of memory");
                if (session && action->n_bytes > 0)
                        send_session_from(hub, session, action);
                else if (session)
                        send_session(hub, session, &action->message,
                                     action->confirms ? commit_barrier(hub->commit) : 0);
                break;
        case EXCHANGE_DISCONNECT:
                disconnect(hub, action);
                break;
        case EXCHANGE_SAVE:
        case EXCHANGE_DROP:
        case EXCHANGE_LOG:
        case EXCHANGE_USER:
        case EXCHANGE_BLOCK:
        case EXCHANGE_CALLED:
                r = hub_store(hub, action);
                break;
        }
        if (r < 0 && !hub->stalled && hub->n_stalled_lanes == 0)
                log_fields(LOG_ERR, "cannot store a change", "SESSION_ID=%s", action->session_id,
                           "PEER=%s", action->uid, "ERROR=%s", strerror(-r), NULL);
        return r == -ENOMEM ? r : 0;
}

/* 0, or the negative errno that keeps the hub from storing anything now. */
static int hub_store_error(const Hub *hub)
{
        return hub->stalled || hub->n_stalled_lanes > 0 ? -ENOMEM : commit_error(hub->commit);
}

void hub_drain(Hub *hub)
{
        /* Carrying out an action may close a session, which adds actions for this loop. */
        if (hub->is_draining)
                return;
        hub->is_draining = true;
        hub->n_drained = 0;
        while (hub->stalled || exchange_next_action(hub->exchange, &hub->action)) {
                int r = hub_lane_take(hub, &hub->action);

                if (r == 0)
                        r = hub_carry_out(hub, &hub->action);
                hub->stalled = r < 0;
                if (hub->stalled)
                        break;
                if (r == 0)
                        exchange_action_done(&hub->action);
        }
        hub->is_draining = false;
}

int hub_flush(Hub *hub)
{
        commit_run_all(hub->commit, clock_boottime());
        ws_server_committed(hub->server, commit_done(hub->commit));
        return hub_store_error(hub);
}

void hub_finish(Hub *hub)
{
        (void)hub_lanes_finish(hub);
        (void)hub_flush(hub);
}

/* At the end of a turn. */
static void flush_some(Hub *hub)
{
        CallHistory *history = hub_database_history(hub->database);

        commit_run(hub->commit, clock_boottime());
        ws_server_committed(hub->server, commit_done(hub->commit));
        /* Confirmations go out first. With a full disk, a later flush settles; also what is left.
         */
        if (call_history_is_unsettled(history) && hub_stores(hub))
                (void)call_history_settle(history, SETTLE_STEP_US);
}

static void on_window(uv_timer_t *timer)
{
        /* Does nothing but end the wait: on_turn_end() commits. */
}

static void on_deadline(uv_timer_t *timer)
{
        Hub *hub = timer->data;

        hub->deadline_at = USEC_NEVER;
        hub_expire_sessions(hub, clock_boottime());
        if (exchange_tick(hub->exchange, hub_now(hub)) < 0)
                log_error("cannot handle the deadlines that have passed, trying again: out of "
                          "memory");
        hub_drain(hub);
}

static uint64_t round_up_to_ms(usec_t us)
{
        return (us + USEC_PER_MSEC - 1) / USEC_PER_MSEC;
}

static void arm_deadline(Hub *hub, usec_t now)
{
        usec_t calls = exchange_next_deadline(hub->exchange);
        usec_t sessions = hub_next_expiry(hub);
        usec_t at = MIN_OF(calls, sessions);

        if (at == hub->deadline_at)
                return;
        hub->deadline_at = at;
        if (at == USEC_NEVER)
                uv_timer_stop(&hub->deadline);
        else
                uv_timer_start(&hub->deadline, on_deadline, at > now ? round_up_to_ms(at - now) : 1,
                               0);
}

static usec_t next_commit(const Hub *hub, usec_t now)
{
        usec_t wait = commit_wait(hub->commit, now);

        return hub->stalled ? MIN_OF(wait, COMMIT_RETRY_US) : wait;
}

static void arm_window(Hub *hub, usec_t now)
{
        usec_t wait = next_commit(hub, now);

        if (wait != USEC_NEVER && !uv_is_active((uv_handle_t *)&hub->window))
                uv_timer_start(&hub->window, on_window, round_up_to_ms(wait), 0);
}

static void on_turn_end(uv_prepare_t *prepare)
{
        Hub *hub = prepare->data;
        usec_t now = clock_boottime();

        if (hub->stalled)
                hub_drain(hub);
        if (next_commit(hub, now) == 0)
                flush_some(hub);
        hub->turn++;
        hub_work_turn(hub);
        hub_shed(hub);
        /* Last: what was done here may have something to store, and the loop sleeps from now on. */
        arm_window(hub, now);
        arm_deadline(hub, now);
        ws_server_turn_end(hub->server);
}

/* Requests that store something new. Others end something, and work even with a full disk. */
static const bool needs_store[MESSAGE_TYPE_COUNT] = {
        [MESSAGE_INITIATE] = true, [MESSAGE_ACCEPT] = true,   [MESSAGE_JOIN] = true,
        [MESSAGE_STATE] = true,    [MESSAGE_SETTINGS] = true, [MESSAGE_BLOCK] = true,
        [MESSAGE_SEEN] = true,     [MESSAGE_FORGET] = true,   [MESSAGE_WHO_MAY_RING] = true,
};

static void to_exchange(Hub *hub, const DeviceSession *session, const Message *message,
                        const PastCall *past)
{
        STR_SET(hub->asking, session->user ? session->user->uid : "");
        if (exchange_message_past(hub->exchange, hub_now(hub), session->number, message, past) < 0)
                ws_connection_close(session->connection, WIRE_CLOSE_GOING_AWAY,
                                    "the hub is out of memory");
        hub_drain(hub);
        STR_SET(hub->asking, "");
}

/* The exchange forgets a call soon after its end; the history tells whose its session id is. */
static void take_initiate(Hub *hub, DeviceSession *session, const Message *message)
{
        PastCalls *calls = call_history_past(hub_database_history(hub->database));
        CallRecord record = {0};
        PastCall past = {0};
        int r = past_calls_find(calls, session->user->uid, message->initiate.session_id, &record);

        if (r < 0) {
                hub_reply_error(session->connection, message->id, CALL_ERROR_TIMEOUT,
                                "the hub cannot use the history now: %s; try again later",
                                strerror(-r));
                return;
        }
        if (r == PAST_CALL_OWN)
                past.record = &record;
        to_exchange(hub, session, message, r > 0 ? &past : NULL);
        call_record_done(&record);
}

static void handle_request(Hub *hub, DeviceSession *session, const Message *message)
{
        bool history = message->type == MESSAGE_HISTORY || message->type == MESSAGE_SEEN ||
                       message->type == MESSAGE_FORGET;

        /*
         * A session limited to one call's media has no history: the exchange refuses its request.
         */
        if (session->user && history)
                hub_ask_history(hub, session, message);
        else if (session->user && message->type == MESSAGE_INITIATE)
                take_initiate(hub, session, message);
        else
                to_exchange(hub, session, message, NULL);
}

static void take_message(Hub *hub, WsConnection *connection, const Message *message)
{
        DeviceSession *session = ws_connection_userdata(connection);

        if (!session && ws_connection_held_for(connection)) {
                ws_connection_close(connection, WIRE_CLOSE_HELLO_EXPECTED,
                                    "a message before the welcome");
                return;
        }
        if (!session) {
                hub_login(hub, connection, message);
                return;
        }
        if (message->ack > 0 && ws_connection_acknowledge(connection, message->ack) < 0) {
                ws_connection_close(connection, WIRE_CLOSE_MALFORMED,
                                    "\"ack\" names a seq that was not sent");
                return;
        }
        if (message->type == MESSAGE_ACK)
                return;
        if (ws_connection_replies_waiting(connection) + session->n_jobs >=
            hub->config->requests_in_flight) {
                hub_reply_error(connection, message->id, CALL_ERROR_TOO_MANY,
                                "more than %u requests without a reply",
                                hub->config->requests_in_flight);
                ws_connection_close(connection, WIRE_CLOSE_TOO_MANY, "too many requests in flight");
        } else if (message->type == MESSAGE_HELLO) {
                hub_reply_error(connection, message->id, CALL_ERROR_INVALID_ARGUMENT,
                                "hello may be sent only once");
        } else if (!hub_stores(hub) && needs_store[message->type]) {
                hub_reply_error(connection, message->id, CALL_ERROR_TIMEOUT,
                                "the hub cannot store anything now: %s; try again later",
                                strerror(-hub_store_error(hub)));
        } else {
                handle_request(hub, session, message);
        }
}

/* Replies to an unreadable message if its id could be read; else closes the connection. */
static void refuse(WsConnection *connection, int outcome, uint64_t id, const char *text)
{
        bool answers = (outcome == WIRE_E_INVALID || outcome == WIRE_E_UNKNOWN) && id > 0;

        if (answers)
                hub_reply_error(connection, id,
                                outcome == WIRE_E_INVALID ? CALL_ERROR_INVALID_ARGUMENT
                                                          : CALL_ERROR_NOT_SUPPORTED,
                                "%s", text);
        if (outcome < 0)
                ws_connection_close(connection, WIRE_CLOSE_GOING_AWAY, "the hub is out of memory");
        else if (outcome == WIRE_E_TOO_BIG)
                ws_connection_close(connection, WIRE_CLOSE_TOO_BIG, text);
        else if (!ws_connection_userdata(connection))
                ws_connection_close(connection,
                                    answers ? WIRE_CLOSE_HELLO_EXPECTED : WIRE_CLOSE_MALFORMED,
                                    text);
        else if (!answers)
                ws_connection_close(connection, WIRE_CLOSE_MALFORMED, text);
        else
                ws_connection_pause(connection);
}

/*
 * A user who has had their share of this turn is read again later, when others have had theirs:
 * else many devices of one user, each with cheap requests, would take the hub from everybody.
 */
static void charge_time(Hub *hub, WsConnection *connection, usec_t took)
{
        const DeviceSession *session = ws_connection_userdata(connection);
        HubUser *user = session ? session->user : NULL;

        if (!user)
                return;
        if (user->turn != hub->turn) {
                user->turn = hub->turn;
                user->spent = 0;
        }
        user->spent += took;
        if (user->spent > USER_TURN_US)
                ws_connection_pause(connection);
}

static void on_message(WsConnection *connection, const char *json, size_t length, void *userdata)
{
        char text[MESSAGE_TEXT_MAX + 1];
        Message message;
        uint64_t id = 0;
        usec_t begin = clock_boottime();
        int r = wire_decode(WIRE_FROM_DEVICE, json, length, &message, &id, text);

        if (r != 0) {
                refuse(connection, r, id, text);
                return;
        }
        take_message(userdata, connection, &message);
        message_done(&message);
        charge_time(userdata, connection, clock_boottime() - begin);
}

static void on_closed(WsConnection *connection, void *userdata)
{
        Hub *hub = userdata;
        DeviceSession *session = ws_connection_userdata(connection);

        if (!session) {
                hub_login_lost(hub, connection);
                return;
        }
        if (session->user && ws_connection_is_lost(connection)) {
                device_session_suspend(hub, session);
        } else {
                ws_connection_set_owner(connection, &(OutboxOwner){0});
                ws_connection_set_userdata(connection, NULL);
                device_session_give_up(hub, session);
        }
        hub_drain(hub);
}

static bool on_in_call(WsConnection *connection, void *userdata)
{
        Hub *hub = userdata;
        const DeviceSession *session = ws_connection_userdata(connection);

        return session && exchange_attachment_in_call(hub->exchange, session->number);
}

WsHandler hub_ws_handler(Hub *hub)
{
        return (WsHandler){on_message, on_closed, on_in_call, hub};
}

void hub_set_server(Hub *hub, WsServer *server)
{
        hub->server = server;
        ws_server_limit_events(server, hub->config->queue_per_device);
        /* Carries out what followed from deadlines that passed while the hub was down. */
        hub_drain(hub);
}

void hub_reconfigure(Hub *hub)
{
        const ExchangeLimits limits = hub_exchange_limits(hub);

        exchange_set_limits(hub->exchange, &limits);
        login_limiter_set_max(hub->limiter, hub->config->failed_logins_per_minute);
        ws_server_limit_events(hub->server, hub->config->queue_per_device);
}

static void hub_start(Hub *hub, uv_loop_t *loop)
{
        uv_timer_init(loop, &hub->deadline);
        uv_timer_init(loop, &hub->window);
        uv_timer_init(loop, &hub->pruning);
        uv_prepare_init(loop, &hub->turn_end);
        uv_idle_init(loop, &hub->working);
        hub->deadline.data = hub->window.data = hub->pruning.data = hub->turn_end.data = hub;
        uv_prepare_start(&hub->turn_end, on_turn_end);
        uv_timer_start(&hub->pruning, hub_prune, PRUNE_FIRST_MS, 0);
}

int hub_new(uv_loop_t *loop, HubDatabase *database, Checkpointer *checkpointer,
            const Config *config, Hub **ret)
{
        _cleanup_(hub_freep) Hub *hub = calloc(1, sizeof(*hub));

        if (!hub)
                return -ENOMEM;
        hub->database = database;
        hub->config = config;
        hub->queued.max = OUTBOXES_BYTES_MAX;
        hub->now.boot_date = hub_database_boot_date(database);
        hub->deadline_at = USEC_NEVER;
        int r = hub_load(hub);
        if (r >= 0)
                r = commit_new(database, checkpointer, &hub->commit);
        if (r >= 0)
                r = login_limiter_new(config->failed_logins_per_minute, &hub->limiter);
        if (r >= 0)
                r = login_rate_new(&hub->login_rate);
        if (r < 0)
                return r;
        hub_start(hub, loop);
        *ret = TAKE_PTR(hub);
        return 0;
}

void hub_stop(Hub *hub)
{
        hub_count_running(hub);
        uv_close((uv_handle_t *)&hub->deadline, NULL);
        uv_close((uv_handle_t *)&hub->window, NULL);
        uv_close((uv_handle_t *)&hub->pruning, NULL);
        uv_close((uv_handle_t *)&hub->turn_end, NULL);
        uv_close((uv_handle_t *)&hub->working, NULL);
}

Hub *hub_free(Hub *hub)
{
        if (!hub)
                return NULL;
        commit_free(hub->commit);
        if (hub->stalled)
                exchange_action_done(&hub->action);
        DeviceSession *session, *next;
        HASH_ITER (hh, hub->sessions, session, next)
                device_session_free(hub, session);
        hub_work_done(hub);
        exchange_free(hub->exchange);
        login_limiter_free(hub->limiter);
        login_rate_free(hub->login_rate);
        secret_free(hub->turn_secret);
        free(hub);
        return NULL;
}

bool hub_stores(const Hub *hub)
{
        return hub_store_error(hub) == 0;
}
