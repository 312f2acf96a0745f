/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The marks that lower floors leave for exchange_settle().
 */

#include "exchange/state.h"

/* Something that the call's next deadline depends on has changed. */
void exchange_call_touch(Exchange *exchange, Call *call);
/* Takes back the mark of a call that goes. */
void exchange_call_untouch(Exchange *exchange, Call *call);
/* A member's state has changed: the audiences hear of it when the call's deadline comes. */
void exchange_members_changed(Call *call);
