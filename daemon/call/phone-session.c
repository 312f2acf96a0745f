/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <utlist.h>

#include "base/words.h"
#include "call/phone-internal.h"

static const char *const session_states[SESSION_STATE_COUNT] = {
        [SESSION_IDLE] = "idle",           [SESSION_JOINING] = "joining",
        [SESSION_CONNECTED] = "connected", [SESSION_RECONNECTING] = "reconnecting",
        [SESSION_FAILED] = "failed",       [SESSION_LEFT] = "left",
};
DEFINE_WORDS(session_state, SessionState, session_states);

static const char *call_id(const Call *call)
{
        return call->shown.record.session_id;
}

static void session_changed(Phone *phone, const Call *call, uint32_t properties)
{
        if (call->shown.has_session)
                phone_act(phone, PHONE_SESSION_CHANGED, call_id(call))->properties = properties;
}

static bool session_is_in_media(const PhoneSession *session)
{
        return session->state == SESSION_JOINING || session->state == SESSION_CONNECTED ||
               session->state == SESSION_RECONNECTING;
}

void session_set_state(Phone *phone, Call *call, SessionState state)
{
        if (call->shown.session.state == state)
                return;
        call->shown.session.state = state;
        session_changed(phone, call, PHONE_PROPERTY_SESSION_STATE);
}

void session_open(Phone *phone, Call *call)
{
        call->shown.has_session = true;
        phone_act(phone, PHONE_SESSION_ADDED, call_id(call));
}

static void session_start_worker(Phone *phone, Call *call)
{
        if (call->worker)
                return;
        call->worker = true;
        phone_act(phone, PHONE_WORKER_START, call_id(call));
}

static void session_stop_worker(Phone *phone, Call *call)
{
        call->joined = false;
        call->flows_said = false;
        if (!call->worker)
                return;
        call->worker = false;
        phone_act(phone, PHONE_WORKER_STOP, call_id(call));
}

void session_warm(Phone *phone, Call *call)
{
        const Call *other;

        /* One warm worker is enough: who answers another call waits for its start. */
        DL_FOREACH (phone->calls, other) {
                if (other->worker && !other->joined)
                        return;
        }
        session_start_worker(phone, call);
}

void session_begin(Phone *phone, Call *call, const char *join_token, Request *request)
{
        Call *other;

        DL_FOREACH (phone->calls, other) {
                if (other != call && session_is_in_media(&other->shown.session))
                        session_leave(phone, other);
        }
        /* A worker whose media failed is not asked to begin again. */
        if (call->joined)
                session_stop_worker(phone, call);
        session_set_state(phone, call, SESSION_JOINING);
        if (request)
                request_turn(request, MESSAGE_JOIN);
        else
                request = request_new(phone, MESSAGE_JOIN, call_id(call));
        STR_SET(request->message.join.token, join_token);
        request->message.join.muted = call->shown.session.audio_muted;
        request_add(phone, request);
        session_start_worker(phone, call);
}

void session_close(Phone *phone, Call *call)
{
        PhoneSession *session = &call->shown.session;
        uint32_t properties = 0;

        session_stop_worker(phone, call);
        if (session->state != SESSION_IDLE && session->state != SESSION_LEFT)
                properties |= PHONE_PROPERTY_SESSION_STATE;
        if (session->n_participants > 0)
                properties |= PHONE_PROPERTY_PARTICIPANTS;
        if (session->state != SESSION_IDLE)
                session->state = SESSION_LEFT;
        participants_clear(session);
        if (properties)
                session_changed(phone, call, properties);
}

void session_leave(Phone *phone, Call *call)
{
        if (call->shown.session.state == SESSION_IDLE)
                call->shown.session.state = SESSION_LEFT;
        session_close(phone, call);
        request_ask(phone, MESSAGE_LEAVE, call_id(call));
}

int session_joined(Phone *phone, Call *call, const ReplyJoin *reply)
{
        PhoneSession *session = &call->shown.session;
        int r;

        /* The worker died meanwhile, or the program left. */
        if (session->state != SESSION_JOINING)
                return CALL_ERROR_MEDIA_FAILED;

        r = phone_reserve(phone, 1 + reply->n_others);
        if (r < 0)
                return r;
        _cleanup_free_ Participant *others = NULL;
        _cleanup_free_ IceServer *servers = NULL;
        if (reply->n_others > 0) {
                others = calloc(reply->n_others, sizeof(*others));
                if (!others)
                        return -ENOMEM;
                memcpy(others, reply->others, reply->n_others * sizeof(*others));
        }
        if (reply->n_ice_servers > 0) {
                servers = calloc(reply->n_ice_servers, sizeof(*servers));
                if (!servers)
                        return -ENOMEM;
                memcpy(servers, reply->ice_servers, reply->n_ice_servers * sizeof(*servers));
        }
        r = participants_reset(phone, call, reply);
        if (r < 0)
                return r;

        STR_SET(session->own_id, reply->participant);
        call->joined = true;
        session_start_worker(phone, call);
        PhoneAction *action = phone_act(phone, PHONE_WORKER_JOIN, call_id(call));
        action->join.reply = *reply;
        action->join.reply.others = TAKE_PTR(others);
        action->join.reply.ice_servers = TAKE_PTR(servers);
        action->join.settings = session->settings;
        action->join.muted = session->audio_muted;
        return 0;
}

