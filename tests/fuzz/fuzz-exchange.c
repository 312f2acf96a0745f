/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The exchange under sequences of messages from several clients. Each step has one byte for the
 * action and one for the client, then the arguments of the action; ids and names come from small
 * sets, so that they collide. No unchecked string reaches an exchange: the decoder stands before it
 * (fuzz-wire.c).
 *
 * Each request is answered exactly once, on the attachment that asked; all that is sent can be
 * written for the wire; nothing is left undone past its deadline; and stored live calls are
 * restored after a restart.
 */
#include <string.h>

#include "base/cleanup.h"
#include "exchange/exchange.h"
#include "fuzz.h"
#include "wire/wire.h"

#define USERS 4
#define DEVICES 8 /* two each */
#define GROUPS 2
#define GROUP_SIZE 3
#define CALLS 4
#define STEPS_MAX 400 /* bounds the time of one input */

typedef struct Client {
        uint64_t link; /* 0: away */
        bool suspended;
        char token[TOKEN_MAX + 1];
        char participant[PARTICIPANT_ID_MAX + 1];
} Client;

typedef struct World {
        Exchange *exchange;
        ExchangeNow moment;
        Client clients[DEVICES];
        uint64_t n_links, asked_link;
        unsigned n_replies;
        LiveCall stored[CALLS]; /* of no member: none */
        FuzzInput input;
} World;

static void any_uid(World *world, char uid[static UID_MAX + 1])
{
        snprintf(uid, UID_MAX + 1, "user-%u", fuzz_below(&world->input, USERS + 2));
}

static size_t call_of(const char *session_id)
{
        return strtoul(session_id + UUID_LENGTH - 12, NULL, 10);
}

static void any_session(World *world, char session_id[static UUID_LENGTH + 1])
{
        snprintf(session_id, UUID_LENGTH + 1, "00000000-0000-4000-8000-%012u",
                 fuzz_below(&world->input, CALLS));
}

static void hear(World *world, const ExchangeAction *action)
{
        _cleanup_free_ char *json = NULL;
        const Message *message = &action->message;
        size_t length;

        fuzz_must(wire_encode(message, 0, &json, &length) == 0);
        if (message->type == MESSAGE_REPLY) {
                fuzz_must(action->attachment == world->asked_link);
                world->n_replies++;
        }
        for (size_t i = 0; i < DEVICES; i++) {
                Client *client = &world->clients[i];

                if (client->link != action->attachment)
                        continue;
                if (message->type == MESSAGE_ACCEPTED && *message->call.join_token)
                        STR_SET(client->token, message->call.join_token);
                if (message->type != MESSAGE_REPLY || message->reply.error)
                        continue;
                if (message->reply.kind == REPLY_CALL && *message->reply.call.join_token)
                        STR_SET(client->token, message->reply.call.join_token);
                if (message->reply.kind == REPLY_TOKEN)
                        STR_SET(client->token, message->reply.token.token);
                if (message->reply.kind == REPLY_JOIN)
                        STR_SET(client->participant, message->reply.join.participant);
        }
}

static void disconnect(World *world, uint64_t link)
{
        for (size_t i = 0; i < DEVICES; i++)
                if (world->clients[i].link == link)
                        world->clients[i] = (Client){0};
}

static void forget_stored(World *world, size_t call)
{
        live_call_done(&world->stored[call]);
        world->stored[call] = (LiveCall){0};
}

static void store(World *world, size_t call, LiveCall *live)
{
        LiveCall *stored = &world->stored[call];

        if (stored->n_members > 0) {
                fuzz_must(live_call_merge(stored, live) == 0);
        } else {
                *stored = *live;
                *live = (LiveCall){0};
        }
}

static void carry_out(World *world, ExchangeAction *action)
{
        size_t call = call_of(action->session_id);

        switch (action->type) {
        case EXCHANGE_SEND:
                hear(world, action);
                break;
        case EXCHANGE_DISCONNECT:
                disconnect(world, action->attachment);
                break;
        case EXCHANGE_SAVE:
                store(world, call, &action->live);
                break;
        case EXCHANGE_DROP:
                forget_stored(world, call);
                break;
        default:
                break;
        }
        exchange_action_done(action);
}

static void collect(World *world)
{
        ExchangeAction action;

        for (unsigned turn = 0; turn < 2; turn++) {
                while (exchange_next_action(world->exchange, &action))
                        carry_out(world, &action);
                if (exchange_next_deadline(world->exchange) > world->moment.now)
                        return;
                fuzz_must(exchange_tick(world->exchange, &world->moment) == 0);
        }
        fuzz_must(!"one tick does all that is due");
}

