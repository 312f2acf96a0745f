/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Decisions of tring-media about video, without threads of GStreamer or PipeWire. */

#include <gst/gst.h>
#include <gst/video/video.h>

#include "base/cleanup.h"
#include "media/description.h"
#include "media/preload.h"
#include "media/remote-video.h"
#include "media/rtp.h"
#include "media/video-chain.h"
#include "media/video-codec.h"
#include "media/video-rate.h"
#include "suite.h"

#define HEAD                           \
        "v=0\r\n"                      \
        "o=- 1 1 IN IP4 127.0.0.1\r\n" \
        "s=-\r\n"                      \
        "t=0 0\r\n"
#define VIDEO "m=video 9 UDP/TLS/RTP/SAVPF 96 98 102\r\n"
#define VP8 "a=rtpmap:98 VP8/90000\r\n"

static const struct {
        const char *sdp;
        int payload; /* -1: no VP8 */
        unsigned transport_cc;
} offers[] = {
        {HEAD "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=rtpmap:111 opus/48000/2\r\n", -1, 0},
        {HEAD VIDEO VP8, 98, 0},
        {HEAD VIDEO "a=extmap:5 " TRANSPORT_CC_URI "\r\n" VP8, 98, 5},
        {HEAD VIDEO "a=extmap:2 urn:other\r\na=extmap:4/sendrecv " TRANSPORT_CC_URI "\r\n" VP8, 98,
         4},
        {HEAD VIDEO "a=extmap:15 " TRANSPORT_CC_URI "\r\n" VP8, 98, 0},
        {HEAD VIDEO "a=extmap:x\r\na=rtpmap:102 H264/90000\r\n", -1, 0},
        {HEAD VIDEO "a=rtpmap:300 VP8/90000\r\n", -1, 0},
};

START_TEST(vp8_is_found_in_an_offer)
{
        VideoFormat format = {};
        GstWebRTCSessionDescription *offer =
                description_parse(GST_WEBRTC_SDP_TYPE_OFFER, offers[_i].sdp);

        ck_assert_ptr_nonnull(offer);
        ck_assert_int_eq(description_video_format(offer, &format), offers[_i].payload >= 0);
        if (offers[_i].payload >= 0)
                ck_assert_uint_eq(format.payload, (unsigned)offers[_i].payload);
        ck_assert_uint_eq(format.transport_cc, offers[_i].transport_cc);
        gst_webrtc_session_description_free(offer);
}
END_TEST

#define VP9 "a=rtpmap:98 VP9/90000\r\n"
#define REJECTED "m=video 0 UDP/TLS/RTP/SAVPF 98\r\n"
#define AUDIO "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=rtpmap:111 opus/48000/2\r\n"

static const struct {
        const char *sdp;
        bool unknown, refuses; /* as an offer; as an answer */
} pictures[] = {
        {HEAD AUDIO, false, true},
        {HEAD AUDIO VIDEO VP8, false, false},
        {HEAD AUDIO VIDEO VP9, true, true},
        {HEAD AUDIO VIDEO "a=rtpmap:96 VP9/90000\r\n" VP8, false, false},
        {HEAD AUDIO VIDEO VP9 VIDEO VP8, false, false},
        {HEAD AUDIO REJECTED VP9, false, true},
        {HEAD AUDIO REJECTED VP8, false, true},
        {HEAD AUDIO REJECTED "a=bundle-only\r\n" VP8, false, false},
        {HEAD AUDIO REJECTED "a=bundle-only\r\n" VP9, true, true},
        {HEAD AUDIO VIDEO VP8 "a=inactive\r\n", false, true},
        {HEAD AUDIO VIDEO VP8 "a=recvonly\r\n", false, false},
};

START_TEST(pictures_of_an_unknown_format_are_noticed)
{
        GstWebRTCSessionDescription *description =
                description_parse(GST_WEBRTC_SDP_TYPE_OFFER, pictures[_i].sdp);

        ck_assert_int_eq(description_has_unknown_pictures(description), pictures[_i].unknown);
        ck_assert_int_eq(description_refuses_pictures(description), pictures[_i].refuses);
        gst_webrtc_session_description_free(description);
}
END_TEST

