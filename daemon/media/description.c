/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/description.h"

#include <stdlib.h>

#include "base/str.h"

#define PAYLOAD_MAX 127 /* RFC 3550 section 5.1: seven bits */

GstWebRTCSessionDescription *description_parse(GstWebRTCSDPType type, const char *text)
{
        GstSDPMessage *sdp = NULL;

        if (str_empty(text))
                return NULL;
        gst_sdp_message_new(&sdp);
        if (gst_sdp_message_parse_buffer((const guint8 *)text, (guint)strlen(text), sdp) !=
                    GST_SDP_OK ||
            gst_sdp_message_medias_len(sdp) == 0) {
                gst_sdp_message_free(sdp);
                return NULL;
        }
        return gst_webrtc_session_description_new(type, sdp);
}

/* "111 opus/48000/2" */
static int opus_payload(const GstSDPAttribute *attribute)
{
        char *end;

        if (!str_eq(attribute->key, "rtpmap") || !attribute->value)
                return -1;
        long payload = strtol(attribute->value, &end, 10);

        if (payload < 0 || payload > PAYLOAD_MAX ||
            g_ascii_strncasecmp(end, " opus/48000", strlen(" opus/48000")) != 0)
                return -1;
        return (int)payload;
}

int description_opus_payload(const GstWebRTCSessionDescription *description)
{
        for (guint i = 0; i < gst_sdp_message_medias_len(description->sdp); i++) {
                const GstSDPMedia *media = gst_sdp_message_get_media(description->sdp, i);

                if (!str_eq(gst_sdp_media_get_media(media), "audio"))
                        continue;
                for (guint j = 0; j < gst_sdp_media_attributes_len(media); j++) {
                        int payload = opus_payload(gst_sdp_media_get_attribute(media, j));

                        if (payload >= 0)
                                return payload;
                }
        }
        return -1;
}
