/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * How loud a frame is, as RFC 6464 has it in the header of a packet: browsers show with it who
 * speaks, and do not measure that themselves. Pure.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AUDIO_LEVEL_SILENT 127 /* dB below full scale: digital silence, and whatever is quieter */
#define AUDIO_LEVEL_VOICE 45   /* dB below full scale: louder than a quiet room */

/* Returns 0 (as loud as can be) to AUDIO_LEVEL_SILENT. */
uint8_t audio_level(const int16_t *samples, size_t n);
