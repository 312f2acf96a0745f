/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The media of a call: joining, leaving, the worker; switches.h has mute and camera.
 */

#include "phone/state.h"

void session_set_state(Phone *phone, PhoneCall *call, SessionState state);
/* Starts a warm worker for the call, unless another call has one. */
void session_warm(Phone *phone, PhoneCall *call);
/*
 * Asks the hub to let this device join the media. `request`: a request taken out of the list, which
 * becomes the join; NULL: makes a new one. The device leaves the media of its other calls first.
 */
void session_begin(Phone *phone, PhoneCall *call, const char *join_token, HubRequest *request);
/* Asks the hub for a join token, to join the media again. */
void session_renew(Phone *phone, PhoneCall *call);
/* Ends the media on this device, and the worker. */
void session_close(Phone *phone, PhoneCall *call);
/* Takes the hub's reply to the join. Returns 0, -ENOMEM, or CALL_ERROR_MEDIA_FAILED. */
int session_joined(Phone *phone, PhoneCall *call, const ReplyJoin *reply);
/* Plans to renew the relays' credentials, which last for so long; 0: they need not be. */
void session_plan_relays(Phone *phone, PhoneCall *call, uint32_t lifetime_s);
/* It is time: asks the hub for new ones. */
void session_renew_relays(Phone *phone, PhoneCall *call);
/* The hub has refused that, for now: asks again later. */
void session_relays_refused(Phone *phone, PhoneCall *call);
/* The hub has sent them. Returns 0 or -ENOMEM. */
int session_take_relays(Phone *phone, PhoneCall *call, const ReplyRelays *relays);
void session_fail(Phone *phone, PhoneCall *call, CallError error, const char *text);
/* Reports to the hub whether media flow, if that has changed. */
void session_report_flows(Phone *phone, PhoneCall *call);
/* Tells the other participants what this one sends. */
void session_report_state(Phone *phone, PhoneCall *call);
/* Takes whether the worker has a microphone, and tells the others of a change. */
void session_microphone_reported(Phone *phone, PhoneCall *call, bool there);
