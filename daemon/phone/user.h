/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The user's settings, groups and blocked users. */

#include "phone/state.h"

void user_when_busy(Phone *phone, WhenBusy when_busy);
/* The hub says who may ring the user; or it does not know that setting. */
void user_who_may_ring(Phone *phone, bool known, WhoMayRing who);
/* Takes the user's data from the welcome. Returns 0, or -ENOMEM with nothing changed. */
int user_welcome(Phone *phone, const ReplyWelcome *welcome);
void user_forget(Phone *phone); /* logged out */
/* Blocks or unblocks a user. Returns 0 or -ENOMEM. */
int user_block(Phone *phone, const MessageBlock *block);
/* Replaces the user's groups. Returns 0 or -ENOMEM. */
int user_groups(Phone *phone, const MessageGroups *news);
/* Takes settings that the user changed on another device. */
void user_settings(Phone *phone, const MessageSettings *news);
