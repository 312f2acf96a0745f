/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Announcements to programs: objects, properties, signals, replies. */

#include "phone/state.h"

/* Announces the manager's changed properties. Call it before any signal. */
void phone_flush(Phone *phone);
void call_add(Phone *phone, PhoneCall *call);
void call_remove(Phone *phone, PhoneCall *call);
void call_changed(Phone *phone, PhoneCall *call, uint32_t properties);
/* Announces StatusChanged, after the manager's changed properties. */
void call_announce_status(Phone *phone, const PhoneCall *call, CallStatus old);
/* Announces the members at once, or, in a large group, at most every MEMBERS_CHANGED_US. */
void members_due(Phone *phone, PhoneCall *call);
/* These reply to the request's command, if one waits. */
void hub_request_succeed(Phone *phone, HubRequest *request);
void hub_request_fail(Phone *phone, HubRequest *request, CallError error, const char *text);
/* Ends a request to join: the session has been left meanwhile. */
void hub_request_left(Phone *phone, HubRequest *request);
const char *call_id(const PhoneCall *call);
/* Announces changed properties of the session. */
void session_changed(Phone *phone, PhoneCall *call, uint32_t properties);
void session_open(Phone *phone, PhoneCall *call); /* the Session interface appears */
