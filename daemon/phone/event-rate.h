/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * How many events of the hub this device takes. Each costs programs on the session bus a few
 * messages, or the disk a record, so a hub that floods it is left and asked for them again later.
 * What a hub has queued for a device that was away is far below.
 *
 * What other participants of a session cause counts for them, never for the hub: nobody can make
 * this device leave it, and be rung no more.
 */

#include "phone/state.h"

/* Whether one more event may be taken now, and counts it if so. */
bool event_rate_allows(Phone *phone, MessageType type);
/* The same for what a participant causes, and for one that joins or leaves; if not, logs that. */
bool event_rate_allows_peer(const Phone *phone, const PhoneCall *call,
                            SessionParticipant *participant);
bool event_rate_allows_join(const Phone *phone, PhoneCall *call, const Participant *participant);
