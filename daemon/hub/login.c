/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <sys/random.h>

#include "base/log.h"
#include "hub/internal.h"

#define LANES_WAIT_US USEC_PER_SEC /* that a login lets calls to large groups go first */
/* Then it helps; and when it has waited so long, the device has to come back (first hello: 10 s).
 */
#define LANES_WAIT_MAX_US (5 * USEC_PER_SEC)

HubUser *hub_user_enter(Hub *hub, const char *uid)
{
        HubUser *user = hub_user_find(hub, uid);

        if (user)
                return user;
        user = calloc(1, sizeof(*user));
        if (!user)
                return NULL;
        STR_SET(user->uid, uid);
        user->queued = (ByteCount){.max = OUTBOXES_BYTES_USER_MAX, .whole = &hub->queued};
        HASH_ADD_STR(hub->users, uid, user);
        if (!user->hh.tbl) {
                free(user);
                return NULL;
        }
        return user;
}

static void make_uuid(char ret[static UUID_LENGTH + 1])
{
        unsigned char b[16];
        char hex[2 * sizeof(b) + 1];

        if (getrandom(b, sizeof(b), 0) != sizeof(b))
                abort();
        b[6] = (unsigned char)((b[6] & 0x0f) | 0x40); /* RFC 9562 section 5.4 */
        b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
        hex_encode(b, sizeof(b), hex);
        snprintf(ret, UUID_LENGTH + 1, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12,
                 hex + 16, hex + 20);
}

static int device_session_new(Hub *hub, WsConnection *connection, const char *device,
                              const StoredToken *token, DeviceSession **ret)
{
        DeviceSession *session = calloc(1, sizeof(*session));

        if (!session)
                return -ENOMEM;
        session->hub = hub;
        session->number = ++hub->last_number;
        session->connection = connection;
        make_uuid(session->name);
        HASH_ADD(hh, hub->sessions, number, sizeof(session->number), session);
        if (!session->hh.tbl) {
                free(session);
                return -ENOMEM;
        }
        if (token) {
                session->user = hub_user_enter(hub, token->uid);
                if (!session->user) {
                        device_session_free(hub, session);
                        return -ENOMEM;
                }
                session->token_id = token->id;
                DL_APPEND(session->user->sessions, session);
                session->user->n_sessions++;
        }
        STR_SET(session->device, device);
        *ret = session;
        return 0;
}

static void on_taken(const Frame *frame, void *userdata)
{
        const DeviceSession *session = userdata;

        exchange_taken(session->hub->exchange, session->number, frame->from, frame->n_paid);
}

void device_session_own(DeviceSession *session)
{
        ByteCount *count = session->user ? &session->user->queued : &session->hub->queued;
        const OutboxOwner owner = {on_taken, session, count};

        ws_connection_set_userdata(session->connection, session);
        ws_connection_set_owner(session->connection, &owner);
}

DeviceSession *device_session_free(Hub *hub, DeviceSession *session)
{
        HubUser *user = session->user;

        hub_work_leave(hub, session);
        outbox_done(&session->outbox); /* counts for the user, who may go next */
        if (user) {
                DL_DELETE(user->sessions, session);
                user->n_sessions--;
                if (!user->sessions) {
                        HASH_DEL(hub->users, user);
                        free(user);
                }
        }
        if (!session->connection)
                DL_DELETE2(hub->suspended, session, waits_prev, waits_next);
        HASH_DEL(hub->sessions, session);
        free(session);
        return NULL;
}

DeviceSession *device_session_find(Hub *hub, uint64_t number)
{
        DeviceSession *session;

        HASH_FIND(hh, hub->sessions, &number, sizeof(number), session);
        return session;
}

static int add_settings(Hub *hub, const char *uid, ReplyWelcome *welcome)
{
        int r = exchange_user_groups(hub->exchange, uid, &welcome->groups, &welcome->n_groups);

        if (r == 0)
                r = exchange_user_blocked(hub->exchange, uid, &welcome->blocked,
                                          &welcome->n_blocked);
        welcome->has_who_may_ring = true;
        welcome->who_may_ring = exchange_user_who_may_ring(hub->exchange, uid);
        return MIN_OF(r, 0);
}