START_TEST(answer_refuses_what_is_not_understood_and_nothing_else)
{
        GstWebRTCSessionDescription *answer = description_parse(
                GST_WEBRTC_SDP_TYPE_ANSWER,
                HEAD AUDIO "a=sendrecv\r\n" VIDEO VP9 "a=recvonly\r\n" VIDEO VP8 "a=sendonly\r\n"
                           "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n");
        static const char *const directions[] = {"sendrecv", "inactive", "sendonly", "inactive"};

        description_refuse_unknown(answer);
        for (guint i = 0; i < ELEMENTSOF(directions); i++) {
                const GstSDPMedia *media = gst_sdp_message_get_media(answer->sdp, i);

                ck_assert_ptr_nonnull(gst_sdp_media_get_attribute_val(media, directions[i]));
                for (guint j = 0; j < ELEMENTSOF(directions); j++)
                        ck_assert(strcmp(directions[i], directions[j]) == 0 ||
                                  !gst_sdp_media_get_attribute_val(media, directions[j]));
        }
        gst_webrtc_session_description_free(answer);
}
END_TEST

START_TEST(key_frame_says_how_large_it_is)
{
        const uint8_t key[] = {0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a, 0x80, 0x42, 0xe0, 0x81};
        uint32_t width, height;

        ck_assert(video_key_frame_size(key, sizeof(key), &width, &height));
        ck_assert_uint_eq(width, 640);
        ck_assert_uint_eq(height, 480);
}
END_TEST

static const struct {
        size_t size;
        uint8_t data[10];
} no_keys[] = {
        {0, {}},
        {9, {0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0xe0}},
        {10, {0x11, 0x02, 0x00, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0xe0, 0x01}}, /* a delta frame */
        {10, {0x10, 0x02, 0x00, 0x9d, 0x01, 0x2b, 0x80, 0x02, 0xe0, 0x01}},
        {10, {0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a, 0x00, 0x00, 0xe0, 0x01}}, /* no width */
};

START_TEST(what_is_no_key_frame_has_no_size)
{
        uint32_t width, height;

        ck_assert(!video_key_frame_size(no_keys[_i].data, no_keys[_i].size, &width, &height));
}
END_TEST

static void nobody(void *userdata)
{
}

static GstBuffer *new_picture(bool key, uint16_t width, uint16_t height)
{
        const uint8_t bytes[] = {key ? 0x10 : 0x11,
                                 0x02,
                                 0x00,
                                 0x9d,
                                 0x01,
                                 0x2a,
                                 (uint8_t)width,
                                 (uint8_t)(width >> 8),
                                 (uint8_t)height,
                                 (uint8_t)(height >> 8)};

        return gst_buffer_new_memdup(bytes, sizeof(bytes));
}

/* Returns the number of pictures that have been taken. */
static unsigned write_picture(RemoteVideo *remote, bool key, uint16_t width, uint16_t height)
{
        GstBuffer *picture = new_picture(key, width, height);
        RemoteVideoCounters counters;

        remote_video_write(remote, NULL, picture);
        gst_buffer_unref(picture);
        remote_video_count(remote, &counters);
        ck_assert_uint_le(counters.width * counters.height, VIDEO_PIXELS_MAX);
        return counters.pictures;
}

START_TEST(what_follows_a_key_frame_that_claims_to_be_huge_is_dropped_with_it)
{
        const Party party = {.uid = "alice"};
        _cleanup_(remote_video_freep) RemoteVideo *remote = NULL;

        ck_assert_int_eq(remote_video_new(NULL, "session", &party, nobody, NULL, &remote), 0);
        ck_assert_uint_eq(write_picture(remote, true, 4096, VIDEO_PIXELS_MAX / 4096), 1);
        ck_assert_uint_eq(write_picture(remote, false, 0, 0), 2);
        ck_assert_uint_eq(write_picture(remote, true, 4096, VIDEO_PIXELS_MAX / 4096 + 1), 2);
        ck_assert_uint_eq(write_picture(remote, false, 0, 0), 2);
        ck_assert_uint_eq(write_picture(remote, true, 16383, 16383), 2);
        ck_assert_uint_eq(write_picture(remote, true, 640, 480), 3);
        ck_assert_uint_eq(write_picture(remote, false, 0, 0), 4);
}
END_TEST

