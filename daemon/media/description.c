/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/description.h"

#include <stdlib.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "media/rtp.h"

#define PAYLOAD_MAX 127  /* RFC 3550 section 5.1: seven bits */
#define EXTENSION_MAX 14 /* RFC 8285 section 4.2: for one-byte headers, as in all browsers */

/*
 * Code that reads a section, webrtcbin's above all, goes through its attributes for each format and
 * for each attribute: so what a stranger sends must be short.
 */
static bool is_short(const GstSDPMessage *sdp)
{
        if (gst_sdp_message_medias_len(sdp) > DESCRIPTION_SECTIONS_MAX ||
            gst_sdp_message_attributes_len(sdp) > DESCRIPTION_ATTRIBUTES_MAX)
                return false;
        for (guint i = 0; i < gst_sdp_message_medias_len(sdp); i++) {
                const GstSDPMedia *media = gst_sdp_message_get_media(sdp, i);

                if (gst_sdp_media_attributes_len(media) > DESCRIPTION_ATTRIBUTES_MAX ||
                    gst_sdp_media_formats_len(media) > DESCRIPTION_FORMATS_MAX)
                        return false;
        }
        return true;
}

GstWebRTCSessionDescription *description_parse(GstWebRTCSDPType type, const char *text)
{
        GstSDPMessage *sdp = NULL;

        if (str_empty(text))
                return NULL;
        gst_sdp_message_new(&sdp);
        if (gst_sdp_message_parse_buffer((const guint8 *)text, (guint)strlen(text), sdp) !=
                    GST_SDP_OK ||
            gst_sdp_message_medias_len(sdp) == 0 || !is_short(sdp)) {
                gst_sdp_message_free(sdp);
                return NULL;
        }
        return gst_webrtc_session_description_new(type, sdp);
}

/* Reads an rtpmap like "111 opus/48000/2". Returns -1 if it is of another codec. */
static int codec_payload(const GstSDPAttribute *attribute, const char *codec)
{
        char *end;

        if (!str_eq(attribute->key, "rtpmap") || !attribute->value)
                return -1;
        long payload = strtol(attribute->value, &end, 10);

        if (payload < 0 || payload > PAYLOAD_MAX ||
            g_ascii_strncasecmp(end, codec, strlen(codec)) != 0)
                return -1;
        return (int)payload;
}

#define AUDIO "audio", " opus/48000"
#define VIDEO "video", " VP8/90000"

static bool has_attribute(const GstSDPMedia *media, const char *name)
{
        return gst_sdp_media_get_attribute_val(media, name) != NULL;
}

/* Port 0 also stands in offers, for a section that goes with another one (RFC 9143 section 7.2.2).
 */
static bool is_rejected(const GstSDPMedia *media)
{
        return gst_sdp_media_get_port(media) == 0 && !has_attribute(media, "bundle-only");
}

/* Returns the payload type of the codec in a section of this kind; -1: it has none. */
static int media_payload(const GstSDPMedia *media, const char *kind, const char *codec)
{
        int payload = -1;

        if (!str_eq(gst_sdp_media_get_media(media), kind) || is_rejected(media))
                return -1;
        for (guint i = 0; payload < 0 && i < gst_sdp_media_attributes_len(media); i++)
                payload = codec_payload(gst_sdp_media_get_attribute(media, i), codec);
        return payload;
}

/* Finds the first m= section of this kind with the codec; NULL: none has it. */
static const GstSDPMedia *find_media(const GstWebRTCSessionDescription *description,
                                     const char *kind, const char *codec, int *ret_payload)
{
        for (guint i = 0; i < gst_sdp_message_medias_len(description->sdp); i++) {
                const GstSDPMedia *media = gst_sdp_message_get_media(description->sdp, i);

                *ret_payload = media_payload(media, kind, codec);
                if (*ret_payload >= 0)
                        return media;
        }
        return NULL;
}

/* Reads an extmap like "3 http://…" or "3/sendrecv http://…". 0: none has `uri`. */
static unsigned extension_id(const GstSDPMedia *media, const char *uri)
{
        for (guint i = 0; i < gst_sdp_media_attributes_len(media); i++) {
                const GstSDPAttribute *attribute = gst_sdp_media_get_attribute(media, i);

                if (!str_eq(attribute->key, "extmap") || !attribute->value)
                        continue;
                const char *space = strchr(attribute->value, ' ');
                long id = strtol(attribute->value, NULL, 10);

                if (space && str_eq(space + 1, uri) && id > 0 && id <= EXTENSION_MAX)
                        return (unsigned)id;
        }
        return 0;
}

bool description_audio_format(const GstWebRTCSessionDescription *description, AudioFormat *ret)
{
        int payload;
        const GstSDPMedia *media = find_media(description, AUDIO, &payload);

        if (!media)
                return false;
        *ret = (AudioFormat){.payload = (unsigned)payload,
                             .level = extension_id(media, RTP_LEVEL_URI)};
        return true;
}

