/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <sys/random.h>

#include "base/log.h"
#include "hub/hub-internal.h"

static HubUser *user_enter(Hub *hub, const char *uid)
{
        HubUser *user = hub_user_find(hub, uid);

        if (user)
                return user;
        user = calloc(1, sizeof(*user));
        if (!user)
                return NULL;
        STR_SET(user->uid, uid);
        HASH_ADD_STR(hub->users, uid, user);
        if (!user->hh.tbl) {
                free(user);
                return NULL;
        }
        return user;
}

static void user_leave(Hub *hub, HubUser *user)
{
        if (user->links)
                return;
        HASH_DEL(hub->users, user);
        free(user);
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

int hub_link_new(Hub *hub, EdgeLink *edge_link, const char *device, const KeeperToken *token,
                 HubLink **ret)
{
        HubLink *link = calloc(1, sizeof(*link));

        if (!link)
                return -ENOMEM;
        link->number = ++hub->last_link;
        link->edge_link = edge_link;
        make_uuid(link->name);
        HASH_ADD(hh, hub->links, number, sizeof(link->number), link);
        if (!link->hh.tbl) {
                free(link);
                return -ENOMEM;
        }
        if (token) {
                link->user = user_enter(hub, token->uid);
                if (!link->user) {
                        hub_link_free(hub, link);
                        return -ENOMEM;
                }
                link->token_id = token->id;
                DL_APPEND(link->user->links, link);
                link->user->n_links++;
        }
        STR_SET(link->device, device);
        *ret = link;
        return 0;
}

HubLink *hub_link_free(Hub *hub, HubLink *link)
{
        HubUser *user = link->user;

        if (user) {
                DL_DELETE(user->links, link);
                user->n_links--;
                user_leave(hub, user);
        }
        if (!link->edge_link)
                DL_DELETE2(hub->suspended, link, waits_prev, waits_next);
        HASH_DEL(hub->links, link);
        outbox_done(&link->outbox);
        free(link);
        return NULL;
}

HubLink *hub_link_find(Hub *hub, uint64_t number)
{
        HubLink *link;

        HASH_FIND(hh, hub->links, &number, sizeof(number), link);
        return link;
}

static int add_settings(Hub *hub, const char *uid, ReplyWelcome *welcome)
{
        int r = exchange_user_groups(hub->exchange, uid, &welcome->groups, &welcome->n_groups);

        if (r == 0)
                r = exchange_user_blocked(hub->exchange, uid, &welcome->blocked,
                                          &welcome->n_blocked);
        return MIN_OF(r, 0);
}

static int add_history(Hub *hub, const char *uid, usec_t since, ReplyWelcome *welcome)
{
        /* What is about to be committed belongs to what there is to know. */
        hub_flush(hub);
        welcome->date = archive_date(keeper_archive(hub->keeper));
        return archive_changes(keeper_archive(hub->keeper), uid, since, HISTORY_BUDGET,
                               &welcome->history, &welcome->n_history, &welcome->history_complete);
}

/*
 * A welcome that is too long says less: first less history, which can be asked for by pages, then
 * calls without their metadata.
 */
static int send_welcome(EdgeLink *link, Message *message)
{
        ReplyWelcome *welcome = &message->reply.welcome;
        int r;

        while ((r = edge_send(link, message, 0)) == -EMSGSIZE && welcome->n_history > 0) {
                size_t kept = welcome->n_history / 2;

                while (welcome->n_history > kept)
                        call_record_done(&welcome->history[--welcome->n_history]);
                welcome->history_complete = false;
        }
        if (r != -EMSGSIZE)
                return r;
        for (size_t i = 0; i < welcome->n_calls; i++)
                metadata_done(&welcome->calls[i].record.metadata);
        return edge_send(link, message, 0);
}

/* What was deleted on another device while this one was away. */
static void send_deletions(Hub *hub, HubLink *link, usec_t since)
{
        Message message = {.type = MESSAGE_FORGOTTEN};

        int r = archive_deletions(keeper_archive(hub->keeper), link->user->uid, since,
                                  &message.sessions);
        if (r < 0) {
                log_error("cannot read what was deleted: %s", strerror(-r));
                return;
        }
        if (message.sessions.count > 0)
                hub_send(link->edge_link, &message, 0);
        message_done(&message);
}

int hub_welcome(Hub *hub, HubLink *link, const Message *hello, const Party *party,
                WhenBusy when_busy, bool resumed)
{
        Moment moment;
        Message message = {.type = MESSAGE_REPLY, .id = hello->id};
        ReplyWelcome *reply = &message.reply.welcome;

        message.reply.kind = REPLY_WELCOME;
        *reply = (ReplyWelcome){.user = *party,
                                .when_busy = when_busy,
                                .resumed = resumed,
                                .date = clock_realtime(),
                                .history_complete = true};
        STR_SET(reply->link, link->name);
        hub_moment(&moment);
        /* On a link that is resumed the events say it all. */
        int r = resumed ? 0
                        : exchange_snapshot(hub->exchange, &moment, link->number, &reply->calls,
                                            &reply->n_calls);
        if (r >= 0 && link->user)
                r = add_settings(hub, party->uid, reply);
        if (r >= 0 && link->user)
                r = add_history(hub, party->uid, hello->hello.history_since, reply);
        if (r >= 0)
                r = send_welcome(link->edge_link, &message);
        message_done(&message);
        if (r >= 0 && link->user && !resumed)
                send_deletions(hub, link, hello->hello.history_since);
        return r;
}

static void refuse(EdgeLink *link, uint64_t id, CallError error, WireClose code, const char *text)
{
        hub_reply_error(link, id, error, "%s", text);
        edge_close(link, code, text);
}

static void refuse_token(Hub *hub, EdgeLink *link, uint64_t id, const char *text)
{
        log_fields(LOG_NOTICE, "a login failed", "ADDRESS=%s", edge_link_address(link), NULL);
        gate_note_failure(hub->gate, edge_link_address(link), clock_boottime());
        refuse(link, id, CALL_ERROR_AUTH_FAILED, WIRE_CLOSE_AUTH_FAILED, text);
}

static void login_failed(EdgeLink *link, uint64_t id, int r)
{
        log_error("a login cannot be carried out: %s", strerror(-r));
        refuse(link, id, CALL_ERROR_TIMEOUT, WIRE_CLOSE_GOING_AWAY,
               "the hub cannot do that now; try again later");
}

/* By join token: one session's media and nothing else. */
static void login_session(Hub *hub, EdgeLink *edge_link, const Message *hello)
{
        HubLink *link;
        Party party = {0};
        Moment moment;

        int r = hub_link_new(hub, edge_link, hello->hello.device, NULL, &link);
        if (r < 0) {
                login_failed(edge_link, hello->id, r);
                return;
        }
        hub_moment(&moment);
        r = exchange_attach_session(hub->exchange, &moment, link->number, hello->hello.join_token,
                                    &party);
        if (r != 0) {
                hub_link_free(hub, link);
                if (r > 0)
                        refuse_token(hub, edge_link, hello->id, "the join token is not valid");
                else
                        login_failed(edge_link, hello->id, r);
                return;
        }
        edge_link_set_userdata(edge_link, link);
        edge_link_welcome(edge_link);
        r = hub_welcome(hub, link, hello, &party, WHEN_BUSY_REJECT, false);
        if (r < 0)
                login_failed(edge_link, hello->id, r);
        hub_drain(hub);
}

/* One that comes back takes its own place, and one that is there goes before those that are not. */
static bool has_room(Hub *hub, const char *uid, const char *device)
{
        HubUser *user = hub_user_find(hub, uid);
        uint32_t max = hub->config->devices_per_user;
        HubLink *link;

        if (max == 0 || !user || user->n_links < max)
                return true;
        DL_FOREACH (user->links, link) {
                if (str_eq(link->device, device))
                        return true;
        }
        DL_FOREACH (user->links, link) {
                if (link->edge_link)
                        continue;
                hub_link_give_up(hub, link);
                hub_drain(hub);
                return true;
        }
        return false;
}

static int login_anew(Hub *hub, EdgeLink *edge_link, const Message *hello, const KeeperToken *token,
                      const KeeperUser *user)
{
        const char *device = hello->hello.device;
        HubLink *link;
        Moment moment;
        Party party = {0};

        int r = hub_link_new(hub, edge_link, device, token, &link);
        if (r < 0)
                return r;
        hub_moment(&moment);
        r = exchange_attach(hub->exchange, &moment, link->number, token->uid, device,
                            hello->hello.device_name);
        if (r != 0) {
                hub_link_free(hub, link);
                return r < 0 ? r : -ENOENT;
        }
        edge_link_set_userdata(edge_link, link);
        edge_link_welcome(edge_link);
        STR_SET(party.uid, user->uid);
        STR_SET(party.name, user->name);
        STR_SET(party.device, device);
        log_fields(LOG_INFO, "a device is here", "PEER=%s", user->uid, "DEVICE=%s", device, NULL);
        r = hub_welcome(hub, link, hello, &party, user->when_busy, false);
        hub_drain(hub);
        return r;
}

static int login_user(Hub *hub, EdgeLink *edge_link, const Message *hello, const KeeperToken *token)
{
        KeeperUser user;

        int r = keeper_user_get(hub->keeper, token->uid, &user);
        if (r < 0)
                return r;
        if (!str_empty(hello->hello.resume) && hub_link_resume(hub, edge_link, hello, token, &user))
                return 0;
        return login_anew(hub, edge_link, hello, token, &user);
}

void hub_login(Hub *hub, EdgeLink *link, const Message *message)
{
        const MessageHello *hello = &message->hello;
        KeeperToken token;

        if (message->type != MESSAGE_HELLO) {
                refuse(link, message->id, CALL_ERROR_NOT_LOGGED_IN, WIRE_CLOSE_HELLO_EXPECTED,
                       "the first message must be hello");
                return;
        }
        if (hello->version != PROTOCOL_VERSION) {
                refuse(link, message->id, CALL_ERROR_NOT_SUPPORTED, WIRE_CLOSE_VERSION,
                       "this hub speaks version 1 of the protocol");
                return;
        }
        if (!gate_is_open(hub->gate, edge_link_address(link), clock_boottime())) {
                refuse(link, message->id, CALL_ERROR_TOO_MANY, WIRE_CLOSE_TOO_MANY,
                       "too many failed logins from this address; wait a minute");
                return;
        }
        if (!str_empty(hello->join_token)) {
                login_session(hub, link, message);
                return;
        }
        if (str_empty(hello->device)) {
                refuse(link, message->id, CALL_ERROR_INVALID_ARGUMENT, WIRE_CLOSE_HELLO_EXPECTED,
                       "hello: \"device\" is missing");
                return;
        }
        const char *text = !str_empty(hello->token) ? hello->token : edge_link_bearer(link);
        int r = text ? keeper_token_find(hub->keeper, text, &token) : -ENOENT;
        if (r == -ENOENT) {
                refuse_token(hub, link, message->id, "the token is not valid");
        } else if (r >= 0 && !has_room(hub, token.uid, hello->device)) {
                refuse(link, message->id, CALL_ERROR_TOO_MANY, WIRE_CLOSE_TOO_MANY,
                       "too many devices of this user are connected");
        } else {
                if (r >= 0)
                        r = login_user(hub, link, message, &token);
                if (r < 0)
                        login_failed(link, message->id, r);
        }
}
