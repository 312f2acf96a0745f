/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The hub's welcome, and what it corrects. */

#include "phone/state.h"

/* Called after the last page of history: calls still unknown to the hub are lost. */
int welcome_history_known(Phone *phone);
int phone_welcome(Phone *phone, const ReplyWelcome *welcome);
