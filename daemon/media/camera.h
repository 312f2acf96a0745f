/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Pictures from PipeWire, of a camera or of a screen that a portal shares. The source is open only
 * between camera_new() and camera_free().
 */

#include <gst/gst.h>
#include <stdint.h>

#include "media/pipewire.h"

#define CAMERA_WIDTH 640
#define CAMERA_HEIGHT 480
#define CAMERA_RATE 30
#define CAMERA_RATE_MAX 240 /* pictures a second; capture cards and fast cameras have 60 to 240 */

typedef struct Camera Camera;

/*
 * Gets one raw picture, copied out of PipeWire's buffers; in any thread, one call at a time. The
 * callback takes a reference to keep the sample, and must neither block nor free the camera.
 */
typedef void (*CameraPicture)(void *userdata, GstSample *sample);

typedef struct CameraOptions {
        PipeWire *pipewire;             /* runs the callback in its thread; outlives the camera */
        const char *node, *description; /* of the stream */
        const char *target;             /* node.name of a camera; NULL: a screen */
        /* The screen's own connection to PipeWire, taken over even on failure; -1: a camera. */
        int remote;
        uint32_t remote_node; /* id of the screen's node on that connection */
        CameraPicture picture;
        void *userdata;
} CameraOptions;

/* Returns 0 or negative errno. */
int camera_new(const CameraOptions *options, Camera **ret);
Camera *camera_free(Camera *camera);
DEFINE_CLEANUP(Camera *, camera_free);

/* Whether the camera was unplugged, or the screen is no longer shared: no more pictures come. */
bool camera_is_lost(const Camera *camera);
/*
 * Whether a format was agreed on, so that pictures may come. PipeWire does not say that there is
 * none.
 */
bool camera_is_agreed(const Camera *camera);
