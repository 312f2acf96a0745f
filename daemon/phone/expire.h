/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Requests whose command has timed out. */

#include "phone/state.h"

/* Ends the call of this request, which the hub no longer has. Returns 0 or -ENOMEM. */
int reply_unknown_call(Phone *phone, HubRequest *request);
/* The command of this request has timed out. Returns 0 or -ENOMEM. */
int hub_request_expire(Phone *phone, HubRequest *request);
