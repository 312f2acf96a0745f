/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Sending requests and acknowledgements to the hub. */

#include "phone/state.h"

/* Acknowledges events, if they have waited long enough for another message to ride on. */
void phone_acknowledge(Phone *phone);
void hub_request_add(Phone *phone, HubRequest *request); /* queues the request, which it takes */
void hub_request_ask(Phone *phone, MessageType type,
                     const char *session_id); /* makes one and queues it */
/*
 * The last request of that type that waits to be sent, or a new one. The caller fills it in, and
 * then calls hub_request_pump().
 */
HubRequest *hub_request_merge(Phone *phone, MessageType type, const char *session_id);
void hub_request_pump(Phone *phone); /* sends as many as may be in flight */
