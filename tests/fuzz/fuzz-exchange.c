/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The exchange as sequences of messages from several clients. Each step is one byte that says what
 * is done and one that says by whom, then what the deed wants; ids and names come from small sets,
 * so that they meet. Strings that nothing has checked never reach an exchange: the decoder stands
 * before it (fuzz-wire.c).
 *
 * Every request is answered exactly once, on the link that asked; everything that is sent can be
 * written for the wire; nothing stays undone past its deadline.
 */
#include <string.h>

#include "base/cleanup.h"
#include "call/exchange.h"
#include "fuzz.h"
#include "wire/wire.h"

#define USERS 3
#define DEVICES 6 /* two each */
#define CALLS 4
#define STEPS_MAX 400 /* bounds the time of one input */

typedef struct Client {
        uint64_t link; /* 0: away */
        char token[TOKEN_MAX + 1];
        char participant[PARTICIPANT_ID_MAX + 1];
} Client;

typedef struct World {
        Exchange *exchange;
        Moment moment;
        Client clients[DEVICES];
        uint64_t n_links, asked_link;
        unsigned n_replies;
        FuzzInput input;
} World;

static void any_uid(World *world, char uid[static UID_MAX + 1])
{
        snprintf(uid, UID_MAX + 1, "user-%u", fuzz_below(&world->input, USERS + 2));
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
                fuzz_must(action->link == world->asked_link);
                world->n_replies++;
        }
        for (size_t i = 0; i < DEVICES; i++) {
                Client *client = &world->clients[i];

                if (client->link != action->link)
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
                        world->clients[i].link = 0;
}

static void collect(World *world)
{
        ExchangeAction action;

        while (exchange_next_action(world->exchange, &action)) {
                if (action.type == EXCHANGE_SEND)
                        hear(world, &action);
                else if (action.type == EXCHANGE_DISCONNECT)
                        disconnect(world, action.link);
                exchange_action_done(&action);
        }
        fuzz_must(exchange_next_deadline(world->exchange) > world->moment.now);
}

static void fill_initiate(World *world, Message *message)
{
        any_session(world, message->initiate.session_id);
        any_uid(world, message->initiate.receiver);
        message->initiate.receiver_type = fuzz_below(&world->input, 16) == 0;
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
                MESSAGE_INITIATE, MESSAGE_DELIVERED, MESSAGE_ALERTING, MESSAGE_ACCEPT,
                MESSAGE_REJECT,   MESSAGE_CANCEL,    MESSAGE_END,      MESSAGE_TOKEN,
                MESSAGE_JOIN,     MESSAGE_LEAVE,     MESSAGE_SIGNAL,   MESSAGE_STATE,
                MESSAGE_SETTINGS, MESSAGE_LOGOUT,
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
                client->link = 0;
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
        client->link = 0;
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

static void do_step(World *world)
{
        unsigned deed = fuzz_below(&world->input, 16);
        Client *client = &world->clients[fuzz_below(&world->input, DEVICES)];

        if (deed == 0)
                do_wait(world);
        else if (client->link == 0)
                do_come(world, client);
        else if (deed == 1)
                do_go(world, client);
        else if (deed == 2)
                do_come_by_token(world, client);
        else if (deed == 3)
                do_come(world, client); /* connects again while it is there: replaced */
        else
                do_ask(world, client);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        ExchangeLimits limits = {.calls_per_minute = 30};
        World world = {.input = {data, size},
                       .moment = {.now = USEC_PER_SEC, .date = 1700000000 * USEC_PER_SEC}};

        world.moment.entropy[0] = 1;
        fuzz_must(exchange_new(&limits, &world.exchange) == 0);
        for (unsigned i = 0; i < USERS; i++) {
                char uid[UID_MAX + 1];

                snprintf(uid, sizeof(uid), "user-%u", i);
                fuzz_must(exchange_user_add(world.exchange, uid, uid, WHEN_BUSY_REJECT) == 0);
        }
        for (unsigned step = 0; step < STEPS_MAX && world.input.left > 0; step++)
                do_step(&world);
        exchange_free(world.exchange);
        return 0;
}
