/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "exchange/session.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/array.h"
#include "base/bucket.h"
#include "exchange/action.h"
#include "exchange/announce.h"
#include "exchange/flow.h"
#include "exchange/marks.h"
#include "exchange/media.h"
#include "exchange/news.h"
#include "exchange/owed.h"
#include "exchange/signal-rate.h"
#include "exchange/store.h"
#include "exchange/token.h"

#define PARTICIPANT_SALT_BYTES 4 /* keeps ids unique across restarts, which reset the counter */

static void leg_left(Exchange *exchange, const ExchangeNow *moment, CallLeg *leg)
{
        exchange_leg_list_joined(leg);
        exchange_call_count_joined(leg->call, moment->now);
        exchange_call_touch(exchange, leg->call);
}

static void media_leave(LiveMedia *media)
{
        media->joined = media->by_token = media->flows = false;
}

int exchange_leg_leave_media(Exchange *exchange, const ExchangeNow *moment, CallLeg *leg)
{
        LiveMedia before = leg->media;
        int r = exchange_leg_send_others(exchange, leg, MESSAGE_LEFT);

        media_leave(&leg->media);
        if (r == 0 && !before.by_token)
                r = exchange_save_leg(exchange, moment, leg);
        if (r < 0) {
                leg->media = before;
                return r;
        }
        leg_left(exchange, moment, leg);
        return 0;
}

void exchange_leg_lose_media(Exchange *exchange, const ExchangeNow *moment, CallLeg *leg)
{
        /*
         * No request can report an error here. Without this event the others notice that media are
         * missing.
         */
        (void)exchange_leg_send_others(exchange, leg, MESSAGE_LEFT);
        exchange_commit(exchange);
        media_leave(&leg->media);
        leg_left(exchange, moment, leg);
}

/* Did the leg's participant join over this attachment? */
static bool leg_joined_by(const CallLeg *leg, const Attachment *attachment)
{
        return leg->media.joined && leg->media.by_token == (attachment->leg != NULL);
}

/* ---- requests ---- */

/* The servers that the hub has now, with the user's name in the credentials. */
static int request_copy_ice_servers(const Request *request, const CallLeg *leg, IceServer **ret,
                                    size_t *ret_n)
{
        const Exchange *exchange = request->exchange;
        int r = ARRAY_COPY(ret, exchange->ice_servers, exchange->n_ice_servers);

        if (r < 0)
                return r;
        *ret_n = exchange->n_ice_servers;
        for (size_t i = 0; i < exchange->n_ice_servers; i++) {
                const char *username = exchange->ice_servers[i].username;
                IceServer *copy = &(*ret)[i];

                if (!str_empty(username))
                        snprintf(copy->username, sizeof(copy->username), "%.*s:%s",
                                 (int)(sizeof(copy->username) - UID_MAX - 2), username,
                                 leg->user->uid);
        }
        return 0;
}

static int request_reply_join(Request *request, const CallLeg *leg)
{
        MessageReply *reply;
        int r = exchange_request_reply(request, REPLY_JOIN, &reply);

        if (r < 0)
                return r;
        STR_SET(reply->join.participant, leg->media.participant);
        STR_SET(reply->join.mode, MEDIA_MODE_MESH);
        r = exchange_leg_other_participants(leg, &reply->join.others, &reply->join.n_others);
        if (r == 0)
                r = request_copy_ice_servers(request, leg, &reply->join.ice_servers,
                                             &reply->join.n_ice_servers);
        return r;
}

/*
 * A party that joins again replaces its participant: the others and the replaced connection get
 * MESSAGE_LEFT.
 */
static int request_replace(Request *request, CallLeg *leg)
{
        const Participant replaced = exchange_leg_participant(leg);
        int r = exchange_leg_send_others(request->exchange, leg, MESSAGE_LEFT);

        if (r == 0 && !leg_joined_by(leg, request->attachment))
                r = exchange_leg_send_participant(request->exchange, leg,
                                                  exchange_leg_media_attachment(leg), MESSAGE_LEFT,
                                                  &replaced);
        return r;
}

