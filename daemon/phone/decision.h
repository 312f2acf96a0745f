/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Accept, reject, cancel and end: judged by the rules, and taken one after the other on each call.
 */

#include "phone/state.h"

/* The sentence that explains why this call does not allow a command; `call` may be NULL. */
void command_explain(const char *session_id, const PhoneCall *call, CallError error,
                     char text[static MESSAGE_TEXT_MAX + 1]);
void command_refuse(Phone *phone, HubRequest *request, const PhoneCall *call, CallError error);
/* The verdict of the table of methods for this method and program. */
MethodVerdict call_judge(const PhoneCall *call, CallMethod method, const char *client,
                         CallError *ret_error);
/* Whether this accept asks to join a call that is over here, or not known here (rule 11). */
bool accept_is_late(const HubRequest *request, const PhoneCall *call);
/* Decides now, or after the decisions on the same call that came before. */
void decision_add(Phone *phone, HubRequest *request);
void decisions_continue(Phone *phone, const char *session_id);
/*
 * An accept came before the cancel: turns the cancel into an end, so that nobody is heard (rule 6).
 */
void cancel_to_hangup(Phone *phone, const char *session_id);
void hub_requests_call_over(Phone *phone, const PhoneCall *call);
