/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Session descriptions of the other side, through all code that reads one: the first byte chooses
 * offer or answer, the rest is SDP.
 */
#include <string.h>

#include "base/cleanup.h"
#include "fuzz.h"
#include "media/description.h"
#include "media/rtp.h"
#include "media/verification.h"

#define PAYLOAD_MAX 127
#define EXTENSION_MAX 14

static void read_formats(const GstWebRTCSessionDescription *description)
{
        AudioFormat audio;
        VideoFormat video;

        if (description_audio_format(description, &audio))
                fuzz_must(audio.payload <= PAYLOAD_MAX && audio.level <= EXTENSION_MAX);
        if (description_video_format(description, &video)) {
                fuzz_must(video.payload <= PAYLOAD_MAX && video.transport_cc <= EXTENSION_MAX);
                fuzz_must(!description_has_unknown_pictures(description));
        } else {
                fuzz_must(description_refuses_pictures(description));
        }
}

static void read_transport(const GstWebRTCSessionDescription *description)
{
        IceCredentials credentials;

        (void)description_is_bundled(description);
        if (description_ice_credentials(description, &credentials))
                fuzz_must(credentials.fragment[0] && credentials.password[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        FuzzInput input = {data, size};
        GstWebRTCSDPType type =
                fuzz_below(&input, 2) ? GST_WEBRTC_SDP_TYPE_ANSWER : GST_WEBRTC_SDP_TYPE_OFFER;
        _cleanup_free_ char *text = fuzz_rest(&input);
        GstWebRTCSessionDescription *description = text ? description_parse(type, text) : NULL;
        Fingerprint fingerprint = {};

        if (text && fingerprint_of_sdp(text, &fingerprint) == 0)
                fuzz_must(fingerprint.known);
        if (!description)
                return 0;
        fuzz_must(gst_sdp_message_medias_len(description->sdp) <= DESCRIPTION_SECTIONS_MAX);
        read_formats(description);
        read_transport(description);
        description_refuse_unknown(description);
        g_free(gst_sdp_message_as_text(description->sdp));
        gst_webrtc_session_description_free(description);
        return 0;
}
