/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Deadlines of calls, requests and listeners. */

#include "phone/state.h"

/* Carries out what is due. Returns 0 or -ENOMEM. */
int phone_take_tick(Phone *phone);
