/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Pictures as a test looks at them: large fields of colour, told from one another although they
 * have been through an encoder.
 */

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

/* What a RigCamera shows: red, green, blue and white, from the left top to the right bottom. */
extern const RigColour rig_camera_fields[4];
bool rig_picture_is_camera(const RigPicture *picture);
/* The test card of tring-media: eight bars. */
bool rig_picture_is_test_card(const RigPicture *picture);
bool rig_picture_is_dark(const RigPicture *picture);
/* For the sentence of a test that fails: what is in the middle of the four fields. */
void rig_picture_describe(const RigPicture *picture, char *ret, size_t size);
