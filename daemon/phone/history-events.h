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
/* Pages are about to be asked for, newest record first. */
void phone_history_pages_begin(Phone *phone);
/*
 * Whether the next page is to be asked for after this one, which has come for `cursor`. A page that
 * brings nothing new ends them, and so does HISTORY_PAGES_MAX.
 */
bool phone_history_pages_go_on(Phone *phone, const char *cursor, const ReplyHistory *page);
int phone_history_page(Phone *phone, const ReplyHistory *page); /* takes its records */
/* FORGOTTEN: records were deleted on another device. Returns 0 or -ENOMEM. */
int message_forgotten(Phone *phone, const Message *message);
