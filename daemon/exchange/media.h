/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The parties of a session's media.
 */

#include "exchange/state.h"

/*
 * Updates alone_since: the time since which the call is answered, no longer rings, and has at most
 * one party that is in the media or takes part without them.
 */
void exchange_call_count_joined(Call *call, usec_t now);
/* Adds the leg to the call's joined list, or removes it, according to leg->media. */
void exchange_leg_list_joined(CallLeg *leg);
/* The connection over which the leg's participant joined; NULL while it is away. */
const Attachment *exchange_leg_media_attachment(const CallLeg *leg);
Participant exchange_leg_participant(const CallLeg *leg);
/* The other participants. *ret is NULL if there are none. Returns 0 or -ENOMEM. */
int exchange_leg_other_participants(const CallLeg *leg, Participant **ret, size_t *ret_n);
