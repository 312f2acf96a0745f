/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <utlist.h>

#include "phone/internal.h"

static const char *line_id(const Line *line)
{
        return line->shown.record.session_id;
}

static void session_changed(Phone *phone, Line *line, uint32_t properties)
{
        line->unsaved = true;
        if (line->shown.has_session)
                phone_act(phone, PHONE_SESSION_CHANGED, line_id(line))->properties = properties;
}

bool session_is_in_media(const PhoneSession *session)
{
        return session->state == SESSION_JOINING || session->state == SESSION_CONNECTED ||
               session->state == SESSION_RECONNECTING;
}

void session_set_state(Phone *phone, Line *line, SessionState state)
{
        if (line->shown.session.state == state)
                return;
        line->shown.session.state = state;
        session_changed(phone, line, PHONE_PROPERTY_SESSION_STATE);
}

static bool session_is_video(const Line *line)
{
        const SessionSettings *settings = &line->shown.session.settings;

        return (settings->has_type ? settings->type : line->shown.record.type) == CALL_TYPE_VIDEO;
}

void session_choose_video(Line *line)
{
        PhoneSession *session = &line->shown.session;

        session->video_paused = !session_is_video(line) || session->settings.start_video_paused;
}

void session_choose_video_again(Phone *phone, Line *line)
{
        bool before = line->shown.session.video_paused;

        session_choose_video(line);
        if (line->shown.session.video_paused != before)
                session_changed(phone, line, PHONE_PROPERTY_VIDEO_PAUSED);
}

void session_open(Phone *phone, Line *line)
{
        line->shown.has_session = true;
        phone_act(phone, PHONE_SESSION_ADDED, line_id(line));
}

static void session_start_worker(Phone *phone, Line *line)
{
        if (line->worker)
                return;
        line->worker = true;
        phone_act(phone, PHONE_WORKER_START, line_id(line));
}

static void session_show_screen(Phone *phone, Line *line, bool on)
{
        if (line->shown.session.screen_sharing == on)
                return;
        line->shown.session.screen_sharing = on;
        session_changed(phone, line, PHONE_PROPERTY_SCREEN_SHARING);
}

static void session_stop_worker(Phone *phone, Line *line)
{
        session_show_screen(phone, line, false);
        line->joined = line->adopted = false;
        line->flows_said = false;
        line->signals_lost = false;
        errands_drop_signals(phone, line);
        if (!line->worker)
                return;
        line->worker = false;
        phone_act(phone, PHONE_WORKER_STOP, line_id(line));
}

void session_warm(Phone *phone, Line *line)
{
        const Line *other;

        /* One warm worker is enough: who answers another call waits for its start. */
        DL_FOREACH (phone->lines, other) {
                if (other->worker && !other->joined)
                        return;
        }
        session_start_worker(phone, line);
}

void session_begin(Phone *phone, Line *line, const char *join_token, Errand *errand)
{
        Line *other;

        DL_FOREACH (phone->lines, other) {
                if (other != line && !phone->parallel_media &&
                    session_is_in_media(&other->shown.session))
                        session_leave(phone, other);
        }
        /* A worker whose media failed is not asked to begin again. */
        if (line->joined)
                session_stop_worker(phone, line);
        session_set_state(phone, line, SESSION_JOINING);
        if (errand)
                errand_turn(errand, MESSAGE_JOIN);
        else
                errand = errand_new(phone, MESSAGE_JOIN, line_id(line));
        STR_SET(errand->message.join.token, join_token);
        errand->message.join.muted = line->shown.session.audio_muted;
        errand->message.join.video_paused = line->shown.session.video_paused;
        errand_add(phone, errand);
        session_start_worker(phone, line);
}

void session_renew(Phone *phone, Line *line)
{
        Errand *errand = errand_new(phone, MESSAGE_TOKEN, line_id(line));

        session_set_state(phone, line, SESSION_JOINING);
        errand->command = PHONE_COMMAND_JOIN;
        errand_add(phone, errand);
}

void session_close(Phone *phone, Line *line)
{
        PhoneSession *session = &line->shown.session;
        uint32_t properties = 0;

        session_stop_worker(phone, line);
        if (session->state != SESSION_IDLE && session->state != SESSION_LEFT)
                properties |= PHONE_PROPERTY_SESSION_STATE;
        if (session->n_participants > 0)
                properties |= PHONE_PROPERTY_PARTICIPANTS | PHONE_PROPERTY_VERIFICATION_CODE;
        if (session->state != SESSION_IDLE)
                session->state = SESSION_LEFT;
        participants_clear(session);
        if (properties)
                session_changed(phone, line, properties);
}

