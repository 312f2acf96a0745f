/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A call begins.
 */

#include "phone/state.h"

/*
 * A call that nobody was told of: it appears as one that was just placed or begins to ring, in
 * place of one of the same session that is over here. What has become of it since comes after.
 */
int call_anew(Phone *phone, const CallSnapshot *snapshot, PhoneCall **ret);
void call_delivered(Phone *phone, PhoneCall *call); /* tells the hub, and whether it will alert */
void call_ring(Phone *phone, PhoneCall *call, bool resumed);
void call_member_ringing(Phone *phone, PhoneCall *call, usec_t ringing_since);
void call_silence(Phone *phone, PhoneCall *call);