START_TEST(loss_and_queues_lower_the_rate_and_quiet_raises_it)
{
        const uint32_t rate = VIDEO_RATE_FIRST;

        ck_assert_uint_gt(video_rate_next(rate, 0, 0), rate);
        ck_assert_uint_lt(video_rate_next(rate, 0.2, 0), rate);
        ck_assert_uint_lt(video_rate_next(rate, 0, 300), rate);
        /* Some loss is normal: the rate stays. */
        ck_assert_uint_eq(video_rate_next(rate, 0.05, 10), rate);
        ck_assert_uint_lt(video_rate_next(rate, 0.9, 0), video_rate_next(rate, 0.2, 0));
}
END_TEST

START_TEST(rate_has_an_upper_and_a_lower_end)
{
        uint32_t rate = VIDEO_RATE_FIRST;

        for (int i = 0; i < 100; i++)
                rate = video_rate_next(rate, 0, 0);
        ck_assert_uint_eq(rate, VIDEO_RATE_MAX);
        for (int i = 0; i < 100; i++)
                rate = video_rate_next(rate, 1, 1000);
        ck_assert_uint_eq(rate, VIDEO_RATE_MIN);
}
END_TEST

#define PICTURE_SIZE 100000 /* bytes: many packets */

typedef struct Packets {
        GMutex mutex;
        GCond arrived;
        size_t n, bytes, largest;
} Packets;

static gboolean take_packet(GstBuffer **buffer, guint i, void *data)
{
        Packets *packets = data;
        size_t size = gst_buffer_get_size(*buffer);

        g_mutex_lock(&packets->mutex);
        packets->n++;
        packets->bytes += size;
        packets->largest = MAX_OF(packets->largest, size);
        g_cond_signal(&packets->arrived);
        g_mutex_unlock(&packets->mutex);
        return TRUE;
}

static GstPadProbeReturn on_packets(GstPad *pad, GstPadProbeInfo *info, void *data)
{
        GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER(info);

        if (info->type & GST_PAD_PROBE_TYPE_BUFFER_LIST)
                gst_buffer_list_foreach(GST_PAD_PROBE_INFO_BUFFER_LIST(info), take_packet, data);
        else
                take_packet(&buffer, 0, data);
        return GST_PAD_PROBE_DROP;
}

static GstBuffer *new_key_frame(void)
{
        static const uint8_t head[] = {0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0xe0, 0x01};
        GstBuffer *buffer = gst_buffer_new_allocate(NULL, PICTURE_SIZE, NULL);

        gst_buffer_memset(buffer, 0, 0, PICTURE_SIZE);
        gst_buffer_fill(buffer, 0, head, sizeof(head));
        return buffer;
}

START_TEST(packets_of_a_large_picture_fit_every_path)
{
        const VideoFormat format = VIDEO_CHAIN_FORMAT;
        VideoSendChain chain = {.key_wanted = nobody, .release = nobody};
        Packets packets = {};
        GstElement *pipeline, *webrtc;
        g_autoptr(GstPad) last = NULL;
        GstBuffer *picture;
        gint64 deadline;

        ck_assert_int_eq(preload_video(), 0);
        pipeline = gst_object_ref_sink(gst_pipeline_new(NULL));
        webrtc = gst_element_factory_make("webrtcbin", NULL);
        gst_bin_add(GST_BIN(pipeline), webrtc);
        gst_element_set_state(pipeline, GST_STATE_PLAYING);
        ck_assert_int_eq(video_send_chain_build(&chain, pipeline, webrtc, &format), 0);
        last = gst_pad_get_peer(chain.pad);
        gst_pad_add_probe(last, GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST,
                          on_packets, &packets, NULL);
        picture = new_key_frame();
        ck_assert(video_send_chain_push(&chain, picture));
        deadline = g_get_monotonic_time() + 20 * G_TIME_SPAN_SECOND;
        g_mutex_lock(&packets.mutex);
        while (packets.bytes < PICTURE_SIZE)
                ck_assert(g_cond_wait_until(&packets.arrived, &packets.mutex, deadline));
        g_mutex_unlock(&packets.mutex);
        /* Neither larger than allowed nor smaller than need be. */
        ck_assert_uint_le(packets.largest, DATAGRAM_MAX - SRTP_TAG);
        ck_assert_uint_ge(packets.largest, RTP_PACKET_MAX - RTP_HEADER);
        ck_assert_uint_le(packets.n, 1 + PICTURE_SIZE / (RTP_PACKET_MAX - 2 * RTP_HEADER));
        gst_buffer_unref(picture);
        gst_element_set_state(pipeline, GST_STATE_NULL);
        video_send_chain_done(&chain);
        gst_object_unref(pipeline);
}
END_TEST

