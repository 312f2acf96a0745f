/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <utlist.h>

#include "phone/internal.h"

static const char *call_id(const PhoneCall *call)
{
        return call->info.record.session_id;
}

static void session_changed(Phone *phone, PhoneCall *call, uint32_t properties)
{
        call->unsaved = true;
        if (call->info.has_session)
                phone_act(phone, PHONE_SESSION_CHANGED, call_id(call))->properties = properties;
}

bool session_is_in_media(const PhoneSession *session)
{
        return session->state == SESSION_JOINING || session->state == SESSION_CONNECTED ||
               session->state == SESSION_RECONNECTING;
}

void session_set_state(Phone *phone, PhoneCall *call, SessionState state)
{
        if (call->info.session.state == state)
                return;
        call->info.session.state = state;
        session_changed(phone, call, PHONE_PROPERTY_SESSION_STATE);
}

static bool session_is_video(const PhoneCall *call)
{
        const SessionSettings *settings = &call->info.session.settings;

        return (settings->has_type ? settings->type : call->info.record.type) == CALL_TYPE_VIDEO;
}

void session_choose_video(PhoneCall *call)
{
        PhoneSession *session = &call->info.session;

        session->video_paused = !session_is_video(call) || session->settings.start_video_paused;
}

void session_choose_video_again(Phone *phone, PhoneCall *call)
{
        bool before = call->info.session.video_paused;

        session_choose_video(call);
        if (call->info.session.video_paused != before)
                session_changed(phone, call, PHONE_PROPERTY_VIDEO_PAUSED);
}

void session_open(Phone *phone, PhoneCall *call)
{
        call->info.has_session = true;
        phone_act(phone, PHONE_SESSION_ADDED, call_id(call));
}

static void session_start_worker(Phone *phone, PhoneCall *call)
{
        if (call->worker)
                return;
        call->worker = true;
        phone_act(phone, PHONE_WORKER_START, call_id(call));
}

static void session_show_screen(Phone *phone, PhoneCall *call, bool on)
{
        if (call->info.session.screen_sharing == on)
                return;
        call->info.session.screen_sharing = on;
        session_changed(phone, call, PHONE_PROPERTY_SCREEN_SHARING);
}

static void session_stop_worker(Phone *phone, PhoneCall *call)
{
        session_show_screen(phone, call, false);
        call->joined = call->adopted = false;
        call->flows_said = false;
        call->signals_lost = false;
        hub_requests_drop_signals(phone, call);
        if (!call->worker)
                return;
        call->worker = false;
        phone_act(phone, PHONE_WORKER_STOP, call_id(call));
}

void session_warm(Phone *phone, PhoneCall *call)
{
        const PhoneCall *other;

        /* One warm worker is enough: who answers another call waits for its start. */
        DL_FOREACH (phone->calls, other) {
                if (other->worker && !other->joined)
                        return;
        }
        session_start_worker(phone, call);
}

void session_begin(Phone *phone, PhoneCall *call, const char *join_token, HubRequest *request)
{
        PhoneCall *other;

        DL_FOREACH (phone->calls, other) {
                if (other != call && !phone->parallel_media &&
                    session_is_in_media(&other->info.session))
                        session_leave(phone, other);
        }
        /* A worker whose media failed is not asked to begin again. */
        if (call->joined)
                session_stop_worker(phone, call);
        session_set_state(phone, call, SESSION_JOINING);
        if (request)
                hub_request_turn(request, MESSAGE_JOIN);
        else
                request = hub_request_new(phone, MESSAGE_JOIN, call_id(call));
        STR_SET(request->message.join.token, join_token);
        request->message.join.muted = call->info.session.audio_muted;
        request->message.join.video_paused = call->info.session.video_paused;
        hub_request_add(phone, request);
        session_start_worker(phone, call);
}

void session_renew(Phone *phone, PhoneCall *call)
{
        HubRequest *request = hub_request_new(phone, MESSAGE_TOKEN, call_id(call));

        session_set_state(phone, call, SESSION_JOINING);
        request->command = PHONE_COMMAND_JOIN;
        hub_request_add(phone, request);
}

void session_close(Phone *phone, PhoneCall *call)
{
        PhoneSession *session = &call->info.session;
        uint32_t properties = 0;

        session_stop_worker(phone, call);
        if (session->state != SESSION_IDLE && session->state != SESSION_LEFT)
                properties |= PHONE_PROPERTY_SESSION_STATE;
        if (session->n_participants > 0)
                properties |= PHONE_PROPERTY_PARTICIPANTS | PHONE_PROPERTY_VERIFICATION_CODE;
        if (session->state != SESSION_IDLE)
                session->state = SESSION_LEFT;
        participants_clear(session);
        if (properties)
                session_changed(phone, call, properties);
}

