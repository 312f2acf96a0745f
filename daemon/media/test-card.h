/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What is sent where there is no camera: the colour bars that everybody knows to be no picture.
 */

#include <gst/gst.h>

/* From left to right: white, yellow, cyan, green, magenta, red, blue, black. */
GstSample *test_card_new(void);
