/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What belongs to the user: settings, groups, blocked users.
 */

#include "phone/state.h"

void user_when_busy(Phone *phone, WhenBusy when_busy);
/* What the welcome says of the user. Returns 0 or -ENOMEM with nothing changed. */
int user_welcome(Phone *phone, const ReplyWelcome *welcome);
void user_forget(Phone *phone); /* logged out */
/* The user blocks them, or no longer does. Returns 0 or -ENOMEM. */
int user_block(Phone *phone, const MessageBlock *block);
/* CHANGED, GROUPS, BLOCKED. Returns 0 or -ENOMEM. */
int user_message(Phone *phone, const Message *message);
