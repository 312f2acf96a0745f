/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The decisions accept, reject, cancel and end. The rules say whether a call allows a decision. The
 * decisions on one call go to the hub one after the other.
 */

#include "phone/state.h"

/* Writes a sentence: why this call does not allow a command. `call` NULL: there is no such call. */
void command_explain(const char *session_id, const PhoneCall *call, CallError error,
                     char text[static MESSAGE_TEXT_MAX + 1]);
void command_refuse(Phone *phone, HubRequest *request, const PhoneCall *call, CallError error);
/* The verdict of rules_method() on this call, for this method and program. */
MethodVerdict call_judge(const PhoneCall *call, CallMethod method, const char *client,
                         CallError *ret_error);
/* Whether this accept asks to join a call that is over or unknown on this device (rule 11). */
bool accept_is_late(const HubRequest *request, const PhoneCall *call);
/*
 * What the user has asked for since holds for an accept of the call that is still on its way, too:
 * not to join its media, or how to.
 */
void accept_withdrawn(Phone *phone, const PhoneCall *call);
void accept_muted(Phone *phone, const PhoneCall *call, bool on);
void accept_paused(Phone *phone, const PhoneCall *call, bool on);
/* Carries the decision out now, or after the earlier decisions on its call. */
void decision_add(Phone *phone, HubRequest *request);
void decisions_continue(Phone *phone, const char *session_id);
/*
 * The call was answered before its cancel reached the hub: turns the cancel into an end (rule 6).
 */
void cancel_to_hangup(Phone *phone, const char *session_id);
void hub_requests_call_over(Phone *phone, const PhoneCall *call);