static int add_history(Hub *hub, const char *uid, usec_t since, ReplyWelcome *welcome)
{
        /* Pending writes belong to the snapshot, so commit them first. */
        (void)hub_flush(hub);
        int r = call_history_last_change(hub_database_history(hub->database), &welcome->date);
        if (r < 0)
                return r;
        return call_history_changes(hub_database_history(hub->database), uid, since, HISTORY_BUDGET,
                                    &welcome->history, &welcome->n_history,
                                    &welcome->history_complete);
}

/*
 * Shortens a welcome that is too long. First it drops history, which the device can request by
 * page, then the metadata of calls.
 */
static int send_welcome(WsConnection *connection, Message *message)
{
        ReplyWelcome *welcome = &message->reply.welcome;
        int r;

        while ((r = ws_connection_send(connection, message, 0)) == -EMSGSIZE &&
               welcome->n_history > 0) {
                size_t n_left = welcome->n_history / 2;

                while (welcome->n_history > n_left)
                        call_record_done(&welcome->history[--welcome->n_history]);
                welcome->history_complete = false;
        }
        if (r != -EMSGSIZE)
                return r;
        for (size_t i = 0; i < welcome->n_calls; i++)
                metadata_done(&welcome->calls[i].record.metadata);
        return ws_connection_send(connection, message, 0);
}

/* Sends the deletions that other devices made while this one was away. */
static void send_deletions(Hub *hub, DeviceSession *session, usec_t since)
{
        Message message = {.type = MESSAGE_FORGOTTEN};

        int r = call_history_deletions(hub_database_history(hub->database), session->user->uid,
                                       since, &message.sessions);
        if (r < 0) {
                log_error("cannot read the deletions for device %s: %s", session->device,
                          strerror(-r));
                return;
        }
        if (message.sessions.count > 0)
                hub_send(session->connection, &message, 0);
        message_done(&message);
}

int hub_welcome(Hub *hub, DeviceSession *session, const Message *hello, const Party *party,
                WhenBusy when_busy, bool resumed)
{
        Message message = {.type = MESSAGE_REPLY, .id = hello->id};
        ReplyWelcome *reply = &message.reply.welcome;

        message.reply.kind = REPLY_WELCOME;
        *reply = (ReplyWelcome){.user = *party,
                                .when_busy = when_busy,
                                .resumed = resumed,
                                .clock = clock_realtime(),
                                .history_complete = true};
        STR_SET(reply->link, session->name);
        /* A resumed session gets events instead of a snapshot. */
        int r = resumed ? 0
                        : exchange_snapshot(hub->exchange, hub_now(hub), session->number,
                                            &reply->calls, &reply->n_calls);
        if (r >= 0 && session->user)
                r = add_settings(hub, party->uid, reply);
        if (r >= 0 && session->user)
                r = add_history(hub, party->uid, hello->hello.history_since, reply);
        if (r >= 0)
                r = send_welcome(session->connection, &message);
        message_done(&message);
        if (r >= 0 && session->user && !resumed)
                send_deletions(hub, session, hello->hello.history_since);
        return r;
}

static void refuse(WsConnection *connection, uint64_t id, CallError error, WireClose code,
                   const char *text)
{
        hub_reply_error(connection, id, error, "%s", text);
        ws_connection_close(connection, code, text);
}

/*
 * Only a wrong token is held against an address, and only wrong ones are refused for it: many may
 * share an address, and a good token is 256 bits that nobody guesses.
 */
static void refuse_token(Hub *hub, WsConnection *connection, uint64_t id, WireClose code,
                         const char *text)
{
        if (!login_limiter_is_open(hub->limiter, ws_connection_address(connection),
                                   clock_boottime())) {
                refuse(connection, id, CALL_ERROR_TOO_MANY, WIRE_CLOSE_TOO_MANY,
                       "too many failed logins from this address; wait a minute");
                return;
        }
        log_fields(LOG_NOTICE, "a login failed", "ADDRESS=%s", ws_connection_address(connection),
                   "REASON=%s", text, NULL);
        login_limiter_note_failure(hub->limiter, ws_connection_address(connection),
                                   clock_boottime());
        refuse(connection, id, CALL_ERROR_AUTH_FAILED, code, text);
}

static void login_failed(WsConnection *connection, uint64_t id, int r)
{
        log_error("cannot complete a login: %s", strerror(-r));
        refuse(connection, id, CALL_ERROR_TIMEOUT, WIRE_CLOSE_GOING_AWAY,
               "the hub cannot complete the login now; try again later");
}