void session_leave(Phone *phone, PhoneCall *call)
{
        if (call->info.session.state == SESSION_IDLE)
                call->info.session.state = SESSION_LEFT;
        session_close(phone, call);
        hub_request_ask(phone, MESSAGE_LEAVE, call_id(call));
}

int session_joined(Phone *phone, PhoneCall *call, const ReplyJoin *reply)
{
        PhoneSession *session = &call->info.session;
        int r;

        /* The worker died meanwhile, or the program left. */
        if (session->state != SESSION_JOINING)
                return CALL_ERROR_MEDIA_FAILED;

        r = phone_reserve(phone, 1 + reply->n_others + session->n_participants, 1);
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
        call->joined = call->unsaved = true;
        session_start_worker(phone, call);
        PhoneAction *action = phone_act(phone, PHONE_WORKER_JOIN, call_id(call));
        action->join.reply = *reply;
        action->join.reply.others = TAKE_PTR(others);
        action->join.reply.ice_servers = TAKE_PTR(servers);
        action->join.settings = session->settings;
        action->join.muted = session->audio_muted;
        action->join.video = session_is_video(call) || !session->video_paused;
        action->join.video_paused = session->video_paused;
        return 0;
}

void session_fail(Phone *phone, PhoneCall *call, CallError error, const char *text)
{
        PhoneAction *action;

        call->joined = false;
        session_set_state(phone, call, SESSION_FAILED);
        session_tell_state(phone, call);
        action = phone_act(phone, PHONE_SESSION_ERROR, call_id(call));
        action->error = error;
        str_printable(action->text, sizeof(action->text), text);
}

bool session_media_flows(const PhoneSession *session)
{
        if (session->state != SESSION_CONNECTED)
                return false;
        for (size_t i = 0; i < session->n_participants; i++) {
                if (session->participants[i].media.connected)
                        return true;
        }
        return false;
}

static void session_ask_state(Phone *phone, PhoneCall *call)
{
        HubRequest *request = hub_request_find_last(phone, MESSAGE_STATE, call_id(call));
        bool merged = request && !request->sent;

        if (!merged)
                request = hub_request_new(phone, MESSAGE_STATE, call_id(call));
        const PhoneSession *session = &call->info.session;

        request->message.state.muted = session->audio_muted;
        request->message.state.video_paused = session->video_paused && !session->screen_sharing;
        request->message.state.sharing = session->screen_sharing;
        request->message.state.media_flows = call->flows_said;
        if (!merged)
                hub_request_add(phone, request);
}

void session_tell_state(Phone *phone, PhoneCall *call)
{
        bool flows = session_media_flows(&call->info.session);

        if (flows == call->flows_said)
                return;
        call->flows_said = flows;
        session_ask_state(phone, call);
}

void session_mute(Phone *phone, PhoneCall *call, bool on)
{
        PhoneSession *session = &call->info.session;

        if (session->audio_muted == on)
                return;
        session->audio_muted = on;
        session_changed(phone, call, PHONE_PROPERTY_AUDIO_MUTED);
        if (call->joined)
                phone_act(phone, PHONE_WORKER_MUTE, call_id(call))->on = on;
        if (session_is_in_media(session))
                session_ask_state(phone, call);
}

void session_pause_video(Phone *phone, PhoneCall *call, bool on)
{
        PhoneSession *session = &call->info.session;

        if (session->video_paused == on)
                return;
        session->video_paused = on;
        session_changed(phone, call, PHONE_PROPERTY_VIDEO_PAUSED);
        if (call->joined)
                phone_act(phone, PHONE_WORKER_PAUSE, call_id(call))->on = on;
        if (session_is_in_media(session))
                session_ask_state(phone, call);
}

static void session_set_screen(Phone *phone, PhoneCall *call, bool on)
{
        PhoneSession *session = &call->info.session;

        if (session->screen_sharing == on)
                return;
        session_show_screen(phone, call, on);
        if (session_is_in_media(session))
                session_ask_state(phone, call);
}

/* The call whose worker speaks, or NULL if nobody wants to hear it any more. */
static PhoneCall *session_of_worker(Phone *phone, const char *session_id)
{
        PhoneCall *call = call_find(phone, session_id);

        return call && call->worker && call->info.record.status == CALL_STATUS_ONGOING ? call
                                                                                       : NULL;
}

static void session_adopt(Phone *phone, const char *session_id, SessionState state)
{
        PhoneCall *call = call_find(phone, session_id);

        if (!call || call->worker || call->unwanted || !call->info.answered_here ||
            call->info.record.status != CALL_STATUS_ONGOING ||
            call->info.session.state != SESSION_IDLE)
                return;
        if (state == SESSION_JOINING || state == SESSION_CONNECTED || state == SESSION_RECONNECTING)
                call->worker = call->joined = true;
}

