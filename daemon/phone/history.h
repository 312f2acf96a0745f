/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Records go to the store.
 */

#include "phone/state.h"

/* The date up to which calls may be known here, by the hub's clock as far as known. */
usec_t phone_history_until(const Phone *phone);
int phone_history_put(Phone *phone, const CallRecord *record);
/* Stores the call's record as `over` completes it. Returns 0 or -ENOMEM. */
int phone_history_put_over(Phone *phone, const CallRecord *record, const MessageOver *over);
