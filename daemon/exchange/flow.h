/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What one user's requests have put in line for an attachment, and its device has not taken yet.
 * Who sends pays: beyond the limits the sender's signals are refused, and its news are
 * owed (news.h); the receiver is left in peace.
 */

#include "exchange/state.h"

/* Has `uid` room for a message of so many bytes in the line to this attachment? NULL: away. */
bool exchange_flow_has_room(const Attachment *attachment, const char *uid, size_t bytes);
/*
 * The same for news of the user as a participant, which has a reserve behind the signals: while
 * news is owed there is no room for a signal, which would come before it.
 */
bool exchange_flow_has_room_for_news(const Attachment *attachment, const char *uid);
/* The number of messages of `uid` in line. */
uint32_t exchange_flow_length(const Attachment *attachment, const char *uid);
/* Returns 0 or -ENOMEM. */
int exchange_flow_add(Attachment *attachment, const char *uid, size_t bytes);
void exchange_flow_take(Attachment *attachment, const char *uid, size_t bytes);
void exchange_flows_free(Attachment *attachment);
