/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The end of each input.
 */

#include "phone/state.h"

/* The end of every event: tone, alerting, manager and requests as they follow from the state. */
void phone_settle(Phone *phone);
