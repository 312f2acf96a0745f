/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Sending requests and acknowledgements to the hub. */

#include "phone/state.h"

/* Acknowledges events, if they have waited long enough for another message to ride on. */
void phone_acknowledge(Phone *phone);
void hub_request_add(Phone *phone, HubRequest *request); /* queues the request, which it takes */
void hub_request_ask(Phone *phone, MessageType type,
                     const char *session_id); /* makes one and queues it */
void hub_request_pump(Phone *phone);          /* sends as many as may be in flight */
