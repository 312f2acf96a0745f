/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "phone/picture.h"

#include "phone/action.h"
#include "phone/media.h"
#include "phone/participant.h"

#define NAME_SHOWN 100 /* bytes of a name in the sentence */

/*
 * In an audio call nothing is awaited: a device that knows no pictures does not report that it
 * pauses them.
 */
static bool sends_picture(const PhoneCall *call, const SessionParticipant *other)
{
        return (session_is_video(call) && !other->participant.video_paused) ||
               other->participant.sharing;
}

static void await(SessionParticipant *other, bool sends, usec_t now)
{
        if (!sends || other->media.picture)
                other->picture_due = 0;
        /* What was reported stays so while the connection comes and goes. */
        else if (!other->media.connected && other->picture_due != USEC_NEVER)
                other->picture_due = 0;
        else if (other->media.connected && other->picture_due == 0)
                other->picture_due = now + PICTURE_LATE_US;
}

void pictures_await(const Phone *phone, PhoneCall *call)
{
        PhoneSession *session = &call->stored.session;

        for (size_t i = 0; i < session->n_participants; i++) {
                SessionParticipant *other = &session->participants[i];

                await(other, call->media == CALL_MEDIA_JOINED && sends_picture(call, other),
                      phone->instant.now);
        }
}

static usec_t picture_due(const SessionParticipant *other)
{
        return other->picture_due;
}

usec_t pictures_deadline(const PhoneCall *call)
{
        return participant_first_time(call, picture_due);
}

bool pictures_report(Phone *phone, PhoneCall *call)
{
        SessionParticipant *late = participant_first(call, picture_due);
        char name[NAME_SHOWN];
        const Party *party;
        PhoneAction *action;

        if (!late || late->picture_due > phone->instant.now)
                return false;
        party = &late->participant.party;
        str_printable(name, sizeof(name), str_empty(party->name) ? party->uid : party->name);
        late->picture_due = USEC_NEVER;
        action = phone_act(phone, PHONE_SESSION_ERROR, call->stored.record.session_id);
        action->error = CALL_ERROR_MEDIA_FAILED;
        snprintf(action->text, sizeof(action->text), "%s sends pictures, but none arrives", name);
        return true;
}
