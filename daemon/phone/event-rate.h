/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * How many events of the hub this device takes. Each costs programs on the session bus a few
 * messages, or the disk a record, so a hub that floods it is left and asked for them again later.
 * What a hub has queued for a device that was away, and all that happens in the largest call, is
 * far below.
 */

#include "phone/state.h"

/* Whether one more event may be taken now, and counts it if so. */
bool event_rate_allows(Phone *phone, MessageType type);
