/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Two baresip from Debian in a SIP call with each other on this machine, as they come: their own
 * buffers, Opus, sound by ALSA's way into PipeWire (package pipewire-alsa).
 */

#include "rig/process.h"

/* NULL, or what is missing here. */
const char *baresip_missing(void);

typedef struct BaresipCall {
        Process *caller, *called;
} BaresipCall;

/* Returns when the call is established. `audio_directory` as rig_audio_directory(); the devices are
 * node names: microphone and speaker of the caller, then of the called. */
void baresip_call_begin(Rig *rig, const char *audio_directory, const char *const devices[4],
                        BaresipCall *ret);
void baresip_call_end(BaresipCall *call);
