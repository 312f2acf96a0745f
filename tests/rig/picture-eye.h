/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * An eye on a Video/Source: another program (gst-launch-1.0 with pipewiresrc) that shows it,
 * picture by picture, to the test.
 */

#include "base/cleanup.h"
#include "rig/picture.h"

typedef struct RigEye RigEye;

/* `directory` is PipeWire's. */
int rig_eye_new(const char *directory, const char *node, RigEye **ret);
RigEye *rig_eye_free(RigEye *eye);
DEFINE_CLEANUP(RigEye *, rig_eye_free);

/*
 * Looks until a picture is so. Returns 0, or ends the test. With $TRING_TEST_PICTURES, a folder, it
 * is put there as `name`.ppm, to be looked at by a person.
 */
void rig_eye_expect(RigEye *eye, RigPictureTest test, const char *name);
/* How large the last picture was. */
void rig_eye_size(const RigEye *eye, size_t *ret_width, size_t *ret_height);
