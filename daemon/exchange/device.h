/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Devices of a user.
 */

#include "exchange/state.h"

/* Finds or makes the device. Returns 0 or -ENOMEM. */
int exchange_user_device(User *user, const char *id, Device **ret);
/* Frees the device if it is neither attached nor in a call. */
void exchange_device_free_unused(Device *device);
