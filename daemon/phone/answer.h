/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The answer to a call.
 */

#include "phone/state.h"

/* Records the program of this device that has answered the call, or is about to. */
void call_handled_by(Phone *phone, PhoneCall *call, const char *client);
void call_answered_by(Phone *phone, PhoneCall *call, const HubRequest *request);
/*
 * Makes the call ongoing, with the data of `snapshot`. `event`: also sends OutgoingCallAccepted to
 * listeners.
 */
void call_answered(Phone *phone, PhoneCall *call, const CallSnapshot *snapshot, bool event);
