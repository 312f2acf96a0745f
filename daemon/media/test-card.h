/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The picture that is sent without a camera: colour bars, which nobody mistakes for a camera's
 * picture.
 */

#include <gst/gst.h>

/* From left to right: white, yellow, cyan, green, magenta, red, blue, black. */
GstSample *test_card_new(void);
