/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The end of a call.
 */

#include "phone/state.h"

/* Clears the fields that hold while the call rings. Returns the changed properties. */
uint32_t call_stop_ringing(PhoneCall *call);
/* Ends the call as the hub's message says. Ignores an end that the rules do not allow. */
void call_over(Phone *phone, PhoneCall *call, const MessageOver *over);
/* Ends the call as its history record says. Returns 0 or -ENOMEM. */
int call_over_by_record(Phone *phone, PhoneCall *call, const CallRecord *record);
/* Ends the call by a decision of this device, with a history record. Returns 0 or -ENOMEM. */
int call_end_here(Phone *phone, PhoneCall *call, CallEvent event, CallReason reason);
/* As call_end_here(), without a history record: the user has deleted it, or the hub has it. */
int call_end_unrecorded(Phone *phone, PhoneCall *call, CallEvent event);