bool description_video_format(const GstWebRTCSessionDescription *description, VideoFormat *ret)
{
        int payload;
        const GstSDPMedia *media = find_media(description, VIDEO, &payload);

        if (!media)
                return false;
        *ret = (VideoFormat){.payload = (unsigned)payload,
                             .transport_cc = extension_id(media, TRANSPORT_CC_URI)};
        return true;
}

bool description_has_unknown_pictures(const GstWebRTCSessionDescription *offer)
{
        bool pictures = false;
        int payload;

        for (guint i = 0; i < gst_sdp_message_medias_len(offer->sdp); i++) {
                const GstSDPMedia *media = gst_sdp_message_get_media(offer->sdp, i);

                pictures |= str_eq(gst_sdp_media_get_media(media), "video") && !is_rejected(media);
        }
        return pictures && !find_media(offer, VIDEO, &payload);
}

bool description_refuses_pictures(const GstWebRTCSessionDescription *answer)
{
        int payload;
        const GstSDPMedia *media = find_media(answer, VIDEO, &payload);

        return !media || has_attribute(media, "inactive");
}

static void make_inactive(GstSDPMedia *media)
{
        static const char *const directions[] = {"sendrecv", "sendonly", "recvonly", "inactive"};

        for (guint i = gst_sdp_media_attributes_len(media); i-- > 0;)
                for (size_t j = 0; j < ELEMENTSOF(directions); j++)
                        if (str_eq(gst_sdp_media_get_attribute(media, i)->key, directions[j])) {
                                gst_sdp_media_remove_attribute(media, i);
                                break;
                        }
        gst_sdp_media_add_attribute(media, "inactive", "");
}

void description_refuse_unknown(GstWebRTCSessionDescription *answer)
{
        for (guint i = 0; i < gst_sdp_message_medias_len(answer->sdp); i++) {
                GstSDPMedia *media = (GstSDPMedia *)gst_sdp_message_get_media(answer->sdp, i);

                if (media_payload(media, AUDIO) < 0 && media_payload(media, VIDEO) < 0)
                        make_inactive(media);
        }
}

/* Whether `list`, whose words are separated by blanks, has `word`. */
static bool has_word(const char *list, const char *word)
{
        size_t length;

        for (; *list; list += length, list += strspn(list, " ")) {
                length = strcspn(list, " ");
                if (length > 0 && length == strlen(word) && strncmp(list, word, length) == 0)
                        return true;
        }
        return false;
}

/* The identifiers of the sections that share one transport; NULL: none do. */
static const char *bundle_group(const GstSDPMessage *sdp)
{
        static const char bundle[] = "BUNDLE ";

        for (guint i = 0; i < gst_sdp_message_attributes_len(sdp); i++) {
                const GstSDPAttribute *attribute = gst_sdp_message_get_attribute(sdp, i);

                if (str_eq(attribute->key, "group") && attribute->value &&
                    g_str_has_prefix(attribute->value, bundle))
                        return attribute->value + strlen(bundle);
        }
        return NULL;
}

bool description_is_bundled(const GstWebRTCSessionDescription *description)
{
        const GstSDPMessage *sdp = description->sdp;
        const char *group = bundle_group(sdp);

        if (gst_sdp_message_medias_len(sdp) == 1)
                return true;
        for (guint i = 0; i < gst_sdp_message_medias_len(sdp); i++) {
                const GstSDPMedia *media = gst_sdp_message_get_media(sdp, i);
                const char *mid = gst_sdp_media_get_attribute_val(media, "mid");

                /* Port 0: this section was rejected. */
                if (gst_sdp_media_get_port(media) > 0 && !(group && mid && has_word(group, mid)))
                        return false;
        }
        return true;
}

/* The section's value, else that of the whole description (RFC 8839 section 5.4). */
static bool read_credential(const GstSDPMessage *sdp, const GstSDPMedia *media, const char *key,
                            char ret[static ICE_CREDENTIAL_MAX + 1])
{
        const char *value = gst_sdp_media_get_attribute_val(media, key)
                                    ?: gst_sdp_message_get_attribute_val(sdp, key);

        return !str_empty(value) && str_copy(ret, ICE_CREDENTIAL_MAX + 1, value) >= 0;
}

bool description_ice_credentials(const GstWebRTCSessionDescription *description,
                                 IceCredentials *ret)
{
        const GstSDPMessage *sdp = description->sdp;

        for (guint i = 0; i < gst_sdp_message_medias_len(sdp); i++) {
                const GstSDPMedia *media = gst_sdp_message_get_media(sdp, i);

                /* In a bundle, sections other than the first may have port 0 and no candidates. */
                if (gst_sdp_media_get_port(media) > 0)
                        return read_credential(sdp, media, "ice-ufrag", ret->fragment) &&
                               read_credential(sdp, media, "ice-pwd", ret->password);
        }
        return false;
}
