/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "phone/participant.h"

#include <errno.h>

#include "base/array.h"
#include "phone/action.h"
#include "phone/announce.h"
#include "phone/handshake.h"

SessionParticipant *participant_find(PhoneSession *session, const char *id)
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

void participant_announce(Phone *phone, const PhoneCall *call, PhoneActionType type,
                          const SessionParticipant *participant)
{
        phone_act(phone, type, call->stored.record.session_id)->participant = *participant;
}

SessionParticipant *participant_first(const PhoneCall *call, ParticipantTime time)
{
        const PhoneSession *session = &call->stored.session;
        SessionParticipant *first = NULL;

        for (size_t i = 0; i < session->n_participants; i++) {
                SessionParticipant *other = &session->participants[i];

                if (time(other) > 0 && (!first || time(other) < time(first)))
                        first = other;
        }
        return first;
}

usec_t participant_first_time(const PhoneCall *call, ParticipantTime time)
{
        const SessionParticipant *first = participant_first(call, time);

        return first ? time(first) : USEC_NEVER;
}

void participant_announce_state(Phone *phone, PhoneCall *call, SessionParticipant *participant)
{
        participant->state_due = 0;
        session_changed(phone, call, PHONE_PROPERTY_PARTICIPANTS);
        participant_announce(phone, call, PHONE_PARTICIPANT_CHANGED, participant);
}

static usec_t state_due(const SessionParticipant *participant)
{
        return participant->state_due;
}

usec_t participants_deadline(const PhoneCall *call)
{
        return participant_first_time(call, state_due);
}

bool participants_due(Phone *phone, PhoneCall *call)
{
        SessionParticipant *due = participant_first(call, state_due);

        if (!due || due->state_due > phone->instant.now)
                return false;
        participant_announce_state(phone, call, due);
        return true;
}

const char *phone_session_code(const PhoneSession *session)
{
        return session->n_participants == 1 ? session->participants[0].media.verification_code : "";
}

const char *phone_session_not_verifiable(const PhoneSession *session)
{
        return session->n_participants == 1 ? session->participants[0].media.not_verifiable : "";
}

void participants_changed(Phone *phone, PhoneCall *call)
{
        session_changed(phone, call,
                        PHONE_PROPERTY_PARTICIPANTS | PHONE_PROPERTY_VERIFICATION_CODE);
}

int participant_add(Phone *phone, PhoneCall *call, const Participant *participant, bool tell_worker)
{
        PhoneSession *session = &call->stored.session;
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
        if (tell_worker)
                handshake_begin(phone, call, more);
        participants_changed(phone, call);
        participant_announce(phone, call, PHONE_USER_JOINED, more);
        if (tell_worker)
                participant_announce(phone, call, PHONE_WORKER_PARTICIPANT_JOINED, more);
        return 0;
}

bool participant_among(const char *id, const Participant *others, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                if (str_eq(others[i].id, id))
                        return true;
        }
        return false;
}

int participants_reset(Phone *phone, PhoneCall *call, const ReplyJoin *reply)
{
        PhoneSession *session = &call->stored.session;
        size_t n = MIN_OF(reply->n_others, (size_t)PARTICIPANTS_MAX);
        SessionParticipant *participants;
        int r = ARRAY_NEW(&participants, n);

        if (r < 0)
                return r;
        for (size_t i = 0; i < n; i++) {
                participants[i].participant = reply->others[i];
                handshake_begin(phone, call, &participants[i]);
        }
        if (n > 0 || session->n_participants > 0)
                participants_changed(phone, call);
        for (size_t i = 0; i < session->n_participants; i++) {
                SessionParticipant *old = &session->participants[i];

                if (!participant_among(old->participant.id, reply->others, n))
                        participant_announce(phone, call, PHONE_USER_LEFT, old);
        }
        for (size_t i = 0; i < n; i++) {
                if (!participant_find(session, reply->others[i].id))
                        participant_announce(phone, call, PHONE_USER_JOINED, &participants[i]);
        }
        free(session->participants);
        session->participants = participants;
        session->n_participants = n;
        return 0;
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