void session_fail(Phone *phone, Call *call, CallError error, const char *text)
{
        PhoneAction *action;

        call->joined = false;
        session_set_state(phone, call, SESSION_FAILED);
        session_tell_state(phone, call);
        action = phone_act(phone, PHONE_SESSION_ERROR, call_id(call));
        action->error = error;
        str_printable(action->text, sizeof(action->text), text);
}

static bool session_media_flows(const PhoneSession *session)
{
        if (session->state != SESSION_CONNECTED)
                return false;
        for (size_t i = 0; i < session->n_participants; i++) {
                if (session->participants[i].connected)
                        return true;
        }
        return false;
}

static void session_ask_state(Phone *phone, Call *call)
{
        Request *request = request_find(phone, MESSAGE_STATE, call_id(call));
        bool merged = request && !request->sent;

        if (!merged)
                request = request_new(phone, MESSAGE_STATE, call_id(call));
        request->message.state.muted = call->shown.session.audio_muted;
        request->message.state.media_flows = call->flows_said;
        if (!merged)
                request_add(phone, request);
}

void session_tell_state(Phone *phone, Call *call)
{
        bool flows = session_media_flows(&call->shown.session);

        if (flows == call->flows_said)
                return;
        call->flows_said = flows;
        session_ask_state(phone, call);
}

void session_mute(Phone *phone, Call *call, bool on)
{
        PhoneSession *session = &call->shown.session;

        if (session->audio_muted == on)
                return;
        session->audio_muted = on;
        session_changed(phone, call, PHONE_PROPERTY_AUDIO_MUTED);
        if (call->joined)
                phone_act(phone, PHONE_WORKER_MUTE, call_id(call))->on = on;
        if (session_is_in_media(session))
                session_ask_state(phone, call);
}

/* The call whose worker speaks, or NULL if nobody wants to hear it any more. */
static Call *session_of_worker(Phone *phone, const char *session_id)
{
        Call *call = call_find(phone, session_id);

        return call && call->worker && call->shown.record.status == CALL_STATUS_ONGOING ? call
                                                                                        : NULL;
}

static void session_adopt(Phone *phone, const char *session_id, SessionState state)
{
        Call *call = call_find(phone, session_id);

        if (!call || call->worker || call->unwanted || !call->shown.answered_here ||
            call->shown.record.status != CALL_STATUS_ONGOING ||
            call->shown.session.state != SESSION_IDLE)
                return;
        if (state == SESSION_JOINING || state == SESSION_CONNECTED || state == SESSION_RECONNECTING)
                call->worker = call->joined = true;
}

int phone_worker_state(Phone *phone, const Instant *instant, const char *session_id,
                       SessionState state)
{
        int r;

        phone->instant = *instant;
        r = phone_reserve(phone, 1);
        if (r < 0)
                return r;
        session_adopt(phone, session_id, state);
        Call *call = session_of_worker(phone, session_id);
        /* A warm worker is idle, and so says nothing of the session. */
        if (call && call->joined && state != SESSION_IDLE && state != SESSION_LEFT) {
                session_set_state(phone, call, state);
                session_tell_state(phone, call);
        }
        phone_settle(phone);
        return 0;
}

int phone_worker_error(Phone *phone, const Instant *instant, const char *session_id,
                       CallError error, const char *text)
{
        int r;

        phone->instant = *instant;
        r = phone_reserve(phone, 1);
        if (r < 0)
                return r;
        Call *call = session_of_worker(phone, session_id);
        if (call) {
                PhoneAction *action = phone_act(phone, PHONE_SESSION_ERROR, session_id);

                action->error = error;
                str_printable(action->text, sizeof(action->text), text);
        }
        phone_settle(phone);
        return 0;
}

int phone_worker_gone(Phone *phone, const Instant *instant, const char *session_id,
                      const char *text)
{
        int r;

        phone->instant = *instant;
        r = phone_reserve(phone, 1);
        if (r < 0)
                return r;
        Call *call = call_find(phone, session_id);
        if (call && call->worker) {
                PhoneSession *session = &call->shown.session;

                call->worker = false;
                for (size_t i = 0; i < session->n_participants; i++)
                        session->participants[i].connected = false;
                if (session_is_in_media(session))
                        session_fail(phone, call, CALL_ERROR_MEDIA_FAILED, text);
                call->joined = false;
        }
        phone_settle(phone);
        return 0;
}
