/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Session descriptions (SDP) of the other side. */

#define GST_USE_UNSTABLE_API
#include <gst/webrtc/webrtc.h>
#include <stdbool.h>

/*
 * Limits of what a stranger sends. A call has two sections, and those that were rejected stay;
 * browsers' longest, with all their codecs, have about 250 attributes and 60 formats.
 */
#define DESCRIPTION_SECTIONS_MAX 16    /* m= */
#define DESCRIPTION_ATTRIBUTES_MAX 512 /* a= of a section, or outside all */
#define DESCRIPTION_FORMATS_MAX 128    /* of a section: as many as there are payload types */

/*
 * Returns NULL if `text` is not SDP, has no media or is beyond the limits. The caller frees the
 * description.
 */
GstWebRTCSessionDescription *description_parse(GstWebRTCSDPType type, const char *text);

/* The parameters of a voice stream, on which both ends must agree. */
typedef struct AudioFormat {
        unsigned payload; /* payload type of Opus */
        unsigned level;   /* id of the header extension RTP_LEVEL_URI; 0: not offered */
} AudioFormat;

/* Reads the parameters of Opus. Returns false if no m= section offers it. */
bool description_audio_format(const GstWebRTCSessionDescription *description, AudioFormat *ret);

/*
 * Whether all media share one transport (RFC 9143): its certificate is then the only one to check.
 */
bool description_is_bundled(const GstWebRTCSessionDescription *description);

#define ICE_CREDENTIAL_MAX 256 /* characters; RFC 8839 section 5.4 */

/* By which the ends of an ICE session know each other. */
typedef struct IceCredentials {
        char fragment[ICE_CREDENTIAL_MAX + 1], password[ICE_CREDENTIAL_MAX + 1];
} IceCredentials;

/* Reads those of the first m= section that has not been rejected. Returns false if it has none. */
bool description_ice_credentials(const GstWebRTCSessionDescription *description,
                                 IceCredentials *ret);

#define TRANSPORT_CC_URI "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"

/* The parameters of a video stream, on which both ends must agree. */
typedef struct VideoFormat {
        unsigned payload;      /* payload type of VP8 */
        unsigned transport_cc; /* id of the header extension TRANSPORT_CC_URI; 0: not offered */
} VideoFormat;

/* Reads the parameters of VP8. Returns false if no m= section offers it. */
bool description_video_format(const GstWebRTCSessionDescription *description, VideoFormat *ret);

/*
 * Whether an offer has pictures and none of them in VP8; whether an answer refuses the pictures
 * that were offered, by port 0, as inactive (RFC 3264 section 6), or by another codec.
 */
bool description_has_unknown_pictures(const GstWebRTCSessionDescription *offer);
bool description_refuses_pictures(const GstWebRTCSessionDescription *answer);

/*
 * Makes all m= sections of our answer inactive that are neither Opus nor VP8: webrtcbin agrees to
 * everything, and nobody here would decode it.
 */
void description_refuse_unknown(GstWebRTCSessionDescription *answer);
