/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Echo cancellation: what our speaker plays is taken out of what our microphone hears. The work is
 * done by PipeWire's own canceller, the plugin that its echo-cancel module drives (aec/
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

typedef struct Echo Echo;

/* Off, and the plugin is not loaded. Returns 0 or -ENOMEM. */
int echo_new(Echo **ret);
/* Nothing that feeds it runs any more. */
Echo *echo_free(Echo *echo);
DEFINE_CLEANUP(Echo *, echo_free);

/*
 * On or off, at any time. The plugin is loaded when it is needed first, by the caller's thread: 0,
 * or negative errno where it cannot be had, and it is off then.
 */
int echo_switch(Echo *echo, bool on);
bool echo_is_on(const Echo *echo);

/*
 * Mono samples that a playback plays, in the data thread. Each keeps a `position`, 0 at first;
 * those that play at the same time are mixed.
 */
void echo_played(Echo *echo, size_t *position, const float *samples, size_t n);

/* Takes the echo out of SOUND_FRAME samples of the microphone; in the sound's thread. */
void echo_cancel(Echo *echo, int16_t *samples);
