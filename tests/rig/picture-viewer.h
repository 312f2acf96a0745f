/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A program that shows a Video/Source, and can pause. It does not look at the pictures
 * (picture-eye.h does): it counts them, and how often their format was agreed on.
 */

#include "rig/audio-graph.h"

typedef struct RigViewer RigViewer;

/* Returns 0 or negative errno. */
int rig_viewer_new(RigGraph *graph, const char *node, RigViewer **ret);
RigViewer *rig_viewer_free(RigViewer *viewer);
DEFINE_CLEANUP(RigViewer *, rig_viewer_free);

/* Waits until PipeWire has paused it. Returns 0 or -ETIMEDOUT. */
int rig_viewer_pause(RigViewer *viewer, int timeout_ms);
void rig_viewer_continue(RigViewer *viewer);
/* Waits for so many more pictures. Returns 0 or -ETIMEDOUT. */
int rig_viewer_wait(RigViewer *viewer, unsigned pictures, int timeout_ms);
unsigned rig_viewer_times_agreed(RigViewer *viewer);
