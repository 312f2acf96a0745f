/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The user's settings, groups and blocked users. */

#include "phone/state.h"

void user_when_busy(Phone *phone, WhenBusy when_busy);
/* Takes the user from the welcome. Returns 0 or -ENOMEM with nothing changed. */
int user_welcome(Phone *phone, const ReplyWelcome *welcome);
void user_forget(Phone *phone); /* logged out */
/* Blocks or unblocks a user. Returns 0 or -ENOMEM. */
int user_block(Phone *phone, const MessageBlock *block);
/* CHANGED, GROUPS, BLOCKED. Returns 0 or -ENOMEM. */
int user_message(Phone *phone, const Message *message);