typedef struct Unpacked {
        GMutex mutex;
        GCond arrived;
        GstVideoInfo info;
        bool any;
} Unpacked;

static void on_unpacked(void *userdata, GstSample *sample)
{
        Unpacked *unpacked = userdata;

        g_mutex_lock(&unpacked->mutex);
        unpacked->any = gst_video_info_from_caps(&unpacked->info, gst_sample_get_caps(sample));
        g_cond_signal(&unpacked->arrived);
        g_mutex_unlock(&unpacked->mutex);
}

static void unpack(VideoCodec *unpacker, const char *bytes, gsize size)
{
        GstBuffer *buffer = gst_buffer_new_memdup(bytes, size);

        video_decoder_push(unpacker, buffer);
        gst_buffer_unref(buffer);
}

START_TEST(jpeg_of_a_camera_is_decoded_and_damage_does_no_harm)
{
        static const char noise[] = "this is no picture";
        _cleanup_(video_codec_freep) VideoCodec *unpacker = NULL;
        Unpacked unpacked = {};
        g_autofree char *bytes = NULL;
        gint64 deadline;
        gsize size;

        ck_assert(g_file_get_contents(TEST_DATA "/pictures/camera.jpg", &bytes, &size, NULL));
        ck_assert_int_eq(preload_video(), 0);
        ck_assert_int_eq(preload_jpeg(), 0);
        ck_assert_int_eq(video_unpacker_new(on_unpacked, &unpacked, &unpacker), 0);
        deadline = g_get_monotonic_time() + 20 * G_TIME_SPAN_SECOND;
        unpack(unpacker, noise, sizeof(noise));
        unpack(unpacker, bytes, size / 2);
        /* Pictures that come faster than they are decoded are dropped, as from a camera. */
        g_mutex_lock(&unpacked.mutex);
        while (!unpacked.any && g_get_monotonic_time() < deadline) {
                g_mutex_unlock(&unpacked.mutex);
                unpack(unpacker, bytes, size);
                g_mutex_lock(&unpacked.mutex);
                g_cond_wait_until(&unpacked.arrived, &unpacked.mutex,
                                  g_get_monotonic_time() + G_TIME_SPAN_SECOND / 30);
        }
        g_mutex_unlock(&unpacked.mutex);
        ck_assert(unpacked.any);
        ck_assert_int_eq(GST_VIDEO_INFO_WIDTH(&unpacked.info), 640);
        ck_assert_int_eq(GST_VIDEO_INFO_HEIGHT(&unpacked.info), 480);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("media-video");
        TCase *tcase = tcase_create("parts");

        preload();
        tcase_add_loop_test(tcase, vp8_is_found_in_an_offer, 0, ELEMENTSOF(offers));
        tcase_add_loop_test(tcase, pictures_of_an_unknown_format_are_noticed, 0,
                            ELEMENTSOF(pictures));
        tcase_add_test(tcase, answer_refuses_what_is_not_understood_and_nothing_else);
        tcase_add_test(tcase, key_frame_says_how_large_it_is);
        tcase_add_loop_test(tcase, what_is_no_key_frame_has_no_size, 0, ELEMENTSOF(no_keys));
        tcase_add_test(tcase, what_follows_a_key_frame_that_claims_to_be_huge_is_dropped_with_it);
        tcase_add_test(tcase, loss_and_queues_lower_the_rate_and_quiet_raises_it);
        tcase_add_test(tcase, rate_has_an_upper_and_a_lower_end);
        tcase_add_test(tcase, packets_of_a_large_picture_fit_every_path);
        tcase_add_test(tcase, jpeg_of_a_camera_is_decoded_and_damage_does_no_harm);
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
