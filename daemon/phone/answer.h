/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A call is answered.
 */

#include "phone/state.h"

/* A program of this device has answered the call, or is about to. */
void call_handled_by(Phone *phone, PhoneCall *call, const char *client);
void call_answered_by(Phone *phone, PhoneCall *call, const HubRequest *request);
/* The call is answered, as `snapshot` says. `event`: announce it with OutgoingCallAccepted. */
void call_answered(Phone *phone, PhoneCall *call, const CallSnapshot *snapshot, bool event);
