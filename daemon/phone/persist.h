/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What survives a restart goes to the store.
 */

#include "phone/state.h"

/* Returns 0 or -ENOMEM. */
int participants_copy(SessionParticipant **ret, const SessionParticipant *from, size_t n);
/* Whether the request is stored, so that it outlives this process. */
bool hub_request_survives(const HubRequest *request);
/* Tells the store what has changed; without memory it waits for the next event. */
void phone_keep(Phone *phone);
