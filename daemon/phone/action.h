/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The queue of actions, and the memory that is set aside for it: see phone_reserve().
 */

#include "phone/state.h"

int phone_reserve_action(Phone *phone); /* one more */
/* Zeroed memory of that size from the reserve. */
void *pool_take(Pool *pool, size_t size);
/* Frees what the next input is unlikely to need. */
void phone_shrink_reserve(Phone *phone);
/*
 * Room for what can happen to `n_calls` calls, with `n_events` that the listeners are told of.
 * Returns 0 or -ENOMEM.
 */
int phone_reserve(Phone *phone, size_t n_calls, size_t n_events);
/* A new action at the end of the queue, from the reserve. */
PhoneAction *phone_act(Phone *phone, PhoneActionType type, const char *session_id);
PhoneAction *phone_done(Phone *phone, uint64_t ticket, const char *session_id);
_printf_(5, 6) void phone_refuse(Phone *phone, uint64_t ticket, const char *session_id,
                                 CallError error, const char *format, ...);
void phone_actions_free(Phone *phone);
