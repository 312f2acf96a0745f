/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdlib.h>

#include "phone/internal.h"

static SessionParticipant *participant_find(PhoneSession *session, const char *id)
{
        for (size_t i = 0; i < session->n_participants; i++) {
                if (str_eq(session->participants[i].participant.id, id))
                        return &session->participants[i];
        }
        return NULL;
}

void participants_clear(PhoneSession *session)
{
        free(session->participants);
        session->participants = NULL;
        session->n_participants = 0;
        *session->own_id = '\0';
}

static void participant_say(Phone *phone, const PhoneCall *call, PhoneActionType type,
                            const SessionParticipant *participant)
{
        phone_act(phone, type, call->info.record.session_id)->participant = *participant;
}

const char *phone_session_code(const PhoneSession *session)
{
        return session->n_participants == 1 ? session->participants[0].media.verification_code : "";
}

static void participants_told(Phone *phone, PhoneCall *call, uint32_t properties)
{
        call->unsaved = true;
        phone_act(phone, PHONE_SESSION_CHANGED, call->info.record.session_id)->properties =
                properties;
}

static void participants_changed(Phone *phone, PhoneCall *call)
{
        participants_told(phone, call,
                          PHONE_PROPERTY_PARTICIPANTS | PHONE_PROPERTY_VERIFICATION_CODE);
}

static int participant_add(Phone *phone, PhoneCall *call, const Participant *participant,
                           bool tell_worker)
{
        PhoneSession *session = &call->info.session;
        SessionParticipant *more;

        if (session->n_participants >= PARTICIPANTS_MAX ||
            participant_find(session, participant->id))
                return 0;
        more = reallocarray(session->participants, session->n_participants + 1, sizeof(*more));
        if (!more)
                return -ENOMEM;
        session->participants = more;
        more += session->n_participants++;
        *more = (SessionParticipant){.participant = *participant};
        participants_changed(phone, call);
        participant_say(phone, call, PHONE_USER_JOINED, more);
        if (tell_worker)
                participant_say(phone, call, PHONE_WORKER_PARTICIPANT_JOINED, more);
        return 0;
}

static bool participant_among(const char *id, const Participant *others, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                if (str_eq(others[i].id, id))
                        return true;
        }
        return false;
}

int participants_reset(Phone *phone, PhoneCall *call, const ReplyJoin *reply)
{
        PhoneSession *session = &call->info.session;
        size_t n = MIN_OF(reply->n_others, (size_t)PARTICIPANTS_MAX);
        SessionParticipant *participants = NULL;

        if (n > 0) {
                participants = calloc(n, sizeof(*participants));
                if (!participants)
                        return -ENOMEM;
        }
        for (size_t i = 0; i < n; i++)
                participants[i].participant = reply->others[i];
        if (n > 0 || session->n_participants > 0)
                participants_changed(phone, call);
        for (size_t i = 0; i < session->n_participants; i++) {
                SessionParticipant *old = &session->participants[i];

                if (!participant_among(old->participant.id, reply->others, n))
                        participant_say(phone, call, PHONE_USER_LEFT, old);
        }
        for (size_t i = 0; i < n; i++) {
                if (!participant_find(session, reply->others[i].id))
                        participant_say(phone, call, PHONE_USER_JOINED, &participants[i]);
        }
        free(session->participants);
        session->participants = participants;
        session->n_participants = n;
        return 0;
}

static void participant_left(Phone *phone, PhoneCall *call, SessionParticipant *participant)
{
        PhoneSession *session = &call->info.session;
        SessionParticipant gone = *participant;

        *participant = session->participants[--session->n_participants];
        participants_changed(phone, call);
        participant_say(phone, call, PHONE_USER_LEFT, &gone);
        if (call->joined)
                participant_say(phone, call, PHONE_WORKER_PARTICIPANT_LEFT, &gone);
        session_tell_state(phone, call);
}

bool participants_connected(const PhoneSession *session, const Participant *others, size_t n)
{
        size_t n_known = 0;

        for (size_t i = 0; i < session->n_participants; i++) {
                const SessionParticipant *participant = &session->participants[i];
                bool known = participant_among(participant->participant.id, others, n);

                n_known += known;
                if (known && !participant->media.connected)
                        return false;
        }
        return n_known == n;
}

void participants_keep(Phone *phone, PhoneCall *call, const Participant *others, size_t n)
{
        PhoneSession *session = &call->info.session;

        /* Backwards: who leaves is replaced by the last one. */
        for (size_t i = session->n_participants; i-- > 0;) {
                if (!participant_among(session->participants[i].participant.id, others, n))
                        participant_left(phone, call, &session->participants[i]);
        }
}

