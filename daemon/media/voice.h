/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One's own voice on its way to everybody in the call: the microphone's frames, or zeros while
 * muted, or zeros by the clock while there is no microphone. The others always receive something,
 * and so can tell a silent participant from a lost one.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"

typedef struct Voice Voice;

/* Takes one frame of SOUND_FRAME samples, in any thread, one call at a time; must not block. */
typedef void (*VoiceSink)(void *userdata, const int16_t *samples);

int voice_new(Voice **ret);
/* Nothing that feeds it runs any more, and all sinks are gone. */
Voice *voice_free(Voice *voice);
DEFINE_CLEANUP(Voice *, voice_free);

/* At most VOICE_SINKS_MAX; -ENOSPC beyond. */
#define VOICE_SINKS_MAX 32 /* PARTICIPANTS_MAX */
int voice_add(Voice *voice, VoiceSink sink, void *userdata);
/* When it returns, the sink is not called any more. */
void voice_remove(Voice *voice, void *userdata);

void voice_set_muted(Voice *voice, bool muted);
bool voice_is_muted(Voice *voice);

/* A frame of the microphone; in any thread. */
void voice_frame(Voice *voice, const int16_t *samples);