/*
 * The first word of an adopted worker. One that had come no further than joining may have been left
 * without an answer that came while no daemon was there.
 */
static void session_found(Phone *phone, PhoneCall *call, SessionState state)
{
        PhoneSession *session = &call->info.session;

        call->adopted = false;
        if (state != SESSION_JOINING)
                return;
        for (size_t i = 0; i < session->n_participants; i++)
                session->participants[i].media.connected = false;
        if (phone->connection == PHONE_ONLINE)
                session_renew(phone, call);
}

int phone_worker_state(Phone *phone, const Now *instant, const char *session_id, SessionState state)
{
        int r;

        phone->instant = *instant;
        r = phone_reserve(phone, 1, 1);
        if (r < 0)
                return r;
        session_adopt(phone, session_id, state);
        PhoneCall *call = session_of_worker(phone, session_id);
        /* A warm worker is idle, and so says nothing of the session. */
        if (call && call->joined && state != SESSION_IDLE && state != SESSION_LEFT) {
                if (call->adopted)
                        session_found(phone, call, state);
                session_set_state(phone, call, state);
                session_tell_state(phone, call);
        }
        phone_settle(phone);
        return 0;
}

/* What it says of its devices. */
static int session_told(Phone *phone, const Now *instant, const char *session_id, bool on,
                        void (*take)(Phone *phone, PhoneCall *call, bool on))
{
        int r;

        phone->instant = *instant;
        r = phone_reserve(phone, 1, 0);
        if (r < 0)
                return r;
        PhoneCall *call = session_of_worker(phone, session_id);
        if (call && call->joined)
                take(phone, call, on);
        phone_settle(phone);
        return 0;
}

static void session_is_muted(Phone *phone, PhoneCall *call, bool on)
{
        if (on)
                session_mute(phone, call, true);
        else if (call->info.session.audio_muted)
                phone_act(phone, PHONE_WORKER_MUTE, call_id(call))->on = true;
}

int phone_worker_muted(Phone *phone, const Now *instant, const char *session_id, bool on)
{
        return session_told(phone, instant, session_id, on, session_is_muted);
}

static void session_is_paused(Phone *phone, PhoneCall *call, bool on)
{
        if (on)
                session_pause_video(phone, call, true);
        else if (call->info.session.video_paused)
                phone_act(phone, PHONE_WORKER_PAUSE, call_id(call))->on = true;
}

int phone_worker_paused(Phone *phone, const Now *instant, const char *session_id, bool on)
{
        return session_told(phone, instant, session_id, on, session_is_paused);
}

int phone_worker_screen(Phone *phone, const Now *instant, const char *session_id, bool on)
{
        return session_told(phone, instant, session_id, on, session_set_screen);
}

int phone_worker_error(Phone *phone, const Now *instant, const char *session_id, CallError error,
                       const char *text)
{
        int r;

        phone->instant = *instant;
        r = phone_reserve(phone, 1, 0);
        if (r < 0)
                return r;
        PhoneCall *call = session_of_worker(phone, session_id);
        if (call) {
                PhoneAction *action = phone_act(phone, PHONE_SESSION_ERROR, session_id);

                action->error = error;
                str_printable(action->text, sizeof(action->text), text);
        }
        phone_settle(phone);
        return 0;
}

int phone_worker_gone(Phone *phone, const Now *instant, const char *session_id, const char *text)
{
        int r;

        phone->instant = *instant;
        r = phone_reserve(phone, 1, 0);
        if (r < 0)
                return r;
        PhoneCall *call = call_find(phone, session_id);
        if (call && call->worker) {
                PhoneSession *session = &call->info.session;

                call->worker = false;
                session_show_screen(phone, call, false);
                for (size_t i = 0; i < session->n_participants; i++)
                        session->participants[i].media.connected = false;
                if (session_is_in_media(session))
                        session_fail(phone, call, CALL_ERROR_MEDIA_FAILED, text);
                call->joined = false;
        }
        phone_settle(phone);
        return 0;
}

void phone_device_chosen(Phone *phone, DeviceKind kind)
{
        PhoneCall *call;

        DL_FOREACH (phone->calls, call) {
                SessionSettings *settings = &call->info.session.settings;
                char *const names[DEVICE_KIND_COUNT] = {
                        [DEVICE_MICROPHONE] = settings->microphone,
                        [DEVICE_SPEAKER] = settings->speaker,
                        [DEVICE_CAMERA] = settings->camera,
                };

                if (str_empty(names[kind]))
                        continue;
                names[kind][0] = '\0';
                call->unsaved = true;
        }
}
