/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The connection to the hub.
 */

#include "phone/state.h"

/* Called for a message after the welcome: the deletions, which come in between, have arrived. */
void phone_history_follows(Phone *phone);
