/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The other participants of a session.
 */

#include "phone/state.h"

/* Finds a participant by id; NULL: no such participant. */
SessionParticipant *participant_find(PhoneSession *session, const char *id);
void participants_clear(PhoneSession *session);
/* A time of a participant, or 0: none. */
typedef usec_t (*ParticipantTime)(const SessionParticipant *participant);
/* The one whose time comes first, or NULL. */
SessionParticipant *participant_first(const PhoneCall *call, ParticipantTime time);
/* That time, or USEC_NEVER. */
usec_t participant_first_time(const PhoneCall *call, ParticipantTime time);
/* Announces a signal of the session about one participant. */
void participant_announce(Phone *phone, const PhoneCall *call, PhoneActionType type,
                          const SessionParticipant *participant);
/* Announces what the participant sends now. */
void participant_announce_state(Phone *phone, PhoneCall *call, SessionParticipant *participant);
/* When a state is announced that came too soon after others, or USEC_NEVER. */
usec_t participants_deadline(const PhoneCall *call);
/* Announces one of these. Returns false if none is due. */
bool participants_due(Phone *phone, PhoneCall *call);
/* Announces the participants, and the verification code that depends on them. */
void participants_changed(Phone *phone, PhoneCall *call);
/* Returns 0 or -ENOMEM. */
int participant_add(Phone *phone, PhoneCall *call, const Participant *participant,
                    bool tell_worker);
bool participant_among(const char *id, const Participant *others, size_t n);
int participants_reset(Phone *phone, PhoneCall *call, const ReplyJoin *reply);
/* Whether media flow between this device and each of `others`. */
bool participants_connected(const PhoneSession *session, const Participant *others, size_t n);
