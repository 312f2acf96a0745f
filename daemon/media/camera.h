/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Pictures from PipeWire, of a camera or of a screen that a portal shows. The source is open from
 * _new to _free and not a moment longer.
 */

#include <gst/gst.h>
#include <stdint.h>

#include "media/pipewire.h"

#define CAMERA_WIDTH 640
#define CAMERA_HEIGHT 480
#define CAMERA_RATE 30

typedef struct Camera Camera;

/*
 * One picture, copied out of PipeWire's buffers, in PipeWire's thread: take a reference to keep it.
 * It must neither block nor free the camera.
 */
typedef void (*CameraPicture)(void *userdata, GstSample *sample);

typedef struct CameraOptions {
        PipeWire *pipewire;             /* whose thread it lives in; outlives the camera */
        const char *node, *description; /* of our stream */
        const char *target;             /* node.name of a camera */
        int remote;           /* of a screen: another connection, else -1; taken over in any case */
        uint32_t remote_node; /* of a screen: its node there */
        CameraPicture picture;
        void *userdata;
} CameraOptions;

/* Returns 0 or negative errno. */
int camera_new(const CameraOptions *options, Camera **ret);
Camera *camera_free(Camera *camera);
DEFINE_CLEANUP(Camera *, camera_free);

/* The camera was unplugged, or the screen is no longer shown: no more pictures come. */
bool camera_is_lost(const Camera *camera);
