/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "phone/handshake.h"

#include <stdio.h>

#include "phone/action.h"

#define NAME_SHOWN 100 /* bytes of a name in the sentence */

/* The uid is the hub's word: in a call between two it is the same person, whatever the uid. */
static const char *counted_as(const PhoneCall *call, const SessionParticipant *participant)
{
        bool is_group = call->stored.record.receiver_type == RECEIVER_TYPE_GROUP;

        return is_group ? participant->participant.party.uid : "";
}

static HandshakeCount *count_of(PhoneCall *call, const char *uid)
{
        for (size_t i = 0; i < call->n_handshakes; i++) {
                if (str_eq(call->handshakes[i].uid, uid))
                        return &call->handshakes[i];
        }
        if (call->n_handshakes == HANDSHAKE_USERS_MAX)
                return NULL;
        HandshakeCount *count = &call->handshakes[call->n_handshakes++];
        STR_SET(count->uid, uid);
        return count;
}

static void say_unverified(Phone *phone, const PhoneCall *call,
                           const SessionParticipant *participant)
{
        const Party *party = &participant->participant.party;
        PhoneAction *action = phone_act(phone, PHONE_SESSION_ERROR, call->stored.record.session_id);
        char name[NAME_SHOWN];

        str_printable(name, sizeof(name), str_empty(party->name) ? party->uid : party->name);
        action->error = CALL_ERROR_MEDIA_FAILED;
        snprintf(action->text, sizeof(action->text), "%s is not verifiable: %s", name,
                 participant->media.not_verifiable);
}

void handshake_begin(Phone *phone, PhoneCall *call, SessionParticipant *participant)
{
        HandshakeCount *count = count_of(call, counted_as(call, participant));
        unsigned n = count ? ++count->n : HANDSHAKES_MAX + 1;

        if (n <= HANDSHAKES_MAX)
                return;
        participant->unverified = true;
        snprintf(participant->media.not_verifiable, sizeof(participant->media.not_verifiable),
                 "more than %d connections in this call, so the code may have been guessed",
                 HANDSHAKES_MAX);
        if (n == HANDSHAKES_MAX + 1)
                say_unverified(phone, call, participant);
}
