/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The connection to the hub.
 */

#include "phone/state.h"

/* A message has come after the welcome, so the deletions before it have come, too. */
void phone_history_follows(Phone *phone);