/* Logs in with a join token, which is good for one session's media and nothing else. */
static void login_session(Hub *hub, WsConnection *connection, const Message *hello)
{
        DeviceSession *session;
        Party party = {0};

        int r = device_session_new(hub, connection, hello->hello.device, NULL, &session);
        if (r < 0) {
                login_failed(connection, hello->id, r);
                return;
        }
        r = exchange_attach_session(hub->exchange, hub_now(hub), session->number,
                                    hello->hello.join_token, &party);
        if (r != 0) {
                device_session_free(hub, session);
                if (r > 0)
                        refuse_token(hub, connection, hello->id, WIRE_CLOSE_AUTH_FAILED,
                                     "the join token is not valid");
                else
                        login_failed(connection, hello->id, r);
                return;
        }
        device_session_own(session);
        ws_connection_welcome(connection);
        r = hub_welcome(hub, session, hello, &party, WHEN_BUSY_REJECT, false);
        if (r < 0)
                login_failed(connection, hello->id, r);
        hub_drain(hub);
}

/*
 * Is there room for this device? A device that is back replaces its own session; else a suspended
 * session of the user is given up.
 */
static bool has_room(Hub *hub, const char *uid, const char *device)
{
        HubUser *user = hub_user_find(hub, uid);
        uint32_t max = hub->config->devices_per_user;
        DeviceSession *session;

        if (max == 0 || !user || user->n_sessions < max)
                return true;
        DL_FOREACH (user->sessions, session) {
                if (str_eq(session->device, device))
                        return true;
        }
        DL_FOREACH (user->sessions, session) {
                if (session->connection)
                        continue;
                device_session_give_up(hub, session);
                hub_drain(hub);
                return true;
        }
        return false;
}

static int login_new_session(Hub *hub, WsConnection *connection, const Message *hello,
                             const StoredToken *token, const StoredUser *user)
{
        const char *device = hello->hello.device;
        DeviceSession *session;
        Party party = {0};

        int r = device_session_new(hub, connection, device, token, &session);
        if (r < 0)
                return r;
        r = exchange_attach(hub->exchange, hub_now(hub), session->number, token->uid, device,
                            hello->hello.device_name);
        if (r != 0) {
                device_session_free(hub, session);
                return r < 0 ? r : -ENOENT;
        }
        device_session_own(session);
        ws_connection_welcome(connection);
        STR_SET(party.uid, user->uid);
        STR_SET(party.name, user->name);
        STR_SET(party.device, device);
        log_fields(LOG_INFO, "a device has logged in", "PEER=%s", user->uid, "DEVICE=%s", device,
                   NULL);
        r = hub_welcome(hub, session, hello, &party, user->when_busy, false);
        hub_drain(hub);
        return r;
}

static void refuse_for(WsConnection *connection, uint64_t id, usec_t wait)
{
        char text[MESSAGE_TEXT_MAX + 1];

        snprintf(text, sizeof(text), "more than %d logins of this user in a minute; wait %u s",
                 FULL_LOGINS_PER_MINUTE, usec_to_seconds_up(wait));
        refuse(connection, id, CALL_ERROR_TOO_MANY, WIRE_CLOSE_TOO_MANY, text);
}

static int login_user(Hub *hub, WsConnection *connection, const Message *hello,
                      const StoredToken *token)
{
        StoredUser user;
        usec_t wait;

        int r = hub_database_user_get(hub->database, token->uid, &user);
        if (r < 0)
                return r;
        if (!str_empty(hello->hello.resume) &&
            device_session_resume(hub, connection, hello, token, &user))
                return 0;
        r = login_rate_note(hub->login_rate, token->uid, clock_boottime(), &wait);
        if (r == -EAGAIN) {
                refuse_for(connection, hello->id, wait);
                return 0;
        }
        if (r < 0)
                return r;
        return login_new_session(hub, connection, hello, token, &user);
}

/* The user whose token it is, or an error that refuse_login() explains. */
static int find_token(Hub *hub, const WsConnection *connection, const MessageHello *hello,
                      StoredToken *ret)
{
        const char *text =
                !str_empty(hello->token) ? hello->token : ws_connection_bearer(connection);

        return text ? hub_database_token_find(hub->database, text, ret) : -ENOENT;
}

static void refuse_login(Hub *hub, WsConnection *connection, uint64_t id, int r)
{
        if (r == -ENOENT)
                refuse_token(hub, connection, id, WIRE_CLOSE_AUTH_FAILED, "the token is not valid");
        else if (r == -EKEYREVOKED)
                refuse_token(hub, connection, id, WIRE_CLOSE_REVOKED, "the token was revoked");
        else if (r == -ENOBUFS)
                refuse(connection, id, CALL_ERROR_TOO_MANY, WIRE_CLOSE_TOO_MANY,
                       "too many devices of this user are connecting");
        else
                login_failed(connection, id, r);
}

