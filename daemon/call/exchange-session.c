/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "call/exchange-internal.h"

#define JOIN_TOKEN_BYTES 32      /* 256 bit */
#define PARTICIPANT_SALT_BYTES 4 /* keeps ids apart over a restart, which counts from 0 again */

/* ---- join tokens ---- */

void exchange_token_free(Exchange *exchange, Token *token)
{
        DL_DELETE(token->side->tokens, token);
        token->side->n_tokens--;
        HASH_DEL(exchange->tokens, token);
        free(token);
}

/* The oldest that nobody uses; when all are used, the oldest. */
static Token *side_token_least_missed(const Side *side)
{
        Token *token;

        DL_FOREACH (side->tokens, token) {
                if (token->unused_until != USEC_NEVER)
                        return token;
        }
        return side->tokens;
}

int exchange_side_token_new(Exchange *exchange, const Moment *moment, Side *side, Token **ret)
{
        /* An accept makes one for either side at the same moment. */
        size_t share = side->direction == CALL_DIRECTION_OUTGOING ? 0 : JOIN_TOKEN_BYTES;
        Token *token = calloc(1, sizeof(*token));

        static_assert(2 * JOIN_TOKEN_BYTES <= ENTROPY_SIZE, "a moment has a share for either side");
        if (!token)
                return -ENOMEM;
        hex_encode(moment->entropy + share, JOIN_TOKEN_BYTES, token->token);
        token->side = side;
        token->unused_until = moment->now + TOKEN_UNUSED_US;
        HASH_ADD_STR(exchange->tokens, token, token);
        if (!token->hh.tbl) {
                free(token);
                return -ENOMEM;
        }
        if (side->n_tokens == TOKENS_PER_PARTY_MAX)
                exchange_token_free(exchange, side_token_least_missed(side));
        DL_APPEND(side->tokens, token);
        side->n_tokens++;
        *ret = token;
        return 0;
}

const Token *exchange_side_token(const Side *side, usec_t now)
{
        const Token *token, *newest = NULL;

        DL_FOREACH (side->tokens, token) {
                if (now < token->unused_until)
                        newest = token;
        }
        return newest;
}

Token *exchange_token_find(const Exchange *exchange, const char *text, usec_t now)
{
        Token *token = NULL;

        HASH_FIND_STR(exchange->tokens, text, token);
        return token && now < token->unused_until ? token : NULL;
}

/* ---- participants ---- */

static bool side_counts_as_joined(const Side *side)
{
        return side->joined || !side->joins;
}

void exchange_call_count_joined(Call *call, usec_t now)
{
        if (side_counts_as_joined(&call->sides[CALL_DIRECTION_OUTGOING]) &&
            side_counts_as_joined(&call->sides[CALL_DIRECTION_INCOMING]))
                call->alone_since = USEC_NEVER;
        else if (call->alone_since == USEC_NEVER)
                call->alone_since = now;
}

/* The connection by which the side's participant takes part; NULL while it is away. */
static const Link *side_media_link(const Side *side)
{
        return side->joined_limited ? side->limited : side->legs->device->link;
}

static Participant side_participant(const Side *side)
{
        Participant participant = {
                .party = exchange_user_party(side->user, side->device),
                .muted = side->muted,
        };

        STR_SET(participant.id, side->participant);
        return participant;
}

static int side_tell_participant(Exchange *exchange, const Side *side, const Link *link,
                                 MessageType type)
{
        Message *message;
        int r = exchange_send(exchange, link, type, &message);

        if (r <= 0)
                return r;
        STR_SET(message->participant.session_id, side->call->record.session_id);
        message->participant.participant = side_participant(side);
        return 0;
}

/* Tells the other participant, if there is one. */
static int side_tell_other(Exchange *exchange, const Side *side, MessageType type)
{
        const Side *other = side_other(side);

        if (!other->joined)
                return 0;
        return side_tell_participant(exchange, side, side_media_link(other), type);
}

static void side_left(Exchange *exchange, const Moment *moment, Side *side)
{
        side->joined = side->joined_limited = false;
        side->media_flows = false;
        exchange_call_count_joined(side->call, moment->now);
        exchange_call_reschedule(exchange, side->call);
}

int exchange_side_leave(Exchange *exchange, const Moment *moment, Side *side)
{
        int r = side_tell_other(exchange, side, MESSAGE_LEFT);

        if (r == 0)
                side_left(exchange, moment, side);
        return r;
}

void exchange_side_gone(Exchange *exchange, const Moment *moment, Side *side)
{
        /* There is nobody to give an error to; the other participant finds out by its media. */
        (void)side_tell_other(exchange, side, MESSAGE_LEFT);
        exchange_commit(exchange);
        side_left(exchange, moment, side);
}

/* Was it by this link that the side's participant joined? */
static bool side_joined_by(const Side *side, const Link *link)
{
        return side->joined && side->joined_limited == (link->side != NULL);
}

/* ---- requests ---- */

int exchange_request_token(Request *request)
{
        const char *session_id = request->message->session.session_id;
        MessageReply *reply;
        Token *token;
        View view;
        int r = exchange_request_find(request, session_id, CALL_METHOD_SESSION, &view);

        if (r != 0)
                return r;
        r = exchange_side_token_new(request->exchange, request->moment, view.side, &token);
        if (r < 0)
                return r;
        r = exchange_request_reply(request, REPLY_TOKEN, &reply);
        if (r < 0) {
                exchange_token_free(request->exchange, token);
                return r;
        }
        STR_SET(reply->token.token, token->token);
        return 0;
}

