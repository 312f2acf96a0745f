/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A branch: a leg on one device.
 */

#include "exchange/state.h"

/* `ret` may be NULL. Returns 0 or -ENOMEM. */
int exchange_branch_new(CallLeg *leg, Device *device, Branch **ret);
Branch *exchange_branch_find(const CallLeg *leg, const Device *device);
/* Also frees the device if nothing else needs it. */
void exchange_branch_free(Branch *branch);
