/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Years of calls in a moment: records are put into the database of a hub that is not running. Apart
 * from hub.h, whose Hub is the program.
 */

#include <stddef.h>

/* `state` is the hub's folder; `uid` has missed so many calls. They are in the hub's indexes. */
void long_history_make(const char *state, const char *uid, size_t n);
