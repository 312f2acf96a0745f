/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Accept, reject, cancel and end: judged by the rules, and taken one after the other on each call.
 */

#include "phone/state.h"

/* The sentence for a command that this call does not allow; `call` is NULL if there is none. */
void command_explain(const char *session_id, const PhoneCall *call, CallError error,
                     char text[static MESSAGE_TEXT_MAX + 1]);
void command_refuse(Phone *phone, HubRequest *request, const PhoneCall *call, CallError error);
/* What the table of methods says of this method by that program. */
MethodVerdict call_judge(const PhoneCall *call, CallMethod method, const char *client,
                         CallError *ret_error);
/* Asks to join a call that is over here, or is not here: rule 11. */
bool accept_is_late(const HubRequest *request, const PhoneCall *call);
/* Accept, reject, cancel, end: taken one after the other on each call. */
void decision_add(Phone *phone, HubRequest *request);
void decisions_go_on(Phone *phone, const char *session_id);
/* An accept was there before the cancel: whoever pressed that is never heard, rule 6. */
void decision_overtaken(Phone *phone, const char *session_id);
void hub_requests_call_over(Phone *phone, const PhoneCall *call);
