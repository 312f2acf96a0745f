/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Calls and requests that survive a restart go to the store. */

#include "phone/state.h"

/* Whether the request is stored, so that the next daemon sends it. */
bool hub_request_survives(const HubRequest *request);
/* Stores changed calls and requests. When out of memory, the next input tries again. */
void phone_keep(Phone *phone);
