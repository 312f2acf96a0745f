/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The queue of actions, and the memory that phone_reserve() sets aside for actions, requests and
 * listener calls.
 */

#include "phone/state.h"

/* Takes a zeroed block from the reserve; `size` is that of all blocks of the pool. */
void *pool_take(Pool *pool, size_t size);
/* Frees the part of the reserve that the next input is unlikely to need. */
void phone_shrink_reserve(Phone *phone);
/*
 * Refills the reserve for one step. phone_input() calls this before the first step. A handler that
 * goes through several calls, records, requests, participants or listeners calls it after each.
 * Returns 0 or -ENOMEM.
 */
int phone_reserve(Phone *phone);
/* Appends a new action, taken from the reserve. */
PhoneAction *phone_act(Phone *phone, PhoneActionType type, const char *session_id);
PhoneAction *phone_done(Phone *phone, uint64_t ticket, const char *session_id);
_printf_(5, 6) void phone_refuse(Phone *phone, uint64_t ticket, const char *session_id,
                                 CallError error, const char *format, ...);
void phone_actions_free(Phone *phone);
