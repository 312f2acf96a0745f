/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * History records, on their way to the store.
 */

#include "phone/state.h"

/* A date no earlier than that of any call known here, by the clock of device or hub. */
usec_t phone_history_until(const Phone *phone);
int phone_history_put(Phone *phone, const CallRecord *record);
/* Stores the call's record, with the end that `over` describes. Returns 0 or -ENOMEM. */
int phone_history_put_over(Phone *phone, const CallRecord *record, const MessageOver *over);
