/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

/*
 * Whether PipeWire is running, so that tringd's ring can be heard. Without it the sound of the
 * notification server, if it has one, is better than none.
 */
bool sound_is_available(void);
