/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Records and pages that come from the hub.
 */

#include "phone/state.h"

/* A record as the hub has it: of a call that it did not know it says how that ended. */
int phone_history_news(Phone *phone, const CallRecord *record);
int phone_history_page(Phone *phone, const ReplyHistory *page);
/* FORGOTTEN: records were deleted on another device. Returns 0 or -ENOMEM. */
int message_forgotten(Phone *phone, const MessageSessions *sessions);