/* ---- in line ---- */

/* A device that has said hello. Its history is read in its user's turn (work.c). */
struct Login {
        HubJob job;
        WsConnection *connection; /* read no further until the welcome; NULL: lost */
        usec_t since;
        Message hello;
};

Login *login_free(Hub *hub, Login *login)
{
        if (login->connection)
                ws_connection_hold(login->connection, NULL);
        if (login->job.fair.line)
                fair_queue_remove(&hub->work, &login->job.fair);
        explicit_bzero(&login->hello, sizeof(login->hello));
        free(login);
        return NULL;
}

static int login_new(Hub *hub, WsConnection *connection, const Message *hello, const char *uid)
{
        Login *login = calloc(1, sizeof(*login));

        if (!login)
                return -ENOMEM;
        /* It does not wait for what the user's other devices have asked. */
        int r = fair_queue_add_first(&hub->work, uid, &login->job.fair, sizeof(*login));
        if (r < 0) {
                login_free(hub, login);
                return r;
        }
        login->job.login = login;
        login->connection = connection;
        login->hello = *hello;
        login->since = clock_boottime();
        ws_connection_know(connection);
        ws_connection_hold(connection, login);
        hub_work_begin(hub);
        return 0;
}

void hub_login_revoke(Login *login)
{
        if (login->connection)
                refuse(login->connection, login->hello.id, CALL_ERROR_AUTH_FAILED,
                       WIRE_CLOSE_REVOKED, "the user was removed");
}

bool hub_login_step(Hub *hub, Login *login)
{
        WsConnection *connection = login->connection;
        const Message *hello = &login->hello;
        StoredToken token;

        if (!connection)
                return false;
        /* What waits in lanes belongs to the history, and may be for an earlier connection. */
        if (hub->lanes) {
                usec_t waited = clock_boottime() - login->since;

                if (waited < LANES_WAIT_US) {
                        hub_lane_pass(hub, &login->job);
                        return true;
                }
                if (waited < LANES_WAIT_MAX_US && hub_lanes_help(hub))
                        return true;
        }
        if (hub->lanes) {
                login_failed(connection, hello->id, -EBUSY);
                return false;
        }
        /* Here, and not with the hello: it may have been revoked since. */
        int r = find_token(hub, connection, &hello->hello, &token);
        if (r >= 0 && !has_room(hub, token.uid, hello->hello.device)) {
                refuse(connection, hello->id, CALL_ERROR_TOO_MANY, WIRE_CLOSE_TOO_MANY,
                       "too many devices of this user are connected");
                return false;
        }
        if (r >= 0)
                r = login_user(hub, connection, hello, &token);
        if (r < 0)
                refuse_login(hub, connection, hello->id, r);
        return false;
}

void hub_login_lost(Hub *hub, WsConnection *connection)
{
        Login *login = ws_connection_held_for(connection);

        if (!login)
                return;
        login->connection = NULL;
        ws_connection_hold(connection, NULL);
}

void hub_login(Hub *hub, WsConnection *connection, const Message *message)
{
        const MessageHello *hello = &message->hello;
        StoredToken token;

        if (message->type != MESSAGE_HELLO) {
                refuse(connection, message->id, CALL_ERROR_NOT_LOGGED_IN, WIRE_CLOSE_HELLO_EXPECTED,
                       "the first message must be hello");
                return;
        }
        if (hello->version != PROTOCOL_VERSION) {
                refuse(connection, message->id, CALL_ERROR_NOT_SUPPORTED, WIRE_CLOSE_VERSION,
                       "this hub speaks version 1 of the protocol");
                return;
        }
        if (!str_empty(hello->join_token)) {
                login_session(hub, connection, message);
                return;
        }
        if (str_empty(hello->device)) {
                refuse(connection, message->id, CALL_ERROR_INVALID_ARGUMENT,
                       WIRE_CLOSE_HELLO_EXPECTED, "hello: \"device\" is missing");
                return;
        }
        int r = find_token(hub, connection, hello, &token);
        if (r >= 0)
                r = login_new(hub, connection, message, token.uid);
        if (r < 0)
                refuse_login(hub, connection, message->id, r);
}
