/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * How many bits a second a picture may have on its way to one participant: fewer when much is lost
 * or waits in queues, more again when all is well. Pure.
 */

#include <stdint.h>

#define VIDEO_RATE_FIRST 600000u /* bit/s: fair at 640×480, and carried by nearly any network */
#define VIDEO_RATE_MIN 100000u   /* less is no picture */
#define VIDEO_RATE_MAX 1500000u  /* more is hardly seen at 640×480 */

/* What the other side reports about once a second; returns the rate after `rate`. Loss is from 0 to
 * 1, `queue_ms` how much longer packets took than they have to. */
uint32_t video_rate_next(uint32_t rate, double loss, double queue_ms);
