/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A call begins.
 */

#include "phone/state.h"

/*
 * A call that was never announced: it appears as just placed or beginning to ring, in place of a
 * finished call of the same session. The caller applies what has happened to it since.
 */
int call_recreate(Phone *phone, const CallSnapshot *snapshot, PhoneCall **ret);
void call_delivered(Phone *phone,
                    PhoneCall *call); /* reports the ring to the hub, and whether it will alert */
void call_ring(Phone *phone, PhoneCall *call, bool resumed);
void call_member_ringing(Phone *phone, PhoneCall *call, usec_t ringing_since);
void call_silence(Phone *phone, PhoneCall *call);
