/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Messages that one user's requests have put in line for an attachment, and that its device has not
 * acknowledged. The sender pays: beyond the limits the sender's signals are refused, and their news
 * is owed (news.h). The receiver loses nothing.
 */

#include "exchange/state.h"

/* Is there room for so many bytes more from `uid`? If the device is away (NULL), there is. */
bool exchange_flow_has_room(const Attachment *attachment, const char *uid, size_t bytes);
/*
 * The same for news of the user as a participant, which has a reserve beyond the signals' limit. So
 * while news is owed there is no room for a signal either, which would overtake it.
 */
bool exchange_flow_has_room_for_news(const Attachment *attachment, const char *uid);
/* The number of messages of `uid` in line. */
uint32_t exchange_flow_length(const Attachment *attachment, const char *uid);
/* Returns 0 or -ENOMEM. */
int exchange_flow_add(Attachment *attachment, const char *uid, size_t bytes);
void exchange_flow_take(Attachment *attachment, const char *uid, size_t bytes);
void exchange_flows_free(Attachment *attachment);