void session_leave(Phone *phone, Line *line)
{
        if (line->shown.session.state == SESSION_IDLE)
                line->shown.session.state = SESSION_LEFT;
        session_close(phone, line);
        errand_ask(phone, MESSAGE_LEAVE, line_id(line));
}

int session_joined(Phone *phone, Line *line, const ReplyJoin *reply)
{
        PhoneSession *session = &line->shown.session;
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
        r = participants_reset(phone, line, reply);
        if (r < 0)
                return r;

        STR_SET(session->own_id, reply->participant);
        line->joined = line->unsaved = true;
        session_start_worker(phone, line);
        PhoneAction *action = phone_act(phone, PHONE_WORKER_JOIN, line_id(line));
        action->join.reply = *reply;
        action->join.reply.others = TAKE_PTR(others);
        action->join.reply.ice_servers = TAKE_PTR(servers);
        action->join.settings = session->settings;
        action->join.muted = session->audio_muted;
        action->join.video = session_is_video(line) || !session->video_paused;
        action->join.video_paused = session->video_paused;
        return 0;
}

void session_fail(Phone *phone, Line *line, CallError error, const char *text)
{
        PhoneAction *action;

        line->joined = false;
        session_set_state(phone, line, SESSION_FAILED);
        session_tell_state(phone, line);
        action = phone_act(phone, PHONE_SESSION_ERROR, line_id(line));
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

static void session_ask_state(Phone *phone, Line *line)
{
        Errand *errand = errand_find_last(phone, MESSAGE_STATE, line_id(line));
        bool merged = errand && !errand->sent;

        if (!merged)
                errand = errand_new(phone, MESSAGE_STATE, line_id(line));
        const PhoneSession *session = &line->shown.session;

        errand->message.state.muted = session->audio_muted;
        errand->message.state.video_paused = session->video_paused && !session->screen_sharing;
        errand->message.state.sharing = session->screen_sharing;
        errand->message.state.media_flows = line->flows_said;
        if (!merged)
                errand_add(phone, errand);
}

void session_tell_state(Phone *phone, Line *line)
{
        bool flows = session_media_flows(&line->shown.session);

        if (flows == line->flows_said)
                return;
        line->flows_said = flows;
        session_ask_state(phone, line);
}

void session_mute(Phone *phone, Line *line, bool on)
{
        PhoneSession *session = &line->shown.session;

        if (session->audio_muted == on)
                return;
        session->audio_muted = on;
        session_changed(phone, line, PHONE_PROPERTY_AUDIO_MUTED);
        if (line->joined)
                phone_act(phone, PHONE_WORKER_MUTE, line_id(line))->on = on;
        if (session_is_in_media(session))
                session_ask_state(phone, line);
}

void session_pause_video(Phone *phone, Line *line, bool on)
{
        PhoneSession *session = &line->shown.session;

        if (session->video_paused == on)
                return;
        session->video_paused = on;
        session_changed(phone, line, PHONE_PROPERTY_VIDEO_PAUSED);
        if (line->joined)
                phone_act(phone, PHONE_WORKER_PAUSE, line_id(line))->on = on;
        if (session_is_in_media(session))
                session_ask_state(phone, line);
}

static void session_set_screen(Phone *phone, Line *line, bool on)
{
        PhoneSession *session = &line->shown.session;

        if (session->screen_sharing == on)
                return;
        session_show_screen(phone, line, on);
        if (session_is_in_media(session))
                session_ask_state(phone, line);
}

/* The call whose worker speaks, or NULL if nobody wants to hear it any more. */
static Line *session_of_worker(Phone *phone, const char *session_id)
{
        Line *line = line_find(phone, session_id);

        return line && line->worker && line->shown.record.status == CALL_STATUS_ONGOING ? line
                                                                                        : NULL;
}

static void session_adopt(Phone *phone, const char *session_id, SessionState state)
{
        Line *line = line_find(phone, session_id);

        if (!line || line->worker || line->unwanted || !line->shown.answered_here ||
            line->shown.record.status != CALL_STATUS_ONGOING ||
            line->shown.session.state != SESSION_IDLE)
                return;
        if (state == SESSION_JOINING || state == SESSION_CONNECTED || state == SESSION_RECONNECTING)
                line->worker = line->joined = true;
}

/*
 * The first word of an adopted worker. One that had come no further than joining may have been left
 * without an answer that came while no daemon was there.
 */
static void session_found(Phone *phone, Line *line, SessionState state)
{
        PhoneSession *session = &line->shown.session;

        line->adopted = false;
        if (state != SESSION_JOINING)
                return;
        for (size_t i = 0; i < session->n_participants; i++)
                session->participants[i].media.connected = false;
        if (phone->connection == PHONE_ONLINE)
                session_renew(phone, line);
}

int phone_worker_state(Phone *phone, const Instant *instant, const char *session_id,
                       SessionState state)
{
        int r;

        phone->instant = *instant;
        r = phone_reserve(phone, 1, 1);
        if (r < 0)
                return r;
        session_adopt(phone, session_id, state);
        Line *line = session_of_worker(phone, session_id);
        /* A warm worker is idle, and so says nothing of the session. */
        if (line && line->joined && state != SESSION_IDLE && state != SESSION_LEFT) {
                if (line->adopted)
                        session_found(phone, line, state);
                session_set_state(phone, line, state);
                session_tell_state(phone, line);
        }
        phone_settle(phone);
        return 0;
}

/* What it says of its devices. */
static int session_told(Phone *phone, const Instant *instant, const char *session_id, bool on,
                        void (*take)(Phone *phone, Line *line, bool on))
{
        int r;

        phone->instant = *instant;
        r = phone_reserve(phone, 1, 0);
        if (r < 0)
                return r;
        Line *line = session_of_worker(phone, session_id);
        if (line && line->joined)
                take(phone, line, on);
        phone_settle(phone);
        return 0;
}

static void session_is_muted(Phone *phone, Line *line, bool on)
{
        if (on)
                session_mute(phone, line, true);
        else if (line->shown.session.audio_muted)
                phone_act(phone, PHONE_WORKER_MUTE, line_id(line))->on = true;
}

int phone_worker_muted(Phone *phone, const Instant *instant, const char *session_id, bool on)
{
        return session_told(phone, instant, session_id, on, session_is_muted);
}

static void session_is_paused(Phone *phone, Line *line, bool on)
{
        if (on)
                session_pause_video(phone, line, true);
        else if (line->shown.session.video_paused)
                phone_act(phone, PHONE_WORKER_PAUSE, line_id(line))->on = true;
}

int phone_worker_paused(Phone *phone, const Instant *instant, const char *session_id, bool on)
{
        return session_told(phone, instant, session_id, on, session_is_paused);
}

int phone_worker_screen(Phone *phone, const Instant *instant, const char *session_id, bool on)
{
        return session_told(phone, instant, session_id, on, session_set_screen);
}

int phone_worker_error(Phone *phone, const Instant *instant, const char *session_id,
                       CallError error, const char *text)
{
        int r;

        phone->instant = *instant;
        r = phone_reserve(phone, 1, 0);
        if (r < 0)
                return r;
        Line *line = session_of_worker(phone, session_id);
        if (line) {
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
        r = phone_reserve(phone, 1, 0);
        if (r < 0)
                return r;
        Line *line = line_find(phone, session_id);
        if (line && line->worker) {
                PhoneSession *session = &line->shown.session;

                line->worker = false;
                session_show_screen(phone, line, false);
                for (size_t i = 0; i < session->n_participants; i++)
                        session->participants[i].media.connected = false;
                if (session_is_in_media(session))
                        session_fail(phone, line, CALL_ERROR_MEDIA_FAILED, text);
                line->joined = false;
        }
        phone_settle(phone);
        return 0;
}

void phone_device_chosen(Phone *phone, DeviceKind kind)
{
        Line *line;

        DL_FOREACH (phone->lines, line) {
                SessionSettings *settings = &line->shown.session.settings;
                char *const names[DEVICE_KIND_COUNT] = {
                        [DEVICE_MICROPHONE] = settings->microphone,
                        [DEVICE_SPEAKER] = settings->speaker,
                        [DEVICE_CAMERA] = settings->camera,
                };

                if (str_empty(names[kind]))
                        continue;
                names[kind][0] = '\0';
                line->unsaved = true;
        }
}
