/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "exchange/media.h"

#include <errno.h>

#include "base/array.h"
#include "exchange/owed.h"
#include "exchange/user.h"

void exchange_call_count_joined(Call *call, usec_t now)
{
        size_t n = call->n_joined;
        const CallLeg *leg;

        DL_FOREACH2 (call->legs, leg, call_next) {
                if (n > 1)
                        break;
                n += leg->status == CALL_STATUS_ONGOING && !leg->media.joined && !leg->media.joins;
        }
        if (n > 1 || call->n_rings > 0 || !call_is_answered(call))
                call->alone_since = USEC_NEVER;
        else if (call->alone_since == USEC_NEVER)
                call->alone_since = now;
}

void exchange_leg_list_joined(CallLeg *leg)
{
        Call *call = leg->call;

        /* Every leg in the list has joined_prev: in utlist, that of the head is the tail. */
        if (leg->media.joined == (leg->joined_prev != NULL))
                return;
        leg->state_at = 0;
        if (leg->media.joined) {
                DL_APPEND2(call->joined, leg, joined_prev, joined_next);
                call->n_joined++;
        } else {
                DL_DELETE2(call->joined, leg, joined_prev, joined_next);
                leg->joined_prev = leg->joined_next = NULL;
                exchange_owed_forget(leg);
                call->n_joined--;
        }
}

const Attachment *exchange_leg_media_attachment(const CallLeg *leg)
{
        return leg->media.by_token ? leg->limited : leg->branches->device->attachment;
}

Participant exchange_leg_participant(const CallLeg *leg)
{
        Participant participant = {
                .party = exchange_user_party(leg->user, leg->device),
                .muted = leg->media.muted,
                .video_paused = leg->media.video_paused,
                .sharing = leg->media.sharing,
        };

        STR_SET(participant.id, leg->media.participant);
        return participant;
}

int exchange_leg_other_participants(const CallLeg *leg, Participant **ret, size_t *ret_n)
{
        size_t n = 0;
        Participant *others;
        const CallLeg *other;
        int r = ARRAY_NEW(&others, leg->call->n_joined);

        if (r < 0)
                return r;
        DL_FOREACH2 (leg->call->joined, other, joined_next) {
                if (other != leg)
                        others[n++] = exchange_leg_participant(other);
        }
        *ret = others;
        *ret_n = n;
        return 0;
}
