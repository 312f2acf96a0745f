/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Pictures for tests: large colour fields that can be told apart after an encoder. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RIG_CAMERA_WIDTH 640
#define RIG_CAMERA_HEIGHT 480
#define RIG_SCREEN_WIDTH 1280
#define RIG_SCREEN_HEIGHT 720

typedef struct RigColour {
        uint8_t red, green, blue;
} RigColour;

typedef struct RigPicture {
        size_t width, height;
        RigColour *pixels; /* not owned */
} RigPicture;

typedef bool (*RigPictureTest)(const RigPicture *picture);

/* The picture of a RigCamera: red, green, blue and white, from top left to bottom right. */
extern const RigColour rig_camera_fields[4];
bool rig_picture_is_camera(const RigPicture *picture);
/* The test card of tring-media: eight bars. */
bool rig_picture_is_test_card(const RigPicture *picture);
bool rig_picture_is_dark(const RigPicture *picture);
/* For the message of a failed test: the colours in the middle of the four fields. */
void rig_picture_describe(const RigPicture *picture, char *ret, size_t size);
