/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The end of each input.
 */

#include "phone/state.h"

/*
 * Does what follows from the state: tone, alerting, the manager's properties, requests, the store.
 */
void phone_settle(Phone *phone);
