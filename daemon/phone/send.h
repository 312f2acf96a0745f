/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Requests and acknowledgements go to the hub.
 */

#include "phone/state.h"

/* Says which events have been taken, if that has waited long enough for a ride. */
void phone_acknowledge(Phone *phone);
void hub_request_add(Phone *phone, HubRequest *request);                      /* asks; takes it */
void hub_request_ask(Phone *phone, MessageType type, const char *session_id); /* the two together */
void hub_request_pump(Phone *phone); /* sends what can be sent now */
