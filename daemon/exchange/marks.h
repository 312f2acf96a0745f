/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The marks that lower floors leave for exchange_settle().
 */

#include "exchange/state.h"

/* Marks a call whose next deadline may have changed. */
void exchange_call_touch(Exchange *exchange, Call *call);
/* Removes the mark. */
void exchange_call_untouch(Exchange *exchange, Call *call);
/* Marks that a member's state has changed: devices get the new states at the call's deadline. */
void exchange_members_changed(Call *call);
