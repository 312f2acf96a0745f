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

/* Cameras that are not so plain. */
typedef enum RigCameraKind {
        RIG_CAMERA_PLAIN,
        RIG_CAMERA_FAST,    /* 60 pictures a second, and no other rate */
        RIG_CAMERA_JPEG,    /* JPEG, and nothing raw; the square does not move */
        RIG_CAMERA_SLOW,    /* the first picture comes 4 s after it was opened */
        RIG_CAMERA_STRANGE, /* gives a format that programs do not take: MPEG-TS */
        RIG_CAMERA_DEAD,    /* gives no picture */
        RIG_CAMERA_KIND_COUNT,
} RigCameraKind;

int rig_camera_new_of(RigGraph *graph, const char *node, RigCameraKind kind, RigCamera **ret);
/* The same as a screen from a compositor: 1280×720, BGRx. */
int rig_screen_new(RigGraph *graph, const char *node, RigCamera **ret);
/* Unplugs it. */
RigCamera *rig_camera_free(RigCamera *camera);
DEFINE_CLEANUP(RigCamera *, rig_camera_free);

/* Whether a program takes pictures from it. */
bool rig_camera_is_open(RigCamera *camera);
/* Waits until that is so, or is not. Returns 0 or -ETIMEDOUT. */
int rig_camera_wait_open(RigCamera *camera, bool open, int timeout_ms);
/* How often it was opened. */
unsigned rig_camera_times_opened(RigCamera *camera);
/* The number of its node in PipeWire. */
uint32_t rig_camera_id(RigCamera *camera);
