/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A call ends.
 */

#include "phone/state.h"

/* Ends what a ring shows here. Returns the properties that this changes. */
uint32_t call_stop_ringing(PhoneCall *call);
/* How it ended, by the hub's word. What the rules do not allow changes nothing. */
void call_over(Phone *phone, PhoneCall *call, const MessageOver *over);
/* Likewise, by what history says of it. Returns 0 or -ENOMEM. */
int call_over_by_record(Phone *phone, PhoneCall *call, const CallRecord *record);
/* It ended, by our own: history is told as well. Returns 0 or -ENOMEM. */
int call_end_here(Phone *phone, PhoneCall *call, CallEvent event, CallReason reason);
/* Likewise, but the hub has a record of it, or had one that was deleted: history is not told. */
int call_end_unrecorded(Phone *phone, PhoneCall *call, CallEvent event);
