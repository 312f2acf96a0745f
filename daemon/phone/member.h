/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Members of a group's call.
 */

#include "phone/state.h"

/* Takes MEMBERS, the new states of members. Returns 0 or -ENOMEM. */
int members_message(Phone *phone, const MessageMembers *message);
