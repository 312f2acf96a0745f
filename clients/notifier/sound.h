/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

/* PipeWire is there: a ring by tringd can be heard. Where it is missing, the notification server's
 * own sound, if it has one, is better than none. */
bool sound_is_there(void);
