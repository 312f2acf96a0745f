/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A private PipeWire for a test: pipewire and wireplumber in a fresh directory, with virtual
 * microphones and speakers and nothing else: no hardware, no session bus, and never the PipeWire of
 * the user who runs the tests.
 *
 * Programs under test find it by PIPEWIRE_RUNTIME_DIR=rig_audio_directory(). The first microphone
 * and the first speaker are the system's defaults. Both daemons, and the directory, go with the
 * process that made them, however it ends.
 */

#include "base/cleanup.h"

typedef struct RigAudio RigAudio;

/*
 * Starts both daemons and waits until all devices exist and the defaults are chosen. The lists are
 * node names, ended by NULL; each may be empty; they must outlive the audio. Returns 0 or negative
 * errno (-ETIMEDOUT: a daemon did not come up) with a sentence on standard error.
 */
int rig_audio_new(const char *const microphones[], const char *const speakers[], RigAudio **ret);
RigAudio *rig_audio_free(RigAudio *audio);
DEFINE_CLEANUP(RigAudio *, rig_audio_free);

/* For PIPEWIRE_RUNTIME_DIR; the socket in it is `pipewire-0`. */
const char *rig_audio_directory(const RigAudio *audio);

/* Kills both daemons, as a crash would (SIGKILL); the directory stays until rig_audio_free(). */
void rig_audio_crash(RigAudio *audio);
/*
 * Kills the session manager alone, WirePlumber, and starts another. That one waits for ever for a
 * device that somebody has linked before (WirePlumber 0.4.13), and links nothing meanwhile. Nodes
 * of hardware go with the session manager, since it makes them: a test that has linked devices
 * unplugs them, and plugs them in again. The second returns 0 or negative errno, at once.
 */
void rig_audio_stop_manager(RigAudio *audio);
int rig_audio_start_manager(RigAudio *audio);
/* Starts both daemons again in the same place after a crash; returns as rig_audio_new(). */
int rig_audio_restart(RigAudio *audio);
