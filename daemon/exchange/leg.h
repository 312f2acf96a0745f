/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A leg: one party's part in a call.
 */

#include "exchange/state.h"

/* A new leg at the end of the call's; in no list of the user's yet. Returns 0 or -ENOMEM. */
int exchange_leg_new(Call *call, User *user, const char *uid, CallDirection direction,
                     CallLeg **ret);
/* Of a call that is not linked yet. */
void exchange_leg_free(CallLeg *leg);
/* Moves the leg to the list of the user's that its status asks for. */
void exchange_leg_enlist(CallLeg *leg);
void exchange_leg_unlist(CallLeg *leg);
/* Frees all that only a ringing or active party needs. */
void exchange_leg_release(Exchange *exchange, CallLeg *leg);
void exchange_leg_set(CallLeg *leg, CallStatus status, CallReason reason);
/* Sets what the rules make of an event that is possible for this leg. */
void exchange_leg_move(CallLeg *leg, CallEvent event);
/* Whether a member of a live group call who is not in it may still accept (rule 11). */
bool exchange_leg_may_join_late(const CallLeg *leg);
/* The user's leg that an initiate of that id has become the accept of, or NULL. */
CallLeg *exchange_user_merged(const User *user, const char *session_id);
