/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Deadlines of calls, requests and listeners. */

#include "phone/state.h"

/* Handles all deadlines that have passed. Returns 0 or -ENOMEM. */
int phone_take_tick(Phone *phone);
