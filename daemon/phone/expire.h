/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Requests whose command has waited too long. */

#include "phone/state.h"

/* The hub no longer has the call of this request, so it is over. Returns 0 or -ENOMEM. */
int reply_unknown_call(Phone *phone, HubRequest *request);
/* The command of this request has waited too long. Returns 0 or -ENOMEM. */
int hub_request_expire(Phone *phone, HubRequest *request);
