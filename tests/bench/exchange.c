/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The cost of a full call (initiate, delivered, alerting, accept, both join, end) in the exchange
 * alone, without wire, store and sockets, and how it grows with the number of ongoing calls.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "bench/figure.h"
#include "exchange/exchange.h"

#define CALLS 20000
#define PAIRS 100 /* pairs of users who call each other in turn, while the others talk */

/* 15,000 calls/s leave 66 µs for the whole hub; a fifth of that is the exchange's share. */
#define CALL_TARGET_US 13.0

typedef struct Bench {
        Exchange *exchange;
        ExchangeNow moment;
        uint64_t n_sessions, n_actions;
        char caller_token[TOKEN_MAX + 1], receiver_token[TOKEN_MAX + 1];
} Bench;

static void must(int r)
{
        if (r == 0)
                return;
        fprintf(stderr, "the exchange failed: %d\n", r);
        exit(EXIT_FAILURE);
}

static void take_tokens(Bench *bench, const ExchangeAction *action)
{
        const Message *message = &action->message;

        if (message->type == MESSAGE_ACCEPTED)
                STR_SET(bench->caller_token, message->call.join_token);
        if (message->type == MESSAGE_REPLY && message->reply.error)
                must((int)message->reply.error);
        if (message->type == MESSAGE_REPLY && message->reply.kind == REPLY_CALL)
                STR_SET(bench->receiver_token, message->reply.call.join_token);
}

static void ask(Bench *bench, uint64_t link, Message *message)
{
        ExchangeAction action;

        bench->moment.now += 10;
        for (size_t i = 0; i < ENTROPY_SIZE; i += sizeof(usec_t)) {
                usec_t unique = bench->moment.now * ENTROPY_SIZE + i;

                memcpy(bench->moment.entropy + i, &unique, sizeof(unique));
        }
        must(exchange_message(bench->exchange, &bench->moment, link, message));
        while (exchange_next_action(bench->exchange, &action)) {
                bench->n_actions++;
                if (action.type == EXCHANGE_SEND)
                        take_tokens(bench, &action);
                exchange_action_done(&action);
        }
}

static void say(Bench *bench, uint64_t link, MessageType type, const char *session_id)
{
        Message message = {.type = type, .id = 1};

        STR_SET(message.session.session_id, session_id);
        ask(bench, link, &message);
}

static void join(Bench *bench, uint64_t link, const char *session_id, const char *token)
{
        Message message = {.type = MESSAGE_JOIN, .id = 1};

        STR_SET(message.join.session_id, session_id);
        STR_SET(message.join.token, token);
        ask(bench, link, &message);
}

/* The attachments and users of a pair are 2n+1 and 2n+2. */
static void talk(Bench *bench, uint64_t pair, char *ret_session_id)
{
        Message initiate = {.type = MESSAGE_INITIATE, .id = 1, .initiate.join = true};
        Message accept = {.type = MESSAGE_ACCEPT, .id = 1, .accept.join = true};
        uint64_t caller = 2 * pair + 1, receiver = caller + 1;

        snprintf(ret_session_id, UUID_LENGTH + 1, "00000000-0000-4000-8000-%012llu",
                 (unsigned long long)++bench->n_sessions);
        STR_SET(initiate.initiate.session_id, ret_session_id);
        snprintf(initiate.initiate.receiver, sizeof(initiate.initiate.receiver), "user-%llu",
                 (unsigned long long)receiver);
        STR_SET(accept.accept.session_id, ret_session_id);

        ask(bench, caller, &initiate);
        say(bench, receiver, MESSAGE_DELIVERED, ret_session_id);
        say(bench, receiver, MESSAGE_ALERTING, ret_session_id);
        ask(bench, receiver, &accept);
        join(bench, receiver, ret_session_id, bench->receiver_token);
        join(bench, caller, ret_session_id, bench->caller_token);
}

static void populate(Bench *bench, uint64_t pairs)
{
        char uid[UID_MAX + 1];

        for (uint64_t link = 1; link <= 2 * pairs; link++) {
                snprintf(uid, sizeof(uid), "user-%llu", (unsigned long long)link);
                must(exchange_user_add(bench->exchange, uid, uid, WHEN_BUSY_REJECT));
                must(exchange_attach(bench->exchange, &bench->moment, link, uid, "desk", "desk"));
        }
}

static void measure(uint64_t beside)
{
        ExchangeLimits limits = {0};
        Bench bench = {.moment = {.now = USEC_PER_SEC, .date = USEC_PER_SEC}};
        char session_id[UUID_LENGTH + 1], label[80];

        must(exchange_new(&limits, &bench.exchange));
        populate(&bench, PAIRS + beside);
        for (uint64_t pair = PAIRS; pair < PAIRS + beside; pair++)
                talk(&bench, pair, session_id);

        bench.n_actions = 0;
        double begun = figure_now_us();
        for (uint64_t i = 0; i < CALLS; i++) {
                talk(&bench, i % PAIRS, session_id);
                say(&bench, 2 * (i % PAIRS) + 1, MESSAGE_END, session_id);
        }
        double took = figure_now_us() - begun;

        snprintf(label, sizeof(label), "exchange, a full call beside %llu (%llu actions)",
                 (unsigned long long)beside, (unsigned long long)(bench.n_actions / CALLS));
        figure_print(label, took / CALLS, "µs", CALL_TARGET_US);
        exchange_free(bench.exchange);
}

int main(void)
{
        static const uint64_t beside[] = {1, 10, 100, 1000, 10000};

        figure_machine();
        for (size_t i = 0; i < ELEMENTSOF(beside); i++)
                measure(beside[i]);
        return EXIT_SUCCESS;
}
