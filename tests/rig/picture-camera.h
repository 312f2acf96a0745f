/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A virtual camera: a PipeWire node of class Video/Source, 640×480 at 30 pictures a second, with
 * four fixed colour fields and a grey square that moves between them.
 */

#include "rig/audio-graph.h"
#include "rig/picture.h"

typedef struct RigCamera RigCamera;

/* Returns when the node exists: 0 or negative errno. */
int rig_camera_new(RigGraph *graph, const char *node, RigCamera **ret);
/* The same as a screen from a compositor: 1280×720, BGRx. */
int rig_screen_new(RigGraph *graph, const char *node, RigCamera **ret);
/* Unplugs it. */
RigCamera *rig_camera_free(RigCamera *camera);
DEFINE_CLEANUP(RigCamera *, rig_camera_free);

/* Whether a program takes pictures from it. */
bool rig_camera_is_open(RigCamera *camera);
/* Waits until that is so, or is not. Returns 0 or -ETIMEDOUT. */
int rig_camera_wait_open(RigCamera *camera, bool open, int timeout_ms);
/* The number of its node in PipeWire. */
uint32_t rig_camera_id(RigCamera *camera);
