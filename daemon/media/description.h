/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Session descriptions (SDP) that came from the other side.
 */

#define GST_USE_UNSTABLE_API
#include <gst/webrtc/webrtc.h>
#include <stdbool.h>

/* NULL: that is no SDP, or one without any media. */
GstWebRTCSessionDescription *description_parse(GstWebRTCSDPType type, const char *text);

/* The payload type that it gives Opus; -1: it has none. */
int description_opus_payload(const GstWebRTCSessionDescription *description);

/*
 * All that goes, goes by one transport (RFC 9143): its certificate is the only one that has to be
 * looked at.
 */
bool description_is_bundled(const GstWebRTCSessionDescription *description);

#define TRANSPORT_CC_URI "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"

/* How pictures go, as the two ends have to agree on. */
typedef struct VideoFormat {
        unsigned payload;      /* of VP8 */
        unsigned transport_cc; /* the number of that header extension; 0: without */
} VideoFormat;

/* How it would have VP8; false: it has no m= section with it. */
bool description_video_format(const GstWebRTCSessionDescription *description, VideoFormat *ret);