static LiveMedia request_media(Request *request)
{
        LiveMedia media = {
                .joins = true,
                .joined = true,
                .by_token = request->attachment->leg != NULL,
                .muted = request->message->join.muted,
                .video_paused = request->message->join.video_paused,
        };
        char salt[2 * PARTICIPANT_SALT_BYTES + 1];

        hex_encode(request->moment->entropy, PARTICIPANT_SALT_BYTES, salt);
        snprintf(media.participant, sizeof(media.participant), "%" PRIu64 "-%s",
                 ++request->exchange->n_joins, salt);
        return media;
}

/* The others hear of each join, so it has a rate. */
static int request_check_joins(Request *request, CallLeg *leg)
{
        usec_t wait = bucket_take(&leg->joins_bucket, request->moment->now,
                                  JOIN_SPACING_S * USEC_PER_SEC, JOINS_BURST);

        if (wait == 0)
                return 0;
        return exchange_request_refuse(
                request, CALL_ERROR_TOO_MANY,
                "'%s' has joined these media %d times, and may once in %d s; try again in %u s",
                leg->uid, JOINS_BURST, JOIN_SPACING_S, usec_to_seconds_up(wait));
}

static int request_join_as(Request *request, CallLeg *leg)
{
        LiveMedia before = leg->media;
        usec_t join_until = leg->join_until;
        int r = leg->media.joined ? request_replace(request, leg) : 0;

        leg->media = request_media(request);
        leg->join_until = USEC_NEVER;
        leg->state_at = 0; /* MESSAGE_JOINED has it */
        if (r == 0)
                r = exchange_leg_send_others(request->exchange, leg, MESSAGE_JOINED);
        if (r == 0)
                r = exchange_save_leg(request->exchange, request->moment, leg);
        if (r == 0)
                r = request_reply_join(request, leg);
        if (r < 0) {
                leg->media = before;
                leg->join_until = join_until;
                return r;
        }
        exchange_leg_list_joined(leg);
        exchange_owed_forget(leg); /* the reply has all participants */
        exchange_call_count_joined(leg->call, request->moment->now);
        exchange_call_touch(request->exchange, leg->call);
        return 0;
}

int exchange_request_join(Request *request)
{
        const MessageJoin *join = &request->message->join;
        CallView view;
        int r = exchange_request_find(request, join->session_id, CALL_METHOD_SESSION, &view);

        if (r != 0)
                return r;
        Token *token = exchange_token_find(request->exchange, join->token, request->moment->now);
        if (!token || token->leg != view.leg)
                return exchange_request_refuse(
                        request, CALL_ERROR_AUTH_FAILED,
                        "the join token is not valid for this device in this call, or has expired");
        if (!view.leg->media.joined && view.leg->call->n_joined >= MESH_PARTICIPANTS_MAX)
                return exchange_request_refuse(
                        request, CALL_ERROR_TOO_MANY,
                        "the call has %d participants, and there is no room for more",
                        MESH_PARTICIPANTS_MAX);
        r = request_check_joins(request, view.leg);
        if (r == 0)
                r = request_join_as(request, view.leg);
        if (r == 0)
                token->unused_until = USEC_NEVER;
        return r;
}

/* Finds the leg whose participant joined over the requesting attachment; refuses if no leg did. */
static int request_participant(Request *request, const char *session_id, CallLeg **ret)
{
        CallView view;
        int r = exchange_request_find(request, session_id, CALL_METHOD_SESSION, &view);

        *ret = r == 0 ? view.leg : NULL;
        if (r == 0 && !leg_joined_by(view.leg, request->attachment))
                return exchange_request_refuse(
                        request, CALL_ERROR_INVALID_TRANSITION,
                        "this connection has not joined the media of this call");
        return r;
}

