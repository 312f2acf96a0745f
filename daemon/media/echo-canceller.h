/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Echo cancellation: removes the speaker's sound from the microphone's. PipeWire's own canceller
 * does the work: the plugin of its echo-cancel module (aec/libspa-aec-webrtc), between the streams
 * that the call has anyway. The module itself would add four nodes to everybody's mixer and delay
 * both directions.
 *
 * Played samples come from PipeWire's data thread, the microphone's frames from PipeWire's loop
 * thread.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

typedef struct EchoCanceller EchoCanceller;

/* Starts switched off, without the plugin. Returns 0 or -ENOMEM. */
int echo_canceller_new(EchoCanceller **ret);
/* Call it after the microphone and all playbacks have stopped. */
EchoCanceller *echo_canceller_free(EchoCanceller *echo);
DEFINE_CLEANUP(EchoCanceller *, echo_canceller_free);

/*
 * Switches it on or off, at any time. The first use loads the plugin, in the calling thread.
 * Returns 0; or negative errno if the plugin cannot be loaded, and the canceller stays off.
 */
int echo_canceller_switch(EchoCanceller *echo, bool on);
bool echo_canceller_is_on(const EchoCanceller *echo);

/*
 * Takes the mono samples that a playback plays; in the data thread. Each playback keeps a
 * `position`, 0 at first; simultaneous playbacks are mixed.
 */
void echo_canceller_played(EchoCanceller *echo, size_t *position, const float *samples, size_t n);

/* Removes the echo from AUDIO_FRAME samples of the microphone; in PipeWire's loop thread. */
void echo_canceller_process(EchoCanceller *echo, int16_t *samples);
