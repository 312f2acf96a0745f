/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A list of users by uid, the oldest entry first. */

#include "exchange/state.h"

bool exchange_uids_have(const UidList *list, const char *uid);
/* Reserves memory for one more. Returns 0 or -ENOMEM. */
int exchange_uids_reserve(UidList *list);
/* Adds a uid that is not there, with the reserved memory. */
void exchange_uids_add(UidList *list, const char *uid);
void exchange_uids_remove(UidList *list, const char *uid);
void exchange_uids_done(UidList *list);