static void fill_initiate(World *world, Message *message)
{
        any_session(world, message->initiate.session_id);
        if (fuzz_below(&world->input, 3) == 0) {
                message->initiate.receiver_type = RECEIVER_TYPE_GROUP;
                snprintf(message->initiate.receiver, UID_MAX + 1, "group-%u",
                         fuzz_below(&world->input, GROUPS + 1));
        } else {
                any_uid(world, message->initiate.receiver);
        }
        message->initiate.type = fuzz_below(&world->input, CALL_TYPE_COUNT);
        message->initiate.timeout_s = (int)fuzz_byte(&world->input) - 10;
        message->initiate.join = fuzz_below(&world->input, 2);
        message->initiate.parallel = fuzz_below(&world->input, 2);
}

static void fill_accept(World *world, Message *message)
{
        unsigned how = fuzz_byte(&world->input);

        any_session(world, message->accept.session_id);
        message->accept.join = how & 1;
        message->accept.end_others = how & 2;
        message->accept.parallel = how & 4;
        message->accept.as_audio = how & 8;
}

static void fill_join(World *world, Message *message)
{
        any_session(world, message->join.session_id);
        STR_SET(message->join.token, world->clients[fuzz_below(&world->input, DEVICES)].token);
}

static void fill_signal(World *world, Message *message)
{
        any_session(world, message->signal.session_id);
        STR_SET(message->signal.peer,
                world->clients[fuzz_below(&world->input, DEVICES)].participant);
        message->signal.data = strdup("{}");
}

static void fill(World *world, Message *message)
{
        switch (message->type) {
        case MESSAGE_INITIATE:
                fill_initiate(world, message);
                break;
        case MESSAGE_ACCEPT:
                fill_accept(world, message);
                break;
        case MESSAGE_REJECT:
                any_session(world, message->reject.session_id);
                message->reject.status =
                        fuzz_below(&world->input, 2) ? CALL_STATUS_BUSY : CALL_STATUS_REJECTED;
                break;
        case MESSAGE_JOIN:
                fill_join(world, message);
                break;
        case MESSAGE_SIGNAL:
                fill_signal(world, message);
                break;
        case MESSAGE_STATE:
                any_session(world, message->state.session_id);
                message->state.muted = fuzz_below(&world->input, 2);
                message->state.media_flows = fuzz_below(&world->input, 2);
                break;
        case MESSAGE_DELIVERED:
                any_session(world, message->delivered.session_id);
                message->delivered.quiet = fuzz_below(&world->input, 2);
                break;
        case MESSAGE_BLOCK:
                any_uid(world, message->block.uid);
                message->block.on = fuzz_below(&world->input, 2);
                break;
        case MESSAGE_WHO_MAY_RING:
                message->settings.has_who_may_ring = true;
                message->settings.who_may_ring = fuzz_below(&world->input, WHO_MAY_RING_COUNT);
                break;
        case MESSAGE_SETTINGS:
                message->settings.has_when_busy = true;
                message->settings.when_busy = fuzz_below(&world->input, WHEN_BUSY_COUNT);
                break;
        default:
                any_session(world, message->session.session_id);
                break;
        }
}

static void do_ask(World *world, Client *client)
{
        static const MessageType types[] = {
                MESSAGE_INITIATE,     MESSAGE_DELIVERED, MESSAGE_ALERTING, MESSAGE_ACCEPT,
                MESSAGE_REJECT,       MESSAGE_CANCEL,    MESSAGE_END,      MESSAGE_TOKEN,
                MESSAGE_JOIN,         MESSAGE_LEAVE,     MESSAGE_SIGNAL,   MESSAGE_STATE,
                MESSAGE_SETTINGS,     MESSAGE_BLOCK,     MESSAGE_LOGOUT,   MESSAGE_GOING,
                MESSAGE_WHO_MAY_RING, MESSAGE_RELAYS,
        };
        Message message = {.type = types[fuzz_below(&world->input, ELEMENTSOF(types))], .id = 1};

        fill(world, &message);
        for (size_t i = 0; i < ENTROPY_SIZE; i++)
                world->moment.entropy[i]++; /* both halves stay different */
        world->asked_link = client->link;
        world->n_replies = 0;
        fuzz_must(exchange_message(world->exchange, &world->moment, client->link, &message) == 0);
        bool logs_out = message.type == MESSAGE_LOGOUT;
        message_done(&message);
        collect(world);
        fuzz_must(world->n_replies == 1);
        if (logs_out)
                disconnect(world, client->link);
}

