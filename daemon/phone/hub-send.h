/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Sending requests and acknowledgements to the hub. */

#include "phone/state.h"

/* Acknowledges events that no other message has acknowledged for ACK_DELAY_US or ACK_EVERY events.
 */
void phone_acknowledge(Phone *phone);
void hub_request_add(Phone *phone, HubRequest *request); /* queues the request, which it takes */
/* Makes a request and queues it. */
void hub_request_ask(Phone *phone, MessageType type, const char *session_id);
/*
 * Returns the last queued request of that type about that call, or a new one. The caller fills it
 * in, and then calls hub_request_pump().
 */
HubRequest *hub_request_merge(Phone *phone, MessageType type, const char *session_id);
void hub_request_pump(Phone *phone); /* sends queued requests while the limit in flight allows */
