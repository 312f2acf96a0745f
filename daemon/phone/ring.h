/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The beginning of a call.
 */

#include "phone/state.h"

/*
 * Announces a call that programs have not seen, as one that was just placed or begins to ring. It
 * replaces a finished call of the same session. The calling function then applies the call's later
 * changes.
 */
int call_recreate(Phone *phone, const CallSnapshot *snapshot, PhoneCall **ret);
/* Reports to the hub that the ring has arrived, and whether this device may alert. */
void call_delivered(Phone *phone, PhoneCall *call);
void call_ring(Phone *phone, PhoneCall *call, bool resumed);
void call_member_ringing(Phone *phone, PhoneCall *call, usec_t ringing_since);
void call_silence(Phone *phone, PhoneCall *call);
