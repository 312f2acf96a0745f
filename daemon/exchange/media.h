/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The parties of a session's media.
 */

#include "exchange/state.h"

/* Counts the parties that joined or need not, and notes since when the call has been left alone. */
void exchange_call_count_joined(Call *call, usec_t now);
/* Puts the leg in the list of the joined, or takes it out, as leg->media says. */
void exchange_leg_list_joined(CallLeg *leg);
/* The connection by which the leg's participant takes part; NULL while it is away. */
const Attachment *exchange_leg_media_attachment(const CallLeg *leg);
Participant exchange_leg_participant(const CallLeg *leg);
/* The joined parties besides this leg. *ret is NULL when there are none. Returns 0 or -ENOMEM. */
int exchange_leg_others(const CallLeg *leg, Participant **ret, size_t *ret_n);
