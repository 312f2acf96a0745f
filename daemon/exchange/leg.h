/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A leg: one party's part in a call.
 */

#include "exchange/state.h"

/* Appends a leg to the call. It is in no list of its user yet. Returns 0 or -ENOMEM. */
int exchange_leg_new(Call *call, User *user, const char *uid, CallDirection direction,
                     CallLeg **ret);
/* The leg must have no branches, tokens or limited attachment. */
void exchange_leg_free(CallLeg *leg);
/* Nothing of the call is on any device of the user: they block its caller, or bar them (rule 9). */
static inline bool exchange_leg_is_hidden(const CallLeg *leg)
{
        return leg->blocked || leg->barred;
}
/* True for a caller who waits for an answer, and for a party that is in the answered call. */
bool exchange_leg_takes_part(const CallLeg *leg);
/* Moves the leg to its user's list for its status. */
void exchange_leg_enlist(CallLeg *leg);
void exchange_leg_unlist(CallLeg *leg);
/* Frees what only a ringing or active party needs. */
void exchange_leg_release(Exchange *exchange, CallLeg *leg);
void exchange_leg_set(CallLeg *leg, CallStatus status, CallReason reason);
/* Applies an event that the rules allow in the leg's status. */
void exchange_leg_move(CallLeg *leg, CallEvent event);
/* Can this member of a live group call, who is not in the call, still accept (rule 11)? */
bool exchange_leg_may_join_late(const CallLeg *leg);
