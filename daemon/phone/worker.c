/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "phone/state.h"

#include <errno.h>
#include <utlist.h>

#include "phone/action.h"
#include "phone/announce.h"
#include "phone/call.h"
#include "phone/handlers.h"
#include "phone/hub-send.h"
#include "phone/participant.h"
#include "phone/request.h"
#include "phone/session.h"
#include "phone/switches.h"

/* Finds the participant. Adds one that the daemon did not know when it adopted the worker. */
static int participant_of_worker(Phone *phone, PhoneCall *call, const char *id,
                                 SessionParticipant **ret)
{
        PhoneSession *session = &call->stored.session;
        Participant participant = {.party = *call_record_peer(&call->stored.record)};
        int r;

        *ret = participant_find(session, id);
        if (*ret || *session->own_id || STR_SET(participant.id, id) < 0)
                return 0;
        r = participant_add(phone, call, &participant, false);
        if (r < 0)
                return r;
        *ret = participant_find(session, id);
        return 0;
}

static bool media_is_same(const ParticipantMedia *a, const ParticipantMedia *b)
{
        return a->connected == b->connected && a->speaking == b->speaking &&
               a->picture == b->picture && str_eq(a->audio_node, b->audio_node) &&
               str_eq(a->video_node, b->video_node) &&
               str_eq(a->verification_code, b->verification_code) &&
               str_eq(a->not_verifiable, b->not_verifiable);
}

/* Whatever a worker finds out about somebody with whom no code may be exchanged does not count. */
static ParticipantMedia media_as_verified(const SessionParticipant *info,
                                          const ParticipantMedia *reported)
{
        ParticipantMedia media = *reported;

        if (info->unverified) {
                media.verification_code[0] = '\0';
                STR_SET(media.not_verifiable, info->media.not_verifiable);
        }
        return media;
}

int phone_take_worker_participant(Phone *phone, const char *session_id, const char *participant,
                                  const ParticipantMedia *reported)
{
        PhoneCall *call = call_find(phone, session_id);
        SessionParticipant *info = NULL;
        int r;

        if (call && call_has_joined(call)) {
                r = participant_of_worker(phone, call, participant, &info);
                if (r < 0)
                        return r;
        }
        if (!info)
                return 0;
        const ParticipantMedia media = media_as_verified(info, reported);
        if (!media_is_same(&info->media, &media)) {
                bool other_code = !str_eq(info->media.verification_code, media.verification_code) ||
                                  !str_eq(info->media.not_verifiable, media.not_verifiable);

                /* Changes of `speaking` are frequent, and not stored. */
                if (info->media.connected != media.connected)
                        call_touch(call);
                info->media = media;
                phone_act(phone, PHONE_SESSION_CHANGED, session_id)->properties =
                        PHONE_PROPERTY_PARTICIPANTS |
                        (other_code ? PHONE_PROPERTY_VERIFICATION_CODE : 0);
                participant_announce(phone, call, PHONE_PARTICIPANT_CHANGED, info);
                session_report_flows(phone, call);
        }
        return 0;
}

int phone_take_worker_signal(Phone *phone, const char *session_id, const char *peer,
                             const char *data)
{
        PhoneCall *call = call_find(phone, session_id);
        _cleanup_free_ char *copy = strdup(data);

        if (!copy)
                return -ENOMEM;
        bool room = hub_requests_waiting(phone, MESSAGE_SIGNAL, session_id) < SIGNALS_MAX;
        if (call && call_has_joined(call) && !room) {
                call->signals_lost = true;
        } else if (call && call_has_joined(call)) {
                HubRequest *request = hub_request_new(phone, MESSAGE_SIGNAL, session_id);

                STR_SET(request->message.signal.peer, peer);
                request->message.signal.data = TAKE_PTR(copy);
                hub_request_add(phone, request);
        }
        return 0;
}

/* The ongoing call of this worker; NULL: its reports no longer matter. */
static PhoneCall *session_of_worker(Phone *phone, const char *session_id)
{
        PhoneCall *call = call_find(phone, session_id);

        return call && call->media != CALL_MEDIA_NONE &&
                               call->stored.record.status == CALL_STATUS_ONGOING
                       ? call
                       : NULL;
}

static void session_adopt(Phone *phone, const char *session_id, SessionState state)
{
        PhoneCall *call = call_find(phone, session_id);

        if (!call || call->media != CALL_MEDIA_NONE || call->stored.unwanted ||
            !call->stored.answered_here || call->stored.record.status != CALL_STATUS_ONGOING ||
            call->stored.session.state != SESSION_IDLE)
                return;
        if (session_state_in_media(state))
                call_set_media(call, CALL_MEDIA_JOINED);
}

