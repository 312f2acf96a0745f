/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "phone/event-rate.h"

#include "base/bucket.h"
#include "base/log.h"

static bool takes(usec_t *bucket, usec_t now, unsigned per_s, usec_t burst)
{
        return bucket_take(bucket, now, USEC_PER_SEC / per_s, burst) == 0;
}

/* What other participants of a session cause. */
static bool is_of_peers(MessageType type)
{
        return type == MESSAGE_SIGNALLED || type == MESSAGE_JOINED || type == MESSAGE_LEFT ||
               type == MESSAGE_PARTICIPANT;
}

bool event_rate_allows(Phone *phone, MessageType type)
{
        usec_t now = phone->instant.now;

        if (is_of_peers(type))
                return takes(&phone->peers_bucket, now, PEERS_EVENTS_PER_S, PEERS_EVENTS_BURST);
        /* Another device may mark or delete a whole history at once. */
        return type == MESSAGE_LOGGED
                       ? takes(&phone->logged_bucket, now, HUB_EVENTS_PER_S, HUB_LOGGED_BURST)
                       : takes(&phone->events_bucket, now, HUB_EVENTS_PER_S, HUB_EVENTS_BURST);
}

static bool allows(bool allowed, const PhoneCall *call, const char *uid)
{
        if (!allowed)
                log_fields(LOG_WARNING, "a participant causes too much, which is dropped",
                           "SESSION_ID=%s", call->stored.record.session_id, "PEER=%s", uid, NULL);
        return allowed;
}

bool event_rate_allows_peer(const Phone *phone, const PhoneCall *call,
                            SessionParticipant *participant)
{
        return allows(takes(&participant->events_bucket, phone->instant.now, PEER_EVENTS_PER_S,
                            PEER_EVENTS_BURST),
                      call, participant->participant.party.uid);
}

bool event_rate_allows_join(const Phone *phone, PhoneCall *call, const Participant *participant)
{
        usec_t wait = bucket_take(&call->joins_bucket, phone->instant.now, PEER_JOINS_SPACING_US,
                                  PEER_JOINS_BURST);

        return allows(wait == 0, call, participant->party.uid);
}