static int request_reply_join(Request *request, const Side *side, const char *participant)
{
        const Exchange *exchange = request->exchange;
        const Side *other = side_other(side);
        MessageReply *reply;
        int r = exchange_request_reply(request, REPLY_JOIN, &reply);

        if (r < 0)
                return r;
        STR_SET(reply->join.participant, participant);
        if (other->joined) {
                reply->join.others = calloc(1, sizeof(*reply->join.others));
                if (!reply->join.others)
                        return -ENOMEM;
                reply->join.others[0] = side_participant(other);
                reply->join.n_others = 1;
        }
        if (exchange->n_ice_servers > 0) {
                reply->join.ice_servers =
                        calloc(exchange->n_ice_servers, sizeof(*reply->join.ice_servers));
                if (!reply->join.ice_servers)
                        return -ENOMEM;
                memcpy(reply->join.ice_servers, exchange->ice_servers,
                       exchange->n_ice_servers * sizeof(*reply->join.ice_servers));
                reply->join.n_ice_servers = exchange->n_ice_servers;
        }
        return 0;
}

/* The first one leaves when the same party joins again: the other hears of it, and so does it. */
static int request_replace(Request *request, Side *side)
{
        int r = side_tell_other(request->exchange, side, MESSAGE_LEFT);

        if (r == 0 && !side_joined_by(side, request->link))
                r = side_tell_participant(request->exchange, side, side_media_link(side),
                                          MESSAGE_LEFT);
        return r;
}

static void side_participant_new(Request *request, Side *side)
{
        char salt[2 * PARTICIPANT_SALT_BYTES + 1];

        hex_encode(request->moment->entropy, PARTICIPANT_SALT_BYTES, salt);
        snprintf(side->participant, sizeof(side->participant), "%" PRIu64 "-%s",
                 ++request->exchange->n_joins, salt);
        side->joined = side->joins = true;
        side->joined_limited = request->link->side != NULL;
        side->muted = request->message->join.muted;
        side->media_flows = false;
}

static int request_join_as(Request *request, Side *side)
{
        Side before = *side;
        int r = side->joined ? request_replace(request, side) : 0;

        side_participant_new(request, side);
        if (r == 0)
                r = side_tell_other(request->exchange, side, MESSAGE_JOINED);
        if (r == 0)
                r = request_reply_join(request, side, side->participant);
        if (r < 0) {
                *side = before;
                return r;
        }
        if (side->direction == CALL_DIRECTION_INCOMING)
                side->call->join_until = USEC_NEVER;
        exchange_call_count_joined(side->call, request->moment->now);
        exchange_call_reschedule(request->exchange, side->call);
        return 0;
}

int exchange_request_join(Request *request)
{
        const MessageJoin *join = &request->message->join;
        View view;
        int r = exchange_request_find(request, join->session_id, CALL_METHOD_SESSION, &view);

        if (r != 0)
                return r;
        Token *token = exchange_token_find(request->exchange, join->token, request->moment->now);
        if (!token || token->side != view.side)
                return exchange_request_refuse(
                        request, CALL_ERROR_AUTH_FAILED,
                        "the join token is not one for this device in call '%s', "
                        "or it has been unused for too long",
                        join->session_id);
        r = request_join_as(request, view.side);
        if (r == 0)
                token->unused_until = USEC_NEVER;
        return r;
}

/* The side that the asking link takes part for; refuses when it does not. */
static int request_participant(Request *request, const char *session_id, Side **ret)
{
        View view;
        int r = exchange_request_find(request, session_id, CALL_METHOD_SESSION, &view);

        if (r != 0)
                return r;
        if (!side_joined_by(view.side, request->link))
                return exchange_request_refuse(
                        request, CALL_ERROR_INVALID_TRANSITION,
                        "this connection has not joined the media of call '%s'", session_id);
        *ret = view.side;
        return 0;
}

int exchange_request_leave(Request *request)
{
        const char *session_id = request->message->session.session_id;
        View view;
        int r = exchange_request_find(request, session_id, CALL_METHOD_SESSION, &view);

        if (r != 0 || !side_joined_by(view.side, request->link))
                return r;
        return exchange_side_leave(request->exchange, request->moment, view.side);
}

int exchange_request_signal(Request *request)
{
        const MessageSignal *signal = &request->message->signal;
        Message *message;
        Side *side;
        int r = request_participant(request, signal->session_id, &side);

        if (r != 0)
                return r;

        const Side *other = side_other(side);
        /* Rule 18: what is meant for a participant that has gone is dropped. */
        if (!other->joined || !str_eq(other->participant, signal->peer))
                return 0;
        r = exchange_send(request->exchange, side_media_link(other), MESSAGE_SIGNALLED, &message);
        if (r <= 0)
                return r;
        STR_SET(message->signal.session_id, signal->session_id);
        STR_SET(message->signal.peer, side->participant);
        message->signal.data = strdup(signal->data);
        return message->signal.data ? 0 : -ENOMEM;
}

int exchange_request_state(Request *request)
{
        const MessageState *state = &request->message->state;
        Side *side;
        int r = request_participant(request, state->session_id, &side);

        if (r != 0)
                return r;
        if (side->muted != state->muted) {
                side->muted = state->muted;
                r = side_tell_other(request->exchange, side, MESSAGE_PARTICIPANT);
                if (r < 0) {
                        side->muted = !state->muted;
                        return r;
                }
        }
        side->media_flows = state->media_flows;
        exchange_call_reschedule(request->exchange, side->call);
        return 0;
}
