/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * An eye on a Video/Source: another program (gst-launch-1.0 with pipewiresrc) that gives the test
 * its pictures one by one.
 */

#include "base/cleanup.h"
#include "rig/picture.h"

typedef struct RigEye RigEye;

/* `directory` is PipeWire's. */
int rig_eye_new(const char *directory, const char *node, RigEye **ret);
RigEye *rig_eye_free(RigEye *eye);
DEFINE_CLEANUP(RigEye *, rig_eye_free);

/*
 * Looks until a picture fits, or ends the test. With $TRING_TEST_PICTURES, a folder, the picture is
 * saved there as `name`.ppm, for people to look at.
 */
void rig_eye_expect(RigEye *eye, RigPictureTest test, const char *name);
/* The size of the last picture. */
void rig_eye_size(const RigEye *eye, size_t *ret_width, size_t *ret_height);
