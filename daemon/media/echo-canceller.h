/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * EchoCanceller cancellation: what our speaker plays is taken out of what our microphone hears. The
 * work is done by PipeWire's own canceller, the plugin that its echo-cancel module drives (aec/
 * libspa-aec-webrtc); here it runs between the streams that the call has anyway. The module itself
 * would put four more nodes into everybody's mixer and delay both directions.
 *
 * What is played comes from PipeWire's data thread, the microphone's frames from the sound's
 * thread.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

typedef struct EchoCanceller EchoCanceller;

/* Off, and the plugin is not loaded. Returns 0 or -ENOMEM. */
int echo_canceller_new(EchoCanceller **ret);
/* Nothing that feeds it runs any more. */
EchoCanceller *echo_canceller_free(EchoCanceller *echo);
DEFINE_CLEANUP(EchoCanceller *, echo_canceller_free);

/*
 * On or off, at any time. The plugin is loaded when it is needed first, by the caller's thread: 0,
 * or negative errno where it cannot be had, and it is off then.
 */
int echo_canceller_switch(EchoCanceller *echo, bool on);
bool echo_canceller_is_on(const EchoCanceller *echo);

/*
 * Mono samples that a playback plays, in the data thread. Each keeps a `position`, 0 at first;
 * those that play at the same time are mixed.
 */
void echo_canceller_played(EchoCanceller *echo, size_t *position, const float *samples, size_t n);

/* Takes the echo out of AUDIO_FRAME samples of the microphone; in the sound's thread. */
void echo_canceller_process(EchoCanceller *echo, int16_t *samples);
