/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Records and pages that come from the hub.
 */

#include "phone/state.h"

/*
 * Takes a history record from the hub. For a call that the hub had lost, the record tells how it
 * ended.
 */
int phone_history_news(Phone *phone, const CallRecord *record);
int phone_history_page(Phone *phone, const ReplyHistory *page); /* takes its records */
/* FORGOTTEN: records were deleted on another device. Returns 0 or -ENOMEM. */
int message_forgotten(Phone *phone, const Message *message);
