/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Two baresip from Debian in a SIP call on this machine, with default settings: their own buffers,
 * Opus, sound through ALSA into PipeWire (package pipewire-alsa).
 */

#include "rig/process.h"

/* NULL, or the name of a missing package. */
const char *baresip_missing(void);

typedef struct BaresipCall {
        Process *caller, *called;
} BaresipCall;

/*
 * Returns when the call is established. `audio_directory` as rig_audio_directory(); the devices are
 * node names: microphone and speaker of the caller, then of the callee.
 */
void baresip_call_begin(Rig *rig, const char *audio_directory, const char *const devices[4],
                        BaresipCall *ret);
void baresip_call_end(BaresipCall *call);
