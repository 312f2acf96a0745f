/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Requests to the hub that are queued, or sent and not replied to. */

#include "phone/state.h"

/* Drops the stored copy of a request that has changed or is done. */
void hub_request_unsave(HubRequest *request);
const char *hub_request_state_to_string(HubRequestState state);
/* Changes the state. An illegal change is our bug: it fails an assertion. */
void hub_request_set_state(HubRequest *request, HubRequestState state);
bool hub_request_is_queued(const HubRequest *request); /* waits to be sent, or sent again */
bool hub_request_is_sent(const HubRequest *request);   /* on this connection, without a reply yet */
/* Takes a request from the reserve. `session_id` NULL: it is about no call. Not queued yet. */
HubRequest *hub_request_new(Phone *phone, MessageType type, const char *session_id);
HubRequest *hub_request_free(HubRequest *request);
DEFINE_CLEANUP(HubRequest *, hub_request_free);
/* Appends the request, unchanged, to the list, which owns it then. */
void hub_request_put_back(Phone *phone, HubRequest *request);
/* Takes the request out of the list; the caller owns it then. */
void hub_request_take(Phone *phone, HubRequest *request);
void hub_request_remove(Phone *phone, HubRequest *request);
/* Turns the request into a queued one of another type, about the same call. */
void hub_request_turn(HubRequest *request, MessageType type);
const char *hub_request_session_id(const HubRequest *request);
/* The first request of that type about that call that is not held, or NULL. */
HubRequest *hub_request_find(Phone *phone, MessageType type, const char *session_id);
/* Whether there is such a one for a join or a token, whoever wants the token. */
bool hub_request_joining(Phone *phone, const char *session_id);
size_t hub_requests_waiting(const Phone *phone, MessageType type, const char *session_id);
/* Copies the message. Returns 0 or -ENOMEM. */
int hub_request_copy(const HubRequest *request, Message *ret);
void hub_requests_drop_signals(Phone *phone, const PhoneCall *call);
/* Whether it is an accept, reject, cancel or end. */
bool hub_request_decides(const HubRequest *request);
/* Whether it is a join, or asks for the token of one. */
bool hub_request_joins(const HubRequest *request);
/* Whether a program's accept or reject of the call waits for the hub. */
bool call_deciding(const Phone *phone, const PhoneCall *call);
