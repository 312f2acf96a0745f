/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Requests to the hub that are on their way, or wait to be sent.
 */

#include "phone/state.h"

/* The request is another now, or none any more. */
void hub_request_unsave(HubRequest *request);
/* A request from the reserve, about `session_id` (NULL: about no call), not asked yet. */
HubRequest *hub_request_new(Phone *phone, MessageType type, const char *session_id);
HubRequest *hub_request_free(HubRequest *request);
DEFINE_CLEANUP(HubRequest *, hub_request_free);
void hub_request_put_back(Phone *phone, HubRequest *request); /* takes it, as it is */
void hub_request_take(Phone *phone, HubRequest *request);     /* out of the list: the caller's */
void hub_request_remove(Phone *phone, HubRequest *request);
/* Makes another one of it, about the same call, to be asked anew. */
void hub_request_turn(HubRequest *request, MessageType type);
const char *hub_request_session_id(const HubRequest *request);
/* Of that type, about that call; NULL if there is none. */
HubRequest *hub_request_find(Phone *phone, MessageType type, const char *session_id);
/* The last that was asked: what it says is what holds in the end. */
HubRequest *hub_request_find_last(Phone *phone, MessageType type, const char *session_id);
size_t hub_requests_waiting(const Phone *phone, MessageType type, const char *session_id);
int hub_request_copy(const HubRequest *request, Message *ret); /* its message; 0 or -ENOMEM */
void hub_requests_drop_signals(Phone *phone, const PhoneCall *call);
/* Accept, reject, cancel, end. */
bool hub_request_decides(const HubRequest *request);
bool call_deciding(const Phone *phone, const PhoneCall *call); /* accept or reject is on its way */
