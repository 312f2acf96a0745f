/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The hub's welcome, which corrects the state of this device. */

#include "phone/state.h"

/*
 * Called after the last page of history. Calls that the hub still does not know are lost: places
 * them again, or ends those that were cancelled. Returns 0 or -ENOMEM.
 */
int welcome_history_known(Phone *phone);
int phone_welcome(Phone *phone, const ReplyWelcome *welcome);
