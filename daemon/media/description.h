/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Session descriptions (SDP) that came from the other side.
 */

#define GST_USE_UNSTABLE_API
#include <gst/webrtc/webrtc.h>

/* NULL: that is no SDP, or one without any media. */
GstWebRTCSessionDescription *description_parse(GstWebRTCSDPType type, const char *text);

/* The payload type that it gives Opus; -1: it has none. */
int description_opus_payload(const GstWebRTCSessionDescription *description);
