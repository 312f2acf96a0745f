/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Session descriptions (SDP) of the other side. */

#define GST_USE_UNSTABLE_API
#include <gst/webrtc/webrtc.h>
#include <stdbool.h>

/* NULL: not SDP, or SDP without media. */
GstWebRTCSessionDescription *description_parse(GstWebRTCSDPType type, const char *text);

/* The payload type for Opus; -1: none. */
int description_opus_payload(const GstWebRTCSessionDescription *description);

/*
 * Whether all media share one transport (RFC 9143): its certificate is then the only one to check.
 */
bool description_is_bundled(const GstWebRTCSessionDescription *description);

#define TRANSPORT_CC_URI "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"

/* The parameters of a picture's stream, on which the two ends have to agree. */
typedef struct VideoFormat {
        unsigned payload;      /* of VP8 */
        unsigned transport_cc; /* the number of that header extension; 0: without */
} VideoFormat;

/* Reads the parameters for VP8; false: no m= section offers it. */
bool description_video_format(const GstWebRTCSessionDescription *description, VideoFormat *ret);