/*
 * Takes the first report of an adopted worker. If the worker is still joining, the answer to its
 * offer may have come while no daemon ran: so the device joins again. It does so, too, if the
 * worker has had no order to join.
 */
static void session_found(Phone *phone, PhoneCall *call, SessionState state)
{
        PhoneSession *session = &call->stored.session;
        bool is_open = session_state_in_media(state);

        call_set_media(call,
                       is_open || state == SESSION_FAILED ? CALL_MEDIA_JOINED : CALL_MEDIA_WARM);
        if (call_has_joined(call) && state != SESSION_JOINING)
                return;
        for (size_t i = 0; i < session->n_participants; i++)
                session->participants[i].media.connected = false;
        if (phone->connection == PHONE_ONLINE && !hub_request_joining(phone, call_id(call)))
                session_renew(phone, call);
}

void phone_take_worker_state(Phone *phone, const char *session_id, SessionState state)
{
        session_adopt(phone, session_id, state);
        PhoneCall *call = session_of_worker(phone, session_id);
        /* A warm worker reports idle; that is not the state of the session. */
        if (!call || !call_has_joined(call))
                return;
        if (call->media == CALL_MEDIA_ADOPTED)
                session_found(phone, call, state);
        if (state != SESSION_IDLE && state != SESSION_LEFT)
                session_set_state(phone, call, state);
        session_report_flows(phone, call);
}

static void switch_reported(Phone *phone, const char *session_id, SessionSwitch which, bool on)
{
        PhoneCall *call = session_of_worker(phone, session_id);

        if (call && call_has_joined(call))
                session_switch_reported(phone, call, which, on);
}

void phone_take_worker_muted(Phone *phone, const char *session_id, bool on)
{
        switch_reported(phone, session_id, SESSION_SWITCH_MUTE, on);
}

void phone_take_worker_paused(Phone *phone, const char *session_id, bool on)
{
        switch_reported(phone, session_id, SESSION_SWITCH_PAUSE, on);
}

void phone_take_worker_screen(Phone *phone, const char *session_id, bool on)
{
        switch_reported(phone, session_id, SESSION_SWITCH_SCREEN, on);
}

void phone_take_worker_microphone(Phone *phone, const char *session_id, bool there)
{
        PhoneCall *call = session_of_worker(phone, session_id);

        if (call && call_has_joined(call))
                session_microphone_reported(phone, call, there);
}

void phone_take_worker_answered(Phone *phone, const char *session_id, uint64_t serial)
{
        PhoneCall *call = session_of_worker(phone, session_id);

        if (call)
                session_switches_answered(phone, call, serial);
}

void phone_take_worker_error(Phone *phone, const char *session_id, CallError error,
                             const char *text)
{
        PhoneCall *call = session_of_worker(phone, session_id);

        /*
         * A worker of an earlier version, which was adopted, does not know every message: that is
         * no fault of the media.
         */
        if (call && error != CALL_ERROR_INVALID_ARGUMENT) {
                PhoneAction *action = phone_act(phone, PHONE_SESSION_ERROR, session_id);

                action->error = error;
                str_printable(action->text, sizeof(action->text), text);
        }
}

void phone_take_worker_cut(Phone *phone, const char *session_id)
{
        PhoneCall *call = session_of_worker(phone, session_id);

        if (call)
                session_worker_cut(phone, call);
}

void phone_take_worker_gone(Phone *phone, const char *session_id, const char *text, bool may_run)
{
        PhoneCall *call = call_find(phone, session_id);
        if (call && call->media != CALL_MEDIA_NONE) {
                PhoneSession *session = &call->stored.session;

                call_set_media(call, CALL_MEDIA_NONE);
                session_screen_gone(phone, call);
                if (may_run)
                        session_switches_lost(phone, call, text);
                else
                        session_switches_closed(phone, call);
                call->microphone_missing = false;
                for (size_t i = 0; i < session->n_participants; i++)
                        session->participants[i].media.connected = false;
                if (session_state_in_media(session->state))
                        session_fail(phone, call, CALL_ERROR_MEDIA_FAILED, text);
        }
}

void phone_device_chosen(Phone *phone, DeviceKind kind)
{
        PhoneCall *call;

        DL_FOREACH (phone->calls, call) {
                SessionSettings *settings = &call->stored.session.settings;
                char *const names[DEVICE_KIND_COUNT] = {
                        [DEVICE_MICROPHONE] = settings->microphone,
                        [DEVICE_SPEAKER] = settings->speaker,
                        [DEVICE_CAMERA] = settings->camera,
                };

                if (str_empty(names[kind]))
                        continue;
                names[kind][0] = '\0';
                call_touch(call);
        }
}
