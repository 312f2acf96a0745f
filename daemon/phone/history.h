/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Records go to the store.
 */

#include "phone/state.h"

/* What was initiated up to then may be known here, by the hub's clock as far as that is known. */
usec_t phone_history_until(const Phone *phone);
int phone_history_put(Phone *phone, const CallRecord *record);
/* A call's record as it is by `over`, for the store. Returns 0 or -ENOMEM. */
int phone_history_put_over(Phone *phone, const CallRecord *record, const MessageOver *over);
