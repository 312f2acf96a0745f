/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The bit rate of a picture on its way to one participant: lower when packets are lost or wait in
 * queues, higher again when all is well. Pure.
 */

#include <stdint.h>

#define VIDEO_RATE_FIRST 600000u /* bit/s: fair at 640×480, and carried by nearly any network */
#define VIDEO_RATE_MIN 100000u   /* less is no picture */
#define VIDEO_RATE_MAX 1500000u  /* more is hardly seen at 640×480 */

/*
 * Takes the other side's report, about one a second, and returns the rate after `rate`. `loss` is 0
 * to 1, `queue_ms` how much longer than necessary packets took.
 */
uint32_t video_rate_next(uint32_t rate, double loss, double queue_ms);
