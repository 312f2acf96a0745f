/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the hub's welcome corrects.
 */

#include "phone/state.h"

/* The last page of history has come: what the hub still does not have was lost. */
int welcome_history_known(Phone *phone);
int phone_welcome(Phone *phone, const ReplyWelcome *welcome);
