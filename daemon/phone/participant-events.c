/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "phone/participant-events.h"

#include <errno.h>

#include "phone/action.h"
#include "phone/announce.h"
#include "phone/call.h"
#include "phone/event-rate.h"
#include "phone/participant.h"
#include "phone/session.h"

static void participant_left(Phone *phone, PhoneCall *call, SessionParticipant *participant)
{
        PhoneSession *session = &call->stored.session;
        SessionParticipant gone = *participant;

        *participant = session->participants[--session->n_participants];
        participants_changed(phone, call);
        participant_announce(phone, call, PHONE_USER_LEFT, &gone);
        if (call_has_joined(call))
                participant_announce(phone, call, PHONE_WORKER_PARTICIPANT_LEFT, &gone);
        session_report_flows(phone, call);
}

int participants_keep(Phone *phone, PhoneCall *call, const Participant *others, size_t n)
{
        PhoneSession *session = &call->stored.session;
        int r;

        /* Backwards, because a removal moves the last participant into the gap. */
        for (size_t i = session->n_participants; i-- > 0;) {
                if (participant_among(session->participants[i].participant.id, others, n))
                        continue;
                participant_left(phone, call, &session->participants[i]);
                r = phone_reserve(phone);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int participant_signalled(Phone *phone, PhoneCall *call, const MessageSignal *signal)
{
        /* Drop a signal from a former participant, or from before this device has joined. */
        SessionParticipant *from = participant_find(&call->stored.session, signal->peer);
        if (!call_has_joined(call) || !from || !event_rate_allows_peer(phone, call, from))
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
        if (event_rate_allows_peer(phone, call, participant))
                participant_announce_state(phone, call, participant);
        else if (!participant->state_due)
                participant->state_due = phone->instant.now + PEER_STATE_LATE_US;
}

int participants_message(Phone *phone, const Message *message)
{
        /* All these messages begin with the session id. */
        const Participant *news = &message->participant.participant;
        PhoneCall *call = call_find(phone, message->type == MESSAGE_SIGNALLED
                                                   ? message->signal.session_id
                                                   : message->participant.session_id);

        if (!call || call->stored.record.status != CALL_STATUS_ONGOING)
                return 0;
        if (message->type == MESSAGE_SIGNALLED)
                return participant_signalled(phone, call, &message->signal);
        if (message->type == MESSAGE_JOINED)
                return event_rate_allows_join(phone, call, news)
                               ? participant_add(phone, call, news, call_has_joined(call))
                               : 0;

        /* This device itself has left: another connection of its party has joined (rule 18). */
        if (message->type == MESSAGE_LEFT && call_has_joined(call) &&
            str_eq(call->stored.session.own_id, news->id)) {
                session_close(phone, call);
                return 0;
        }
        SessionParticipant *participant = participant_find(&call->stored.session, news->id);
        if (!participant)
                return 0;
        if (message->type == MESSAGE_LEFT && event_rate_allows_join(phone, call, news))
                participant_left(phone, call, participant);
        else if (message->type == MESSAGE_PARTICIPANT)
                participant_changed(phone, call, participant, news);
        return 0;
}
