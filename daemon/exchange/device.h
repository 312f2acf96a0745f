/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Devices of a user.
 */

#include "exchange/state.h"

/* The device of that id, made if it does not exist. Returns 0 or -ENOMEM. */
int exchange_user_device(User *user, const char *id, Device **ret);
/* Frees a device that is neither attached nor in a call. */
void exchange_device_check(Device *device);