int exchange_request_leave(Request *request)
{
        const char *session_id = request->message->session.session_id;
        CallView view;
        int r = exchange_request_find(request, session_id, CALL_METHOD_SESSION, &view);

        if (r != 0 || !leg_joined_by(view.leg, request->attachment))
                return r;
        return exchange_leg_leave_media(request->exchange, request->moment, view.leg);
}

int exchange_request_signal(Request *request)
{
        const MessageSignal *signal = &request->message->signal;
        Message *message;
        CallLeg *leg;
        const CallLeg *other;
        usec_t wait;
        int r = request_participant(request, signal->session_id, &leg);

        if (r != 0)
                return r;
        DL_FOREACH2 (leg->call->joined, other, joined_next) {
                if (other != leg && str_eq(other->media.participant, signal->peer))
                        break;
        }
        /* Rule 18: a signal to a participant who has left is dropped. */
        if (!other)
                return 0;
        const Attachment *to = exchange_leg_media_attachment(other);
        size_t n_bytes = strlen(signal->data);
        if (to && to->suspended && exchange_flow_length(to, leg->uid) >= SUSPENDED_SIGNALS_MAX)
                return 0;
        if (!exchange_flow_has_room(to, leg->uid, n_bytes))
                return exchange_request_refuse(
                        request, CALL_ERROR_TOO_MANY,
                        "'%s' has not taken the last %u signals yet; at most %d with %d bytes wait",
                        other->uid, exchange_flow_length(to, leg->uid), SENDER_MESSAGES_MAX,
                        SENDER_BYTES_MAX);
        r = exchange_signal_rate_take(leg, other, request->moment->now, &wait);
        if (r < 0)
                return r;
        if (wait > 0)
                return exchange_request_refuse(
                        request, CALL_ERROR_TOO_MANY,
                        "'%s' gets at most %d signals of '%s' at once, then %d in a second; try "
                        "again in %u s",
                        other->uid, SIGNALS_BURST, leg->uid, SIGNALS_PER_S,
                        usec_to_seconds_up(wait));
        r = exchange_send_from(request->exchange, to, MESSAGE_SIGNALLED, leg->uid, n_bytes,
                               &message);
        if (r <= 0)
                return r;
        STR_SET(message->signal.session_id, signal->session_id);
        STR_SET(message->signal.peer, leg->media.participant);
        message->signal.data = strdup(signal->data);
        return message->signal.data ? 0 : -ENOMEM;
}

int exchange_request_relays(Request *request)
{
        MessageReply *reply;
        CallLeg *leg;
        int r = request_participant(request, request->message->session.session_id, &leg);

        if (r == 0)
                r = exchange_request_reply(request, REPLY_RELAYS, &reply);
        if (r != 0)
                return r;
        return request_copy_ice_servers(request, leg, &reply->relays.ice_servers,
                                        &reply->relays.n_ice_servers);
}

int exchange_request_state(Request *request)
{
        const MessageState *state = &request->message->state;
        LiveMedia before;
        CallLeg *leg;
        int r = request_participant(request, state->session_id, &leg);

        if (r != 0)
                return r;
        before = leg->media;
        if (before.muted != state->muted || before.video_paused != state->video_paused ||
            before.sharing != state->sharing) {
                leg->media.muted = state->muted;
                leg->media.video_paused = state->video_paused;
                leg->media.sharing = state->sharing;
                r = exchange_news_changed(request->exchange, request->moment, leg);
                if (r == 0 && !leg->media.by_token)
                        r = exchange_save_leg(request->exchange, request->moment, leg);
                if (r < 0) {
                        leg->media = before;
                        return r;
                }
        }
        leg->media.flows = state->media_flows;
        exchange_call_touch(request->exchange, leg->call);
        return 0;
}

int exchange_request_token(Request *request)
{
        const char *session_id = request->message->session.session_id;
        MessageReply *reply;
        Token *token;
        CallView view;
        int r = exchange_request_find(request, session_id, CALL_METHOD_SESSION, &view);

        if (r != 0)
                return r;
        r = exchange_leg_token_new(request->exchange, request->moment, view.leg, &token);
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
