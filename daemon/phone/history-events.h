/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Records and pages that come from the hub.
 */

#include "phone/state.h"

/*
 * Stores a history record from the hub. If the hub had lost the call, also ends the call as the
 * record says.
 */
int phone_history_news(Phone *phone, const CallRecord *record);
int phone_history_page(Phone *phone, const ReplyHistory *page); /* takes its records */
/* FORGOTTEN: records were deleted on another device. Returns 0 or -ENOMEM. */
int message_forgotten(Phone *phone, const Message *message);
