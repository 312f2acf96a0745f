/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * History records, on their way to the store.
 */

#include "phone/state.h"

int phone_history_put(Phone *phone, const CallRecord *record);
/* Stores the call's record, with the end that `over` describes. Returns 0 or -ENOMEM. */
int phone_history_put_over(Phone *phone, const CallRecord *record, const MessageOver *over);
