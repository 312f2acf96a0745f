/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A call ends.
 */

#include "phone/state.h"

/* Clears what belongs to a ring. Returns the changed properties. */
uint32_t call_stop_ringing(PhoneCall *call);
/* The call has ended, as the hub says. An end that the rules do not allow is ignored. */
void call_over(Phone *phone, PhoneCall *call, const MessageOver *over);
/* Likewise, as its history record says. Returns 0 or -ENOMEM. */
int call_over_by_record(Phone *phone, PhoneCall *call, const CallRecord *record);
/* The call ends on this device's own account, with a history record. Returns 0 or -ENOMEM. */
int call_end_here(Phone *phone, PhoneCall *call, CallEvent event, CallReason reason);
/* Likewise, without one: the hub has a record, or had one that was deleted. */
int call_end_unrecorded(Phone *phone, PhoneCall *call, CallEvent event);
