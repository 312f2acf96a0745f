/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "exchange/internal.h"

#define PARTICIPANT_SALT_BYTES 4 /* keeps ids apart over a restart, which counts from 0 again */

/* ---- participants ---- */

void exchange_call_count_joined(Call *call, usec_t now)
{
        size_t n = call->n_joined;
        const Side *side;

        DL_FOREACH2 (call->sides, side, call_next) {
                if (n > 1)
                        break;
                n += side->status == CALL_STATUS_ONGOING && !side->media.joined &&
                     !side->media.joins;
        }
        if (n > 1 || call->n_rings > 0 || !call_is_answered(call))
                call->alone_since = USEC_NEVER;
        else if (call->alone_since == USEC_NEVER)
                call->alone_since = now;
}

/* Alone in its list is its own predecessor: utlist's head points to the last. */
static bool side_is_listed(const Side *side)
{
        return side->joined_prev != NULL;
}

void exchange_side_list_joined(Side *side)
{
        Call *call = side->call;

        if (side->media.joined == side_is_listed(side))
                return;
        if (side->media.joined) {
                DL_APPEND2(call->joined, side, joined_prev, joined_next);
                call->n_joined++;
        } else {
                DL_DELETE2(call->joined, side, joined_prev, joined_next);
                side->joined_prev = side->joined_next = NULL;
                call->n_joined--;
        }
}

/* The connection by which the side's participant takes part; NULL while it is away. */
static const Link *side_media_link(const Side *side)
{
        return side->media.by_token ? side->limited : side->legs->device->link;
}

Participant exchange_side_participant(const Side *side)
{
        Participant participant = {
                .party = exchange_user_party(side->user, side->device),
                .muted = side->media.muted,
                .video_paused = side->media.video_paused,
                .sharing = side->media.sharing,
        };

        STR_SET(participant.id, side->media.participant);
        return participant;
}

int exchange_side_others(const Side *side, Participant **ret, size_t *ret_n)
{
        size_t most = side->call->n_joined, n = 0;
        Participant *others = NULL;
        const Side *other;

        if (most > 0) {
                others = calloc(most, sizeof(*others));
                if (!others)
                        return -ENOMEM;
        }
        DL_FOREACH2 (side->call->joined, other, joined_next) {
                if (other != side)
                        others[n++] = exchange_side_participant(other);
        }
        *ret = others;
        *ret_n = n;
        return 0;
}

static int side_tell_participant(Exchange *exchange, const Side *side, const Link *link,
                                 MessageType type)
{
        Message *message;
        int r = exchange_send(exchange, link, type, &message);

        if (r <= 0)
                return r;
        STR_SET(message->participant.session_id, side->call->record.session_id);
        message->participant.participant = exchange_side_participant(side);
        return 0;
}

int exchange_side_tell_others(Exchange *exchange, const Side *side, MessageType type)
{
        const Side *other;

        DL_FOREACH2 (side->call->joined, other, joined_next) {
                int r = other == side ? 0
                                      : side_tell_participant(exchange, side,
                                                              side_media_link(other), type);

                if (r < 0)
                        return r;
        }
        return 0;
}

static int side_save(Exchange *exchange, const Moment *moment, Side *side)
{
        side->changed_next = NULL;
        return exchange_save(exchange, moment, side->call, side);
}

static void side_left(Exchange *exchange, const Moment *moment, Side *side)
{
        exchange_side_list_joined(side);
        exchange_call_count_joined(side->call, moment->now);
        exchange_call_reschedule(exchange, side->call);
}

static void media_leave(Media *media)
{
        media->joined = media->by_token = media->flows = false;
}

int exchange_side_leave(Exchange *exchange, const Moment *moment, Side *side)
{
        Media before = side->media;
        int r = exchange_side_tell_others(exchange, side, MESSAGE_LEFT);

        media_leave(&side->media);
        if (r == 0 && !before.by_token)
                r = side_save(exchange, moment, side);
        if (r < 0) {
                side->media = before;
                return r;
        }
        side_left(exchange, moment, side);
        return 0;
}

void exchange_side_gone(Exchange *exchange, const Moment *moment, Side *side)
{
        /* There is nobody to give an error to; the others find out by their media. */
        (void)exchange_side_tell_others(exchange, side, MESSAGE_LEFT);
        exchange_commit(exchange);
        media_leave(&side->media);
        side_left(exchange, moment, side);
}

/* Was it by this link that the side's participant joined? */
static bool side_joined_by(const Side *side, const Link *link)
{
        return side->media.joined && side->media.by_token == (link->side != NULL);
}

/* ---- requests ---- */

