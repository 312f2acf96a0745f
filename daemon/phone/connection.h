/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The connection to the hub.
 */

#include "phone/state.h"

/* Something has come after the welcome: what was deleted before it has, too. */
void phone_history_follows(Phone *phone);
