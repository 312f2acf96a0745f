/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The bit rate of a picture on its way to one participant: lower when packets are lost or wait in
 * queues, higher again when all is well. Pure.
 */

#include <stdint.h>

#define VIDEO_RATE_FIRST 600000u /* bit/s: fair at 640×480, and carried by nearly any network */
#define VIDEO_RATE_MIN 100000u   /* less gives no useful picture */
#define VIDEO_RATE_MAX 1500000u  /* more is hardly visible at 640×480 */

/*
 * Returns the rate that follows `rate` after a report of the other side, about one a second. `loss`
 * is 0 to 1; `queue_ms` is the mean time that packets took beyond the fastest.
 */
uint32_t video_rate_next(uint32_t rate, double loss, double queue_ms);