static int request_reply_join(Request *request, const Side *side)
{
        const Exchange *exchange = request->exchange;
        MessageReply *reply;
        int r = exchange_request_reply(request, REPLY_JOIN, &reply);

        if (r < 0)
                return r;
        STR_SET(reply->join.participant, side->media.participant);
        STR_SET(reply->join.mode, MEDIA_MODE_MESH);
        r = exchange_side_others(side, &reply->join.others, &reply->join.n_others);
        if (r < 0 || exchange->n_ice_servers == 0)
                return r;
        reply->join.ice_servers = calloc(exchange->n_ice_servers, sizeof(*reply->join.ice_servers));
        if (!reply->join.ice_servers)
                return -ENOMEM;
        for (size_t i = 0; i < exchange->n_ice_servers; i++) {
                const IceServer *server = &exchange->ice_servers[i];
                IceServer *copy = &reply->join.ice_servers[i];

                *copy = *server;
                if (!str_empty(server->username))
                        snprintf(copy->username, sizeof(copy->username), "%.*s:%s",
                                 (int)(sizeof(copy->username) - UID_MAX - 2), server->username,
                                 side->user->uid);
        }
        reply->join.n_ice_servers = exchange->n_ice_servers;
        return 0;
}

/* The first one leaves when the same party joins again: the others hear of it, and so does it. */
static int request_replace(Request *request, Side *side)
{
        int r = exchange_side_tell_others(request->exchange, side, MESSAGE_LEFT);

        if (r == 0 && !side_joined_by(side, request->link))
                r = side_tell_participant(request->exchange, side, side_media_link(side),
                                          MESSAGE_LEFT);
        return r;
}

static Media request_media(Request *request)
{
        Media media = {
                .joins = true,
                .joined = true,
                .by_token = request->link->side != NULL,
                .muted = request->message->join.muted,
                .video_paused = request->message->join.video_paused,
        };
        char salt[2 * PARTICIPANT_SALT_BYTES + 1];

        hex_encode(request->moment->entropy, PARTICIPANT_SALT_BYTES, salt);
        snprintf(media.participant, sizeof(media.participant), "%" PRIu64 "-%s",
                 ++request->exchange->n_joins, salt);
        return media;
}

static int request_join_as(Request *request, Side *side)
{
        Media before = side->media;
        usec_t join_until = side->join_until;
        int r = side->media.joined ? request_replace(request, side) : 0;

        side->media = request_media(request);
        side->join_until = USEC_NEVER;
        if (r == 0)
                r = exchange_side_tell_others(request->exchange, side, MESSAGE_JOINED);
        if (r == 0)
                r = side_save(request->exchange, request->moment, side);
        if (r == 0)
                r = request_reply_join(request, side);
        if (r < 0) {
                side->media = before;
                side->join_until = join_until;
                return r;
        }
        exchange_side_list_joined(side);
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
        if (!view.side->media.joined && view.side->call->n_joined >= MESH_PARTICIPANTS_MAX)
                return exchange_request_refuse(
                        request, CALL_ERROR_TOO_MANY,
                        "call '%s' has %d participants, and there is no room for more",
                        join->session_id, MESH_PARTICIPANTS_MAX);
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
        const Side *other;
        int r = request_participant(request, signal->session_id, &side);

        if (r != 0)
                return r;
        DL_FOREACH2 (side->call->joined, other, joined_next) {
                if (other != side && str_eq(other->media.participant, signal->peer))
                        break;
        }
        /* Rule 18: what is meant for a participant that has gone is dropped. */
        if (!other)
                return 0;
        r = exchange_send(request->exchange, side_media_link(other), MESSAGE_SIGNALLED, &message);
        if (r <= 0)
                return r;
        STR_SET(message->signal.session_id, signal->session_id);
        STR_SET(message->signal.peer, side->media.participant);
        message->signal.data = strdup(signal->data);
        return message->signal.data ? 0 : -ENOMEM;
}

int exchange_request_state(Request *request)
{
        const MessageState *state = &request->message->state;
        Media before;
        Side *side;
        int r = request_participant(request, state->session_id, &side);

        if (r != 0)
                return r;
        before = side->media;
        if (before.muted != state->muted || before.video_paused != state->video_paused ||
            before.sharing != state->sharing) {
                side->media.muted = state->muted;
                side->media.video_paused = state->video_paused;
                side->media.sharing = state->sharing;
                r = exchange_side_tell_others(request->exchange, side, MESSAGE_PARTICIPANT);
                if (r == 0 && !side->media.by_token)
                        r = side_save(request->exchange, request->moment, side);
                if (r < 0) {
                        side->media = before;
                        return r;
                }
        }
        side->media.flows = state->media_flows;
        exchange_call_reschedule(request->exchange, side->call);
        return 0;
}