static int participant_signalled(Phone *phone, PhoneCall *call, const MessageSignal *signal)
{
        /* Of an old participant, or before this device has joined: nobody is there to take it. */
        if (!call->joined || !participant_find(&call->info.session, signal->peer))
                return 0;

        char *data = strdup(signal->data);
        if (!data)
                return -ENOMEM;
        PhoneAction *action = phone_act(phone, PHONE_WORKER_SIGNAL, signal->session_id);
        action->message = (Message){.type = MESSAGE_SIGNALLED, .signal = *signal};
        action->message.signal.data = data;
        return 0;
}

static void participant_changed(Phone *phone, PhoneCall *call, SessionParticipant *participant,
                                const Participant *news)
{
        Participant *known = &participant->participant;

        if (known->muted == news->muted && known->video_paused == news->video_paused &&
            known->sharing == news->sharing)
                return;
        known->muted = news->muted;
        known->video_paused = news->video_paused;
        known->sharing = news->sharing;
        participants_told(phone, call, PHONE_PROPERTY_PARTICIPANTS);
        participant_say(phone, call, PHONE_PARTICIPANT_CHANGED, participant);
}

int participants_message(Phone *phone, const Message *message)
{
        /* A signal's session id stands where a participant's does. */
        const Participant *news = &message->participant.participant;
        PhoneCall *call = call_find(phone, message->type == MESSAGE_SIGNALLED
                                                   ? message->signal.session_id
                                                   : message->participant.session_id);

        if (!call || call->info.record.status != CALL_STATUS_ONGOING)
                return 0;
        if (message->type == MESSAGE_SIGNALLED)
                return participant_signalled(phone, call, &message->signal);
        if (message->type == MESSAGE_JOINED)
                return participant_add(phone, call, news, call->joined);

        /* Of ourselves: another connection of this party has joined (rule 18). */
        if (message->type == MESSAGE_LEFT && call->joined &&
            str_eq(call->info.session.own_id, news->id)) {
                session_close(phone, call);
                return 0;
        }
        SessionParticipant *participant = participant_find(&call->info.session, news->id);
        if (!participant)
                return 0;
        if (message->type == MESSAGE_LEFT)
                participant_left(phone, call, participant);
        else
                participant_changed(phone, call, participant, news);
        return 0;
}

/* The participant, who is new to a daemon that has just adopted the worker. */
static int participant_of_worker(Phone *phone, PhoneCall *call, const char *id,
                                 SessionParticipant **ret)
{
        PhoneSession *session = &call->info.session;
        Participant participant = {.party = *call_record_peer(&call->info.record)};
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
               str_eq(a->verification_code, b->verification_code);
}

int phone_worker_participant(Phone *phone, const Now *instant, const char *session_id,
                             const char *participant, const ParticipantMedia *media)
{
        PhoneCall *call = call_find(phone, session_id);
        SessionParticipant *info = NULL;
        int r;

        phone->instant = *instant;
        r = phone_reserve(phone, 1, 0);
        if (r < 0)
                return r;
        if (call && call->joined) {
                r = participant_of_worker(phone, call, participant, &info);
                if (r < 0)
                        return r;
        }
        if (info && !media_is_same(&info->media, media)) {
                /* Who speaks changes all the time, and is not worth the store's while. */
                bool unsaved = call->unsaved || info->media.connected != media->connected;
                bool other_code = !str_eq(info->media.verification_code, media->verification_code);

                info->media = *media;
                participants_told(phone, call,
                                  PHONE_PROPERTY_PARTICIPANTS |
                                          (other_code ? PHONE_PROPERTY_VERIFICATION_CODE : 0));
                call->unsaved = unsaved;
                participant_say(phone, call, PHONE_PARTICIPANT_CHANGED, info);
                session_tell_state(phone, call);
        }
        phone_settle(phone);
        return 0;
}

int phone_worker_signal(Phone *phone, const Now *instant, const char *session_id, const char *peer,
                        const char *data)
{
        PhoneCall *call = call_find(phone, session_id);
        _cleanup_free_ char *copy = strdup(data);
        int r;

        if (!copy)
                return -ENOMEM;
        phone->instant = *instant;
        r = phone_reserve(phone, 1, 0);
        if (r < 0)
                return r;
        bool room = hub_requests_waiting(phone, MESSAGE_SIGNAL, session_id) < SIGNALS_MAX;
        if (call && call->joined && !room) {
                call->signals_lost = true;
        } else if (call && call->joined) {
                HubRequest *request = hub_request_new(phone, MESSAGE_SIGNAL, session_id);

                STR_SET(request->message.signal.peer, peer);
                request->message.signal.data = TAKE_PTR(copy);
                hub_request_add(phone, request);
        }
        phone_settle(phone);
        return 0;
}
