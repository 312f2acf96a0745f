/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The queue of actions, and the memory that is set aside for it: see phone_reserve().
 */

#include "phone/state.h"

/* Takes a zeroed piece of that size from the reserve. */
void *pool_take(Pool *pool, size_t size);
/* Frees what the next input is unlikely to need. */
void phone_shrink_reserve(Phone *phone);
/*
 * Fills the reserve up for a step. phone_input() does this for the first one. An input that goes
 * through several calls, records, requests, participants or listeners does it again after each.
 * Returns 0 or -ENOMEM.
 */
int phone_reserve(Phone *phone);
/* Appends a new action, taken from the reserve. */
PhoneAction *phone_act(Phone *phone, PhoneActionType type, const char *session_id);
PhoneAction *phone_done(Phone *phone, uint64_t ticket, const char *session_id);
_printf_(5, 6) void phone_refuse(Phone *phone, uint64_t ticket, const char *session_id,
                                 CallError error, const char *format, ...);
void phone_actions_free(Phone *phone);