static void do_come(World *world, Client *client)
{
        size_t device = (size_t)(client - world->clients);
        char uid[UID_MAX + 1], id[DEVICE_ID_MAX + 1];
        CallSnapshot *snapshots;
        size_t n;

        snprintf(uid, sizeof(uid), "user-%zu", device % USERS);
        snprintf(id, sizeof(id), "device-%zu", device);
        uint64_t link = ++world->n_links;
        fuzz_must(exchange_attach(world->exchange, &world->moment, link, uid, id, "") == 0);
        fuzz_must(exchange_snapshot(world->exchange, &world->moment, link, &snapshots, &n) == 0);
        call_snapshots_free(snapshots, n);
        collect(world);
        client->link = link;
        client->suspended = false;
}

static void do_come_by_token(World *world, Client *client)
{
        Party user;
        uint64_t link = ++world->n_links;

        if (exchange_attach_session(world->exchange, &world->moment, link, client->token, &user) ==
            0) {
                collect(world);
                exchange_detach(world->exchange, &world->moment, link);
        }
        collect(world);
}

static void do_go(World *world, Client *client)
{
        exchange_detach(world->exchange, &world->moment, client->link);
        disconnect(world, client->link);
        collect(world);
}

static void do_suspend(World *world, Client *client)
{
        exchange_suspend(world->exchange, &world->moment, client->link);
        client->suspended = true;
        collect(world);
}

static void do_resume(World *world, Client *client)
{
        fuzz_must(exchange_resume(world->exchange, &world->moment, client->link) == 0);
        client->suspended = false;
        collect(world);
}

static void do_wait(World *world)
{
        static const usec_t times[] = {USEC_PER_MSEC, USEC_PER_SEC, 5 * USEC_PER_SEC,
                                       61 * USEC_PER_SEC};
        usec_t time = times[fuzz_below(&world->input, ELEMENTSOF(times))];

        world->moment.now += time;
        world->moment.date += time;
        fuzz_must(exchange_tick(world->exchange, &world->moment) == 0);
        collect(world);
}

static void open_exchange(World *world)
{
        static const ExchangeLimits limits = {.calls_per_minute = 30,
                                              .failed_lookups_per_minute = 5,
                                              .stored_mb_per_day = 1,
                                              .redial_pauses = true};
        char uids[USERS][UID_MAX + 1], guid[UID_MAX + 1];
        const char *members[USERS];

        fuzz_must(exchange_new(&limits, &world->exchange) == 0);
        for (unsigned i = 0; i < USERS; i++) {
                snprintf(uids[i], sizeof(uids[i]), "user-%u", i);
                members[i] = uids[i];
                fuzz_must(exchange_user_add(world->exchange, uids[i], uids[i], WHEN_BUSY_REJECT) ==
                          0);
        }
        for (unsigned i = 0; i < GROUPS; i++) {
                snprintf(guid, sizeof(guid), "group-%u", i);
                fuzz_must(exchange_group_put(world->exchange, &world->moment, guid, guid,
                                             &members[i], GROUP_SIZE) == 0);
        }
        collect(world);
}

/* All connections break, and the hub restarts with the stored calls. */
static void do_restart(World *world)
{
        exchange_free(world->exchange);
        memset(world->clients, 0, sizeof(world->clients));
        open_exchange(world);
        for (size_t call = 0; call < CALLS; call++) {
                LiveCall *live = &world->stored[call];

                if (live->n_members > 0)
                        fuzz_must(exchange_restore(world->exchange, &world->moment, live) == 0);
        }
        collect(world);
}

static void do_step(World *world)
{
        unsigned deed = fuzz_below(&world->input, 16);
        Client *client = &world->clients[fuzz_below(&world->input, DEVICES)];

        if (deed == 0)
                do_wait(world);
        else if (deed == 4)
                do_restart(world);
        else if (client->link == 0)
                do_come(world, client);
        else if (client->suspended && deed & 1)
                do_resume(world, client);
        else if (deed == 1)
                do_go(world, client);
        else if (deed == 2)
                do_come_by_token(world, client);
        else if (deed == 3)
                do_come(world, client); /* connects while it is connected: the old connection is
                                           replaced */
        else if (deed == 5)
                do_suspend(world, client);
        else if (!client->suspended)
                do_ask(world, client);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        World world = {.input = {data, size},
                       .moment = {.now = USEC_PER_SEC, .date = 1700000000 * USEC_PER_SEC}};

        world.moment.entropy[0] = 1;
        open_exchange(&world);
        for (unsigned step = 0; step < STEPS_MAX && world.input.left > 0; step++)
                do_step(&world);
        exchange_free(world.exchange);
        for (size_t call = 0; call < CALLS; call++)
                forget_stored(&world, call);
        return 0;
}
