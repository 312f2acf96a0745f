/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Requests to the hub: pending, or sent and without a reply. */

#include "phone/state.h"

/* The request has changed or is done: its stored copy goes. */
void hub_request_unsave(HubRequest *request);
const char *hub_request_state_to_string(HubRequestState state);
/* Moves the request to another state. Only we make moves, so an illegal one is our mistake. */
void hub_request_set_state(HubRequest *request, HubRequestState state);
bool hub_request_is_queued(const HubRequest *request); /* to be sent, or to be sent again */
bool hub_request_is_sent(const HubRequest *request);   /* on this connection, and not replied to */
/* A request from the reserve, about `session_id` (NULL: about no call), not queued yet. */
HubRequest *hub_request_new(Phone *phone, MessageType type, const char *session_id);
HubRequest *hub_request_free(HubRequest *request);
DEFINE_CLEANUP(HubRequest *, hub_request_free);
void hub_request_put_back(Phone *phone, HubRequest *request); /* takes the request, unchanged */
void hub_request_take(Phone *phone,
                      HubRequest *request); /* removes it from the list; the caller owns it then */
void hub_request_remove(Phone *phone, HubRequest *request);
/* Makes it a request of another type, about the same call. */
void hub_request_turn(HubRequest *request, MessageType type);
const char *hub_request_session_id(const HubRequest *request);
/* The first of that type about that call, or NULL. */
HubRequest *hub_request_find(Phone *phone, MessageType type, const char *session_id);
size_t hub_requests_waiting(const Phone *phone, MessageType type, const char *session_id);
int hub_request_copy(const HubRequest *request,
                     Message *ret); /* copies the message; 0 or -ENOMEM */
void hub_requests_drop_signals(Phone *phone, const PhoneCall *call);
/* Accept, reject, cancel, end. */
bool hub_request_decides(const HubRequest *request);
bool call_deciding(const Phone *phone, const PhoneCall *call); /* an accept or reject is pending */
